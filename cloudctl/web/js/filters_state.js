// @ts-check
/** What the map shows: layers, kinds of road users, and conditions on them; kept in the address, so that a link shows the same. */

import { readHash, writeHash } from "./hash_state.js";
import { MOST_CORNERS } from "./mover_filter.js";

export const LAYERS = /** @type {const} */ ([
  "levels", "signals", "movers", "density", "speed", "incidents", "parking", "stops", "buses", "priority", "coverage", "names",
]);
/** Values of the address that say what the map shows. */
export const NAMES_IN_ADDRESS = /** @type {const} */ (["layers", "kinds", "only", "speed", "area", "district"]);
/** @typedef {[number | null, number | null]} Range least and most, km/h; null: no bound */
/** @typedef {typeof LAYERS[number]} LayerName */

/** @type {readonly LayerName[]} */
const OFF_AT_START = ["density", "speed", "coverage"];
const ALL_KINDS = 511;
/** Flag of a road user with a vehicle terminal. */
const HAS_TERMINAL = 1;

export class Filters extends EventTarget {
  constructor() {
    super();
    /** @type {Set<LayerName>} */
    this.layers = new Set();
    this.kinds = ALL_KINDS;
    this.terminals = false;
    /** @type {Range} */
    this.speeds = [null, null];
    /** @type {import("./mover_filter.js").Corner[]} region whose road users are shown; none: everywhere */
    this.area = [];
    /** District that the region is the outline of; empty: it is none's. */
    this.district = "";
    this.read();
  }

  /** Bits that a road user must carry. */
  get needs() {
    return this.terminals ? HAS_TERMINAL : 0;
  }

  /** Take over what the address says. */
  read() {
    const hash = readHash();
    const named = hash.get("layers");
    this.layers = new Set(LAYERS.filter((layer) => (named === undefined ? !OFF_AT_START.includes(layer) : named.split(",").includes(layer))));
    const kinds = hash.get("kinds");
    this.kinds = kinds === undefined ? ALL_KINDS : bitsOf(kinds);
    this.terminals = hash.get("only") === "terminals";
    this.speeds = rangeOf(hash.get("speed") ?? "");
    this.area = cornersOf(hash.get("area") ?? "");
    this.district = this.area.length === 0 ? "" : hash.get("district") ?? "";
    this.dispatchEvent(new Event("change"));
  }

  /** @param {LayerName} layer */
  toggleLayer(layer) {
    if (!this.layers.delete(layer)) this.layers.add(layer);
    this.changed();
  }

  /** @param {number} kind */
  toggleKind(kind) {
    this.kinds ^= 1 << kind;
    this.changed();
  }

  toggleTerminals() {
    this.terminals = !this.terminals;
    this.changed();
  }

  /** @param {Range} speeds km/h */
  setSpeeds([least, most]) {
    this.speeds = least !== null && most !== null && least > most ? [most, least] : [least, most];
    this.changed();
  }

  /**
   * @param {import("./mover_filter.js").Corner[]} area
   * @param {string} [district] whose outline it is
   */
  setArea(area, district = "") {
    this.district = area.length < 3 ? "" : district;
    this.area = area.length < 3 ? [] : area.slice(0, MOST_CORNERS).map(([lon, lat]) => [Number(lon.toFixed(5)), Number(lat.toFixed(5))]);
    this.changed();
  }

  reset() {
    this.layers = new Set(LAYERS.filter((layer) => !OFF_AT_START.includes(layer)));
    this.kinds = ALL_KINDS;
    this.terminals = false;
    this.speeds = [null, null];
    this.area = [];
    this.district = "";
    this.changed();
  }

  changed() {
    const usual = LAYERS.every((layer) => this.layers.has(layer) !== OFF_AT_START.includes(layer));
    writeHash({
      layers: usual ? null : LAYERS.filter((layer) => this.layers.has(layer)).join(",") || "none",
      kinds: this.kinds === ALL_KINDS ? null : numbersOf(this.kinds),
      only: this.terminals ? "terminals" : null,
      speed: this.speeds.every((bound) => bound === null) ? null : this.speeds.map((bound) => bound ?? "").join("-"),
      area: this.area.length === 0 ? null : this.area.map((corner) => corner.join(",")).join(";"),
      district: this.district || null,
    });
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {string} text numbers with commas */
function bitsOf(text) {
  return text.split(",").filter((part) => /^[0-8]$/.test(part)).reduce((bits, part) => bits | (1 << Number(part)), 0);
}

/** @param {number} bits */
function numbersOf(bits) {
  return [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((kind) => bits & (1 << kind)).join(",") || "none";
}

/**
 * @param {string} text least-most
 * @returns {Range}
 */
function rangeOf(text) {
  const found = /^(\d{1,3})?-(\d{1,3})?$/.exec(text);
  return found ? [found[1] === undefined ? null : Number(found[1]), found[2] === undefined ? null : Number(found[2])] : [null, null];
}

/**
 * @param {string} text lon,lat;lon,lat;...
 * @returns {import("./mover_filter.js").Corner[]}
 */
function cornersOf(text) {
  const corners = text.split(";").map((part) => part.split(",").map(Number));
  const sound = corners.length >= 3 && corners.length <= MOST_CORNERS && corners.every((corner) => corner.length === 2 && corner.every(Number.isFinite));
  return sound ? corners.map(([lon, lat]) => [lon, lat]) : [];
}
