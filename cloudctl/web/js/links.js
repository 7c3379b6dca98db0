// @ts-check
/** Level of service on the roads layer: only links whose class changed touch the map. */

import { SOURCE } from "./base_style.js";
import { columnOf } from "./frames.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./frames.js").Frame} Frame */

const UNKNOWN = 65535;

export class LinkLevels {
  /** @param {MapLibreMap} map */
  constructor(map) {
    this.map = map;
    /** The roads source is there to be painted. */
    this.ready = false;
    /** @type {Uint8Array} level by link row */
    this.levels = new Uint8Array(0);
    /** @type {Frame | null} */
    this.frame = null;
    /** Links by level in the newest frame. */
    this.counts = [0, 0, 0, 0, 0, 0];
  }

  /** @param {Frame} frame */
  take(frame) {
    const rows = columnOf(frame, "link", Uint32Array);
    const level = columnOf(frame, "level", Uint8Array);
    let most = this.levels.length;
    for (const row of rows) most = Math.max(most, row + 1);
    const next = new Uint8Array(most);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let at = 0; at < rows.length; at += 1) {
      next[rows[at]] = level[at];
      counts[level[at]] += 1;
    }
    for (let row = 0; row < most; row += 1) {
      if (next[row] !== (this.levels[row] ?? 0)) this.paint(row, next[row]);
    }
    this.levels = next;
    this.counts = counts;
    this.frame = frame;
  }

  /** Paint everything again, after the style was replaced. */
  repaint() {
    this.levels.forEach((level, row) => {
      if (level > 0) this.paint(row, level);
    });
  }

  /**
   * @param {number} row
   * @param {number} level
   */
  paint(row, level) {
    if (!this.ready) return;
    this.map.setFeatureState({ source: SOURCE, sourceLayer: "roads", id: row }, { level });
  }

  /**
   * State of one link, null where nothing is known.
   * @param {number} row
   */
  find(row) {
    if (!this.frame) return null;
    const at = columnOf(this.frame, "link", Uint32Array).indexOf(row);
    if (at < 0) return null;
    /** @param {string} name */
    const value = (name) => {
      const raw = Number(/** @type {ArrayLike<number>} */ (this.frame?.columns.get(name))[at]);
      return raw === UNKNOWN ? null : raw;
    };
    const speed = value("speed");
    return {
      level: value("level") ?? 0,
      confidence: value("conf") ?? 0,
      speed: speed === null ? null : speed / 100,
      queue: value("queue"),
      flow: value("flow"),
    };
  }
}
