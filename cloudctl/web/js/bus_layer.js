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
  /** @param {MapLibreMap} map */
  constructor(map) {
    this.map = map;
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
    const late = /** @type {import("maplibre-gl").ExpressionSpecification} */ (["case", ["get", "late"], "#b3202e", "#0e6a72"]);
    for (const name of ["buses", "priority"]) this.map.addSource(name, { type: "geojson", data: empty() });
    this.map.addLayer({
      id: "priority-rings", type: "circle", source: "priority", minzoom: FROM,
      paint: { "circle-radius": 13, "circle-color": "#0000", "circle-stroke-width": 3, "circle-stroke-color": palette.trail },
    });
    this.map.addLayer({
      id: "bus-lines", type: "symbol", source: "buses", minzoom: FROM,
      layout: { "text-field": ["get", "line"], "text-font": FONT, "text-size": 12, "text-offset": [0, -1.3], "text-padding": 1 },
      paint: { "text-color": "#ffffff", "text-halo-color": late, "text-halo-width": 3 },
    });
    this.draw();
    this.drawRequests();
  }

  /** @param {Bus[]} buses */
  take(buses) {
    this.buses = buses;
    this.draw();
  }

  draw() {
    this.fill("buses", this.buses.map(({ line, lon, lat, lateness }) => point(lon, lat, { line, late: (lateness ?? 0) > LATE_S })));
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
    this.fill("priority", this.requests.map(({ lon, lat }) => point(lon, lat, {})));
  }

  /**
   * @param {string} name
   * @param {import("geojson").Feature[]} features
   */
  fill(name, features) {
    const source = this.map.getSource(name);
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
