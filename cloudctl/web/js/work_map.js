// @ts-check
/** Desk work on the map: areas of events, corridors, mutes; and a click that picks a place for a form. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { t } from "./i18n.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("geojson").Feature} Feature */

const SOURCE = "work";
const METRES_PER_DEGREE = 111320;
const CORNERS = 48;

export class WorkMap {
  /** @param {MapLibreMap} map */
  constructor(map) {
    this.map = map;
    /** @type {((lon: number, lat: number) => void) | null} */
    this.wanted = null;
    /** @type {[number, number, number] | null} circle of the form that is being filled in: lon, lat, m */
    this.draft = null;
    /** @type {import("./work_state.js").WorkState | null} */
    this.state = null;
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stopPicking();
      if (event.key === "Enter" && this.wanted) this.picked(map.getCenter());
    });
  }

  /**
   * Let the next click on the map, or Enter for its middle, give a place.
   * @param {(lon: number, lat: number) => void} take
   */
  pick(take) {
    this.wanted = take;
    const container = this.map.getContainer();
    container.classList.add("picking");
    this.map.getCanvas().focus(); // the arrows move the map
    container.title = t("work.pickHint");
  }

  stopPicking() {
    this.wanted = null;
    this.map.getContainer().classList.remove("picking");
    this.map.getContainer().removeAttribute("title");
  }

  /**
   * Take a click where a form waits for one; gives whether it did.
   * @param {{lng: number, lat: number}} place
   */
  picked(place) {
    const take = this.wanted;
    if (!take) return false;
    this.stopPicking();
    take(Number(place.lng.toFixed(6)), Number(place.lat.toFixed(6)));
    return true;
  }

  /** Put source and layers on a style that was just loaded. */
  putBack() {
    if (this.map.getSource(SOURCE)) return;
    this.map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    const colour = /** @type {import("../vendor/maplibre-gl.mjs").ExpressionSpecification} */ (["match", ["get", "kind"], "corridor", "#1f8a4c", "draft", "#1b6fd1", "mute", "#7a8490", "#d9622b"]);
    this.map.addLayer({ id: "work-area", type: "fill", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour, "fill-opacity": 0.07 } });
    this.map.addLayer({ id: "work-edge", type: "line", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "line-color": colour, "line-width": 2, "line-dasharray": [2, 1.5] } });
    this.map.addLayer({ id: "work-way", type: "line", source: SOURCE, filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": 6, "line-opacity": 0.6 } });
    this.draw();
  }

  draw() {
    const source = this.map.getSource(SOURCE);
    if (!(source instanceof GeoJSONSource)) return;
    /** @type {Feature[]} */
    const features = [];
    for (const { content, status } of this.state?.work.events ?? []) {
      if (status === "active") features.push(circle("event", content.lon, content.lat, content.radius_m));
    }
    for (const mute of this.state?.desk.mutes ?? []) {
      if (mute.lon !== null && mute.lat !== null && mute.radius_m !== null) features.push(circle("mute", mute.lon, mute.lat, mute.radius_m));
    }
    for (const { content, status } of this.state?.work.corridors ?? []) {
      if (status === "active" && content.points.length > 1) features.push({ type: "Feature", properties: { kind: "corridor" }, geometry: { type: "LineString", coordinates: content.points } });
    }
    if (this.draft) features.push(circle("draft", ...this.draft));
    source.setData({ type: "FeatureCollection", features });
  }

  /** @param {[number, number, number] | null} draft */
  sketch(draft) {
    this.draft = draft;
    this.draw();
  }
}

/**
 * @param {string} kind
 * @param {number} lon
 * @param {number} lat
 * @param {number} radius m
 * @returns {Feature}
 */
function circle(kind, lon, lat, radius) {
  const ring = Array.from({ length: CORNERS + 1 }, (_, corner) => {
    const angle = (2 * Math.PI * corner) / CORNERS;
    const east = (radius * Math.cos(angle)) / (METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180));
    return [lon + east, lat + (radius * Math.sin(angle)) / METRES_PER_DEGREE];
  });
  return { type: "Feature", properties: { kind }, geometry: { type: "Polygon", coordinates: [ring] } };
}
