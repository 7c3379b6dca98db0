// @ts-check
/** Four depths of looking: city, corridor, intersection, device. */

import { byId, button, refill } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */

export const DEPTHS = /** @type {const} */ (["city", "corridor", "intersection", "device"]);
/** @typedef {typeof DEPTHS[number]} Depth */
/** Zoom from which a depth begins, and the one to which its button goes. */
const ZOOMS = { city: [0, 11.5], corridor: [12.8, 14.3], intersection: [15.5, 17.2], device: [18, 18.8] };

/**
 * Depth at a zoom; a small city is whole on screen at a zoom that shows a corridor elsewhere.
 * @param {number} zoom
 * @param {number} whole zoom at which the whole city is on screen
 * @returns {Depth}
 */
export function depthAt(zoom, whole) {
  if (zoom <= whole + 0.05) return "city";
  const intersections = Math.max(ZOOMS.intersection[0], whole + 0.4);
  return DEPTHS.findLast((depth) => zoom >= (depth === "intersection" ? intersections : ZOOMS[depth][0])) ?? "city";
}

/**
 * Zoom to which the button of a depth goes.
 * @param {Depth} depth
 * @param {number} whole zoom at which the whole city is on screen
 */
export function zoomOf(depth, whole) {
  return Math.max(ZOOMS[depth][1], whole + 0.2);
}

export class DepthBar {
  /**
   * @param {MapLibreMap} map
   * @param {(depth: Depth) => void} go
   * @param {() => number} whole zoom at which the whole city is on screen
   */
  constructor(map, go, whole) {
    this.whole = whole;
    this.map = map;
    this.go = go;
    this.drawn = "";
    map.on("zoomend", () => this.draw());
  }

  draw() {
    const depth = depthAt(this.map.getZoom(), this.whole());
    const state = `${depth} ${t("depth.city")}`;
    if (state === this.drawn) return;
    this.drawn = state;
    document.body.dataset.depth = depth;
    refill(byId("depths", HTMLElement), DEPTHS.map((each) => button(
      { "aria-pressed": String(each === depth), "data-key": each }, [t(`depth.${each}`)], () => this.go(each),
    )));
  }
}
