// @ts-check
/** An advisory that was chosen: its card, its way on the map, the links that it avoids. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { showAdvisory } from "./advisory_panel.js";
import { empty } from "./base_style.js";

/**
 * @typedef {object} Scene
 * @property {import("../vendor/maplibre-gl.mjs").Map} map
 * @property {() => boolean} ready the style is loaded
 * @property {import("./selection.js").Selection} selection
 * @property {{id: string[]}} links
 * @property {(lon: number, lat: number, zoom?: number) => void} fly
 * @property {(signal: string, advisory: string) => void} hold
 */

export class AdviceMap {
  /** @param {Scene} scene */
  constructor(scene) {
    this.scene = scene;
    /** @type {import("./state.js").Advisory | null} on the card now */
    this.shown = null;
  }

  clear() {
    this.shown = null;
    this.draw([], []);
  }

  /** Fill the card again, in another language. */
  translate() {
    if (this.shown && !this.scene.selection.chosen) this.fill(this.shown);
  }

  /** @param {import("./state.js").Advisory} advisory */
  show(advisory) {
    this.scene.selection.choose(null);
    const { points, avoid } = advisory.content;
    this.draw(Array.isArray(points) ? points : [], Array.isArray(avoid) ? avoid : []);
    this.scene.fly(advisory.lon, advisory.lat, 15.5);
    this.shown = advisory;
    this.fill(advisory);
  }

  /** @param {import("./state.js").Advisory} advisory */
  fill(advisory) {
    showAdvisory(this.scene.selection.card, advisory, (signal, id) => this.scene.hold(signal, id));
  }

  /**
   * Show a way, and the links that it avoids.
   * @param {[number, number][]} points
   * @param {string[]} links
   */
  draw(points, links) {
    const rows = links.map((link) => this.scene.links.id.indexOf(link)).filter((row) => row >= 0);
    if (this.scene.ready()) this.scene.map.setFilter("advice-avoid", ["in", ["id"], ["literal", rows]]);
    const source = this.scene.map.getSource("advice");
    if (!(source instanceof GeoJSONSource)) return;
    source.setData(points.length < 2 ? empty() : { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } });
  }
}
