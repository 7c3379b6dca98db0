// @ts-check
/** Things that stand still and are few: incidents, car parks, roadside units. */

import * as maplibre from "../vendor/maplibre-gl.mjs";
import { icon, make } from "./dom.js";
import { member, nameOf, t } from "./i18n.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./state.js").Incident} Incident */
/** @typedef {import("./state.js").Lot} Lot */
/** @typedef {import("./state.js").Device} Device */

const LOTS_FROM = 12.5;

export class Places {
  /**
   * @param {MapLibreMap} map
   * @param {{incident: (id: string) => void}} act
   */
  constructor(map, act) {
    this.map = map;
    this.act = act;
    /** @type {Map<string, {marker: maplibre.Marker, element: HTMLElement}>} */
    this.markers = new Map();
    this.units = "";
    map.on("zoom", () => this.hideLots());
  }

  /** @param {Incident[]} incidents */
  showIncidents(incidents) {
    this.sync("incident", incidents.map((incident) => ({
      id: incident.incident_id, lon: incident.lon, lat: incident.lat,
      fill: (/** @type {HTMLElement} */ element) => {
        element.replaceChildren(icon("incidents"));
        element.setAttribute("aria-label", member("incident", incident.kind));
        element.title = member("incident", incident.kind);
        element.onclick = (event) => { event.stopPropagation(); this.act.incident(incident.incident_id); };
      },
    })));
  }

  /** @param {Lot[]} lots */
  showLots(lots) {
    this.sync("lot", lots.map((lot) => ({
      id: lot.id, lon: lot.lon, lat: lot.lat,
      fill: (/** @type {HTMLElement} */ element) => {
        const free = freePlaces(lot);
        const words = free === null ? t("parking.unknown") : t("parking.free");
        element.replaceChildren(make("b", {}, ["P"]), free === null ? "?" : String(free), make("span", { class: "unseen" }, [` ${words} ${nameOf(lot)}`]));
        element.classList.toggle("full", free === 0);
        element.title = nameOf(lot);
        element.onclick = (event) => { event.stopPropagation(); this.map.flyTo({ center: [lot.lon, lot.lat], zoom: 16.5 }); };
      },
    })));
    this.hideLots();
  }

  /** @param {Device[]} devices */
  showUnits(devices) {
    const features = devices.filter(({ lon, lat }) => lon !== null && lat !== null && lon !== undefined).map((device) => ({
      type: /** @type {const} */ ("Feature"),
      properties: { id: device.id, online: device.online },
      geometry: { type: /** @type {const} */ ("Point"), coordinates: [Number(device.lon), Number(device.lat)] },
    }));
    const now = JSON.stringify(features);
    const source = this.map.getSource("units");
    if (!(source instanceof maplibre.GeoJSONSource) || now === this.units) return;
    this.units = now;
    source.setData({ type: "FeatureCollection", features });
  }

  /** Send the units again after the style was replaced. */
  forgetUnits() {
    this.units = "";
  }

  /**
   * @param {string} family
   * @param {{id: string, lon: number, lat: number, fill: (element: HTMLElement) => void}[]} wanted
   */
  sync(family, wanted) {
    const keys = new Set(wanted.map(({ id }) => `${family} ${id}`));
    for (const [key, { marker }] of this.markers) {
      if (key.startsWith(`${family} `) && !keys.has(key)) {
        marker.remove();
        this.markers.delete(key);
      }
    }
    for (const { id, lon, lat, fill } of wanted) {
      const key = `${family} ${id}`;
      let known = this.markers.get(key);
      if (!known) {
        const element = make("button", { type: "button", class: `marker ${family}` });
        const marker = new maplibre.Marker({ element, anchor: family === "incident" ? "bottom-left" : "center" });
        known = { marker, element };
        this.markers.set(key, known);
        marker.setLngLat([lon, lat]).addTo(this.map);
      }
      known.marker.setLngLat([lon, lat]);
      fill(known.element);
    }
  }

  hideLots() {
    const hidden = this.map.getZoom() < LOTS_FROM;
    for (const [key, { element }] of this.markers) {
      if (key.startsWith("lot ")) element.classList.toggle("hidden", hidden);
    }
  }
}

/**
 * Free places, null where unknown.
 * @param {Lot} lot
 */
export function freePlaces(lot) {
  if (lot.capacity === null || lot.occupied === null || lot.capacity === undefined || lot.occupied === undefined) return null;
  return Math.max(0, lot.capacity - lot.occupied);
}
