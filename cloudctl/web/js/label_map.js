// @ts-check
/**
 * Names over the road users: a second map that holds nothing but names lies over their canvas and follows the first.
 * It draws when the view changes, not when the picture does. It is made when the first picture stands.
 */

import * as maplibre from "../vendor/maplibre-gl.mjs";
import { nameStyle } from "./base_style.js";
import { currentLanguage } from "./i18n.js";
import { mapPalette } from "./theme.js";

/** @typedef {import("./theme.js").ThemeName} ThemeName */

export class LabelMap {
  /**
   * @param {maplibre.Map} ground
   * @param {HTMLElement} under the names go over this element
   * @param {string} tiles URL of the PMTiles file
   * @param {() => ThemeName} theme
   */
  constructor(ground, under, tiles, theme) {
    this.ground = ground;
    this.tiles = tiles;
    this.theme = theme;
    this.visible = true;
    /** The names are drawn here, and no more by the map below. */
    this.stands = false;
    /** @type {(() => void) | null} called when that changes */
    this.onChange = null;
    this.box = document.createElement("div");
    this.box.className = "heads names";
    this.box.setAttribute("aria-hidden", "true");
    under.after(this.box);
    /** @type {maplibre.Map | null} */
    this.map = null;
    ground.once("idle", () => this.start());
  }

  start() {
    const camera = { center: this.ground.getCenter(), zoom: this.ground.getZoom(), bearing: this.ground.getBearing() };
    const map = new maplibre.Map({
      container: this.box, style: this.style(), ...camera, interactive: false, attributionControl: false, maxPitch: 0,
      minZoom: 9, maxZoom: 20.5, fadeDuration: 0, locale: {},
    });
    for (const element of this.box.querySelectorAll("[role], [tabindex], [aria-label]")) {
      for (const name of ["role", "tabindex", "aria-label"]) element.removeAttribute(name);
    }
    this.map = map;
    map.on("error", ({ error }) => console.warn("names", error.message));
    map.once("idle", () => this.changed(true));
    this.ground.on("move", () => this.follow());
  }

  style() {
    return nameStyle(mapPalette(this.theme()), currentLanguage(), this.tiles);
  }

  follow() {
    this.map?.jumpTo({ center: this.ground.getCenter(), zoom: this.ground.getZoom(), bearing: this.ground.getBearing() });
    // in the same frame of the screen as the ground
    this.map?.redraw();
  }

  /** Take over theme and language; until then the map below draws the names. */
  restyle() {
    if (!this.map) return;
    this.changed(false);
    this.map.setStyle(this.style(), { diff: false });
    this.map.once("idle", () => this.changed(true));
  }

  /** @param {boolean} stands */
  changed(stands) {
    this.stands = stands;
    this.show(this.visible);
    this.onChange?.();
  }

  /** @param {boolean} visible */
  show(visible) {
    this.visible = visible;
    this.box.hidden = !(visible && this.stands);
  }

  /**
   * Show one of the layers or not.
   * @param {string} id
   * @param {boolean} visible
   */
  showLayer(id, visible) {
    if (this.map?.getLayer(id)) this.map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
  }

  /** Canvas with the names just drawn, null where there is none. */
  picture() {
    if (!this.map || this.box.hidden) return null;
    this.map.redraw();
    return this.map.getCanvas();
  }
}
