// @ts-check
/** Buses with the number of their line, and requests for priority at signals. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { FONT, empty } from "./base_style.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {{vehicle: string, line: string, lon: number, lat: number, lateness: number | null, headway: number | null}} Bus */
/** @typedef {import("./state.js").Advisory} Advisory */

const FROM = 12.8;
const PRIORITY = "bus_priority";
const LATE_S = 120;

export class BusLayer {
  /**
   * @param {MapLibreMap} map
   * @param {import("./label_map.js").LabelMap} labels over which the numbers go once it stands
   */
  constructor(map, labels) {
    this.map = map;
    this.labels = labels;
    /** @type {Bus[]} */
    this.buses = [];
    /** @type {Advisory[]} */
    this.requests = [];
  }

  /**
   * Put sources and layers on a style that was just loaded.
   * @param {import("./theme.js").MapPalette} palette
   */
  putBack(palette) {
    this.map.addSource("priority", { type: "geojson", data: empty() });
    this.map.addLayer({
      id: "priority-rings", type: "circle", source: "priority", minzoom: FROM,
      paint: { "circle-radius": 13, "circle-color": "#0000", "circle-stroke-width": 3, "circle-stroke-color": palette.trail },
    });
    this.putLines(this.map);
    this.draw();
    this.drawRequests();
  }

  /**
   * Put the numbers on one of the two maps.
   * @param {MapLibreMap} map
   */
  putLines(map) {
    if (map.getSource("buses")) return;
    const late = /** @type {import("maplibre-gl").ExpressionSpecification} */ (["case", ["get", "late"], "#b3202e", "#0e6a72"]);
    map.addSource("buses", { type: "geojson", data: empty() });
    map.addLayer({
      id: "bus-lines", type: "symbol", source: "buses", minzoom: FROM,
      layout: { "text-field": ["get", "line"], "text-font": FONT, "text-size": 12, "text-offset": [0, -1.3], "text-padding": 1 },
      paint: { "text-color": "#ffffff", "text-halo-color": late, "text-halo-width": 3 },
    });
  }

  /** @param {Bus[]} buses */
  take(buses) {
    this.buses = buses;
    this.draw();
  }

  draw() {
    const over = this.labels.stands ? this.labels.map : null;
    if (over) this.putLines(over);
    this.fill(over ?? this.map, "buses", this.buses.map(({ line, lon, lat, lateness }) => point(lon, lat, { line, late: (lateness ?? 0) > LATE_S })));
  }

  /**
   * @param {Advisory[]} advisories
   * @param {number} now server time, s
   */
  takeRequests(advisories, now) {
    const open = advisories.filter(({ kind, valid_until: until }) => kind === PRIORITY && until > now);
    if (open.length === this.requests.length && open.every(({ id }, at) => id === this.requests[at].id)) return;
    this.requests = open;
    this.drawRequests();
  }

  drawRequests() {
    this.fill(this.map, "priority", this.requests.map(({ lon, lat }) => point(lon, lat, {})));
  }

  /**
   * @param {MapLibreMap} map
   * @param {string} name
   * @param {import("geojson").Feature[]} features
   */
  fill(map, name, features) {
    const source = map.getSource(name);
    if (source instanceof GeoJSONSource) source.setData({ type: "FeatureCollection", features });
  }
}

/**
 * @param {number} lon
 * @param {number} lat
 * @param {Record<string, unknown>} properties
 * @returns {import("geojson").Feature}
 */
function point(lon, lat, properties) {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}
