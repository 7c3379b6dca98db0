// @ts-check
/** What the map shows: layers, kinds of road users, and a condition; kept in the address, so that a link shows the same. */

import { readHash, writeHash } from "./hash_state.js";

export const LAYERS = /** @type {const} */ ([
  "levels", "signals", "movers", "density", "incidents", "parking", "stops", "buses", "priority", "coverage", "names",
]);
/** @typedef {typeof LAYERS[number]} LayerName */

/** @type {readonly LayerName[]} */
const OFF_AT_START = ["density", "coverage"];
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

  reset() {
    this.layers = new Set(LAYERS.filter((layer) => !OFF_AT_START.includes(layer)));
    this.kinds = ALL_KINDS;
    this.terminals = false;
    this.changed();
  }

  changed() {
    const usual = LAYERS.every((layer) => this.layers.has(layer) !== OFF_AT_START.includes(layer));
    writeHash({
      layers: usual ? null : LAYERS.filter((layer) => this.layers.has(layer)).join(",") || "none",
      kinds: this.kinds === ALL_KINDS ? null : numbersOf(this.kinds),
      only: this.terminals ? "terminals" : null,
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
