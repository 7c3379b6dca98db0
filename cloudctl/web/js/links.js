// @ts-check
/** Level of service on the roads layer: only links whose class changed are sent, and only they touch the map. */

import { SOURCE } from "./base_style.js";
import { FrameKind, columnOf } from "./frames.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./frames.js").Frame} Frame */

const UNKNOWN = 65535;
const FIGURES = /** @type {const} */ (["level", "conf", "speed", "queue", "flow"]);

export class LinkLevels {
  /** @param {MapLibreMap} map */
  constructor(map) {
    this.map = map;
    /** The roads source is there to be painted. */
    this.ready = false;
    /** Shown at all. */
    this.visible = true;
    this.epoch = -1;
    /** @type {Record<typeof FIGURES[number], Uint16Array>} figures by link row; conf 0 where nothing is known */
    this.figures = blank(0);
    /** Links by level. */
    this.counts = [0, 0, 0, 0, 0, 0];
  }

  /** @param {Frame} frame */
  take(frame) {
    if (frame.kind === FrameKind.LINK_CHANGES && frame.epoch !== this.epoch) return;
    const rows = columnOf(frame, "link", Uint32Array);
    const before = this.figures;
    if (frame.kind === FrameKind.LINKS) {
      this.epoch = frame.epoch;
      this.figures = blank(Math.max(before.level.length, highest(rows) + 1));
    }
    const old = before.level.slice();
    for (const name of FIGURES) {
      const column = /** @type {ArrayLike<number>} */ (frame.columns.get(name));
      const target = this.figures[name];
      for (let at = 0; at < rows.length; at += 1) target[rows[at]] = column[at];
    }
    const { level, conf } = this.figures;
    const counts = [0, 0, 0, 0, 0, 0];
    for (let row = 0; row < level.length; row += 1) {
      if (conf[row] > 0) counts[level[row]] += 1;
      if (level[row] !== (old[row] ?? 0)) this.paint(row, level[row]);
    }
    this.counts = counts;
  }

  /** Paint everything again, after the style was replaced. */
  repaint() {
    this.figures.level.forEach((level, row) => {
      if (level > 0) this.paint(row, level);
    });
    this.show(this.visible);
  }

  /** @param {boolean} visible */
  show(visible) {
    this.visible = visible;
    if (this.ready) this.map.setLayoutProperty("road-level", "visibility", visible ? "visible" : "none");
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
   * Queue of a link, m; 0 where none is known.
   * @param {number} row
   */
  queue(row) {
    const queue = this.figures.queue[row] ?? 0;
    return queue === UNKNOWN || !this.figures.conf[row] ? 0 : queue;
  }

  /**
   * State of one link, null where nothing is known.
   * @param {number} row
   */
  find(row) {
    const { level, conf, speed, queue, flow } = this.figures;
    if (!conf[row]) return null;
    /** @param {number} raw */
    const known = (raw) => (raw === UNKNOWN ? null : raw);
    return {
      level: level[row],
      confidence: conf[row],
      speed: speed[row] === UNKNOWN ? null : speed[row] / 100,
      queue: known(queue[row]),
      flow: known(flow[row]),
    };
  }
}

/** @param {number} size */
function blank(size) {
  return {
    level: new Uint16Array(size), conf: new Uint16Array(size), speed: new Uint16Array(size), queue: new Uint16Array(size),
    flow: new Uint16Array(size),
  };
}

/** @param {Uint32Array} rows */
function highest(rows) {
  let most = -1;
  for (const row of rows) most = Math.max(most, row);
  return most;
}
