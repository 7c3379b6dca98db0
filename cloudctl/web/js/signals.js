// @ts-check
/** State of every signal group, and where its heads stand. */

import { columnOf } from "./frames.js";

/** @typedef {import("./frames.js").Frame} Frame */

/**
 * @typedef {object} Light
 * @property {number} state LightState 0..8
 * @property {number} confidence 0..100
 * @property {number | null} likely s until it ends, null where unknown
 * @property {number | null} min
 * @property {number | null} max
 * @property {number | null} nextGreen
 * @property {boolean} stale
 */

/**
 * @typedef {object} Head
 * @property {number} group
 * @property {number} link
 * @property {string} turns
 */

/**
 * @typedef {object} Approach
 * @property {number} signal
 * @property {number} link
 * @property {number} lon
 * @property {number} lat
 * @property {number} bearing deg
 * @property {Head[]} heads
 */

/**
 * @typedef {object} SignalPlace
 * @property {number} row
 * @property {string} id
 * @property {number} lon
 * @property {number} lat
 * @property {string} name_zh
 * @property {string} name_en
 * @property {number} group_start
 * @property {number} group_count
 */

/**
 * @typedef {object} GroupTable
 * @property {number[]} signal
 * @property {number[]} phase_id
 * @property {boolean[]} pedestrian
 * @property {{rows: [number, number, number, number, number, string][]}} heads
 * @property {{group: number, lon: number, lat: number}[]} crossings
 * @property {number[][]} connections rows of the turn paths of each group
 */

const UNKNOWN = 65535;
const STALE_MS = 2000;
const FRAME_STALE_MS = 3000;
const TURN_ORDER = "LSRU";

export class Signals {
  /**
   * @param {SignalPlace[]} places
   * @param {GroupTable} table
   */
  constructor(places, table) {
    this.places = places;
    this.table = table;
    this.approaches = gather(table);
    /** @type {Frame | null} */
    this.frame = null;
    this.rows = new Int32Array(table.signal.length).fill(-1);
    this.states = new Uint8Array(0);
    this.ages = new Uint16Array(0);
  }

  /** @param {Frame} frame */
  take(frame) {
    this.rows.fill(-1);
    const groups = columnOf(frame, "group", Uint32Array);
    for (let row = 0; row < groups.length; row += 1) {
      if (groups[row] < this.rows.length) this.rows[groups[row]] = row;
    }
    this.states = columnOf(frame, "state", Uint8Array);
    this.ages = columnOf(frame, "age", Uint16Array);
    this.frame = frame;
  }

  /**
   * LightState of a group, 0 where nobody reports now.
   * @param {number} group
   * @param {number} nowMs server time
   */
  stateOf(group, nowMs) {
    const row = this.rows[group] ?? -1;
    if (!this.frame || row < 0 || nowMs - this.frame.timeMs > FRAME_STALE_MS) return 0;
    return this.ages[row] > STALE_MS ? 0 : this.states[row];
  }

  /**
   * Light of a group at a moment, null where nobody ever reported.
   * @param {number} group
   * @param {number} nowMs server time
   * @returns {Light | null}
   */
  light(group, nowMs) {
    const row = this.rows[group];
    if (!this.frame || row < 0 || row === undefined) return null;
    const frame = this.frame;
    const passed = (nowMs - frame.timeMs) / 1000;
    /** @param {string} name */
    const column = (name) => Number(/** @type {ArrayLike<number>} */ (frame.columns.get(name))[row]);
    /** @param {string} name */
    const seconds = (name) => (column(name) === UNKNOWN ? null : Math.max(0, column(name) / 10 - passed));
    return {
      state: column("state"),
      confidence: column("conf"),
      likely: seconds("likely"),
      min: seconds("min"),
      max: seconds("max"),
      nextGreen: seconds("nextgrn"),
      stale: column("age") > STALE_MS || passed * 1000 > FRAME_STALE_MS,
    };
  }
}

/**
 * Heads of one link belong together: that is how a driver sees them.
 * @param {GroupTable} table
 * @returns {Approach[]}
 */
function gather(table) {
  /** @type {Map<string, Approach & {count: number}>} */
  const found = new Map();
  for (const [group, link, lon, lat, bearing, turns] of table.heads.rows) {
    const key = `${table.signal[group]}/${link}`;
    const known = found.get(key) ?? { signal: table.signal[group], link, lon: 0, lat: 0, bearing, heads: [], count: 0 };
    known.heads.push({ group, link, turns });
    known.lon += lon;
    known.lat += lat;
    known.count += 1;
    found.set(key, known);
  }
  return [...found.values()].map((approach) => ({
    ...approach,
    lon: approach.lon / approach.count,
    lat: approach.lat / approach.count,
    heads: approach.heads.sort((a, b) => TURN_ORDER.indexOf(a.turns[0]) - TURN_ORDER.indexOf(b.turns[0])),
  }));
}

/** @typedef {"red" | "yellow" | "green" | "dark"} Lamp */

/**
 * Lamp of a light state.
 * @param {number} state
 * @returns {Lamp}
 */
export function lampOf(state) {
  if (state === 2 || state === 3) return "red";
  if (state === 4 || state === 5 || state === 6) return "green";
  return state === 7 || state === 8 ? "yellow" : "dark";
}

export const LAMP_COLOURS = Object.freeze({ red: "#d8343f", yellow: "#e0a51e", green: "#27a05a", dark: "#66717d" });
