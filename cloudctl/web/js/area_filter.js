// @ts-check
/** The region whose road users are shown: drawn corner by corner on the map, or taken from the screen. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { t } from "./i18n.js";
import { MOST_CORNERS } from "./mover_filter.js";

/** @typedef {import("./mover_filter.js").Corner} Corner */

const SOURCE = "filter-area";

export class AreaFilter {
  /**
   * @param {import("../vendor/maplibre-gl.mjs").Map} map
   * @param {import("./filters_state.js").Filters} filters
   * @param {import("./districts.js").Districts} districts
   * @param {() => void} changed while it is drawn
   */
  constructor(map, filters, districts, changed) {
    this.map = map;
    this.filters = filters;
    this.districts = districts;
    this.changed = changed;
    this.drawing = false;
    /** @type {Corner[]} drawn so far */
    this.corners = [];
    map.getContainer().addEventListener("keydown", (event) => this.press(event));
    map.on("dblclick", (event) => {
      if (!this.drawing) return;
      event.preventDefault();
      this.end();
    });
  }

  /** Let clicks on the map, or Enter for its middle, set corners from now on. */
  begin() {
    this.drawing = true;
    this.corners = [];
    const container = this.map.getContainer();
    container.classList.add("picking");
    container.title = t("filters.drawHint");
    this.map.getCanvas().focus();
    this.told();
  }

  /**
   * Take a click while it is drawn; gives whether it did.
   * @param {{lng: number, lat: number}} place
   */
  picked({ lng, lat }) {
    if (!this.drawing) return false;
    const last = this.corners.at(-1);
    if (this.corners.length < MOST_CORNERS && (last?.[0] !== lng || last[1] !== lat)) this.corners.push([lng, lat]);
    this.told();
    return true;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (!this.drawing) return;
    if (event.key === "Enter") this.picked(this.map.getCenter());
    else if (event.key === "Backspace") this.corners.pop();
    else if (event.key === "Escape") this.stop();
    else return;
    event.stopPropagation();
    this.told();
  }

  /** The corners are all there. */
  end() {
    const { corners } = this;
    this.stop();
    if (corners.length >= 3) this.filters.setArea(corners);
  }

  stop() {
    this.drawing = false;
    this.corners = [];
    const container = this.map.getContainer();
    container.classList.remove("picking");
    container.removeAttribute("title");
    this.told();
  }

  /**
   * Take a district; none: everywhere.
   * @param {string} name
   */
  takeDistrict(name) {
    this.filters.setArea(this.districts.named(name)?.properties.ring ?? [], name);
  }

  /** Take what is on screen now. */
  takeScreen() {
    const { width, height } = this.map.getContainer().getBoundingClientRect();
    const corners = [[0, 0], [width, 0], [width, height], [0, height]].map(([x, y]) => this.map.unproject([x, y]));
    this.filters.setArea(corners.map(({ lng, lat }) => [lng, lat]));
  }

  told() {
    this.draw();
    this.changed();
  }

  /**
   * Put source and layers on a style that was just loaded.
   * @param {import("./theme.js").MapPalette} palette
   */
  putBack(palette) {
    if (this.map.getSource(SOURCE)) return;
    this.map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    this.map.addLayer({ id: "filter-area", type: "line", source: SOURCE, filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": palette.trail, "line-width": 2, "line-dasharray": [3, 2] } });
    this.map.addLayer({ id: "filter-corners", type: "circle", source: SOURCE, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": palette.trail, "circle-radius": 4 } });
    this.draw();
  }

  draw() {
    const source = this.map.getSource(SOURCE);
    if (!(source instanceof GeoJSONSource)) return;
    const district = this.drawing ? undefined : this.districts.named(this.filters.district);
    if (district) {
      source.setData({ type: "FeatureCollection", features: [feature(district.geometry)] });
      return;
    }
    const corners = this.drawing ? this.corners : this.filters.area;
    /** @type {import("geojson").Feature[]} */
    const features = this.drawing ? corners.map((corner) => feature({ type: "Point", coordinates: corner })) : [];
    if (corners.length >= 3) features.push(feature({ type: "Polygon", coordinates: [[...corners, corners[0]]] }));
    else if (corners.length === 2) features.push(feature({ type: "LineString", coordinates: corners }));
    source.setData({ type: "FeatureCollection", features });
  }
}

/**
 * @param {import("geojson").Geometry} geometry
 * @returns {import("geojson").Feature}
 */
function feature(geometry) {
  return { type: "Feature", properties: {}, geometry };
}
