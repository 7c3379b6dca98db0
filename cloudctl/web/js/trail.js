// @ts-check
/** Where the chosen road user came from: stored points first, then what was seen since. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { empty } from "./base_style.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */

const EVERY_MS = 400;
const MOST_LIVE = 900;

export class Trail {
  /** @param {MapLibreMap} map */
  constructor(map) {
    this.map = map;
    /** @type {[number, number][]} */
    this.stored = [];
    /** @type {{lon: number, lat: number, at: number}[]} */
    this.live = [];
    this.drawnAt = 0;
  }

  clear() {
    this.stored = [];
    this.live = [];
    this.draw();
  }

  /** @param {{time: string, lon: number, lat: number}[]} trail */
  setStored(trail) {
    this.stored = trail.map(({ lon, lat }) => [lon, lat]);
    const last = trail.at(-1);
    const until = last ? Date.parse(last.time) : 0;
    this.live = this.live.filter(({ at }) => at > until);
    this.draw();
  }

  /**
   * @param {number} lon
   * @param {number} lat
   */
  add(lon, lat) {
    this.live = [...this.live.slice(1 - MOST_LIVE), { lon, lat, at: Date.now() }];
    if (performance.now() - this.drawnAt > EVERY_MS) this.draw();
  }

  draw() {
    this.drawnAt = performance.now();
    const source = this.map.getSource("trail");
    if (!(source instanceof GeoJSONSource)) return;
    const coordinates = [...this.stored, ...this.live.map(({ lon, lat }) => /** @type {[number, number]} */ ([lon, lat]))];
    source.setData(coordinates.length < 2 ? empty() : { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } });
  }
}
