// @ts-check
/**
 * The road users on screen as one interleaved buffer for the GPU: where each one was shown when the newest frame came,
 * and where that frame says it is. Drawing glides from the one to the other.
 */

import { columnOf } from "./frames.js";

/** Bytes of one road user: x0 y0 x1 y1 heading0 heading1 length width (f32), kind flags stale 0 (u8). */
export const STRIDE = 36;
const FLOATS = STRIDE / 4;
const JUMP_M = 80;
const STALE_MS = 1500;
const GLIDE_MOST = 1.2;
const DEGREE = Math.PI / 180;

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./plane.js").Plane} Plane */

/**
 * @typedef {object} Mover
 * @property {number} id
 * @property {number} kind
 * @property {number} lon
 * @property {number} lat
 * @property {number} speed m/s
 * @property {number} heading deg
 * @property {number} ageMs
 * @property {number} flags
 * @property {number} length m
 * @property {number} width m
 */

export class MoverStore {
  /** @param {Plane} plane */
  constructor(plane) {
    this.plane = plane;
    this.count = 0;
    this.floats = new Float32Array(0);
    this.bytes = new Uint8Array(0);
    /** @type {Frame | null} */
    this.frame = null;
    this.ids = new Uint32Array(0);
    this.arrivedAt = 0;
    this.glideMs = 200;
    this.glides = true;
    this.slots = new Int32Array(16).fill(-1);
    this.mask = 15;
  }

  /**
   * How far the glide is at a moment: 0 at the old place, 1 at the new.
   * @param {number} now performance.now()
   */
  phase(now) {
    return this.glides ? Math.min((now - this.arrivedAt) / this.glideMs, GLIDE_MOST) : 1;
  }

  /**
   * Tell whether anything still moves on screen.
   * @param {number} now
   */
  gliding(now) {
    return this.glides && this.count > 0 && (now - this.arrivedAt) / this.glideMs < GLIDE_MOST;
  }

  /**
   * Take a movers frame.
   * @param {Frame} frame
   * @param {number} now performance.now()
   */
  take(frame, now) {
    const phase = this.phase(now);
    const old = this.floats;
    const ids = columnOf(frame, "id", Uint32Array);
    const next = new Float32Array(frame.count * FLOATS);
    this.fill(frame, next);
    for (let row = 0; row < frame.count; row += 1) {
      this.start(next, row * FLOATS, old, this.rowOf(ids[row]) * FLOATS, phase);
    }
    const since = this.frame ? frame.timeMs - this.frame.timeMs : 0;
    if (since > 50 && since < 2000) this.glideMs += (since - this.glideMs) * 0.3;
    this.frame = frame;
    this.ids = ids;
    this.count = frame.count;
    this.floats = next;
    this.bytes = new Uint8Array(next.buffer);
    this.arrivedAt = now;
    this.index();
  }

  /**
   * @param {Frame} frame
   * @param {Float32Array} next
   */
  fill(frame, next) {
    const lon = columnOf(frame, "lon", Int32Array);
    const lat = columnOf(frame, "lat", Int32Array);
    const heading = columnOf(frame, "heading", Uint16Array);
    const age = columnOf(frame, "age", Uint16Array);
    const kind = columnOf(frame, "class", Uint8Array);
    const flags = columnOf(frame, "flags", Uint8Array);
    const length = columnOf(frame, "length", Uint8Array);
    const width = columnOf(frame, "width", Uint8Array);
    const bytes = new Uint8Array(next.buffer);
    for (let row = 0, at = 0; row < frame.count; row += 1, at += FLOATS) {
      next[at + 2] = this.plane.x(lon[row] * 1e-7);
      next[at + 3] = this.plane.y(lat[row] * 1e-7);
      next[at + 5] = heading[row] * 0.01 * DEGREE;
      next[at + 6] = length[row] * 0.1;
      next[at + 7] = width[row] * 0.1;
      bytes[at * 4 + 32] = kind[row];
      bytes[at * 4 + 33] = flags[row];
      bytes[at * 4 + 34] = age[row] > STALE_MS ? 1 : 0;
    }
  }

  /**
   * Start the glide of one road user from where it is on screen; a new one and a jump start at the new place.
   * @param {Float32Array} next
   * @param {number} at
   * @param {Float32Array} old
   * @param {number} from negative for a new road user
   * @param {number} phase
   */
  start(next, at, old, from, phase) {
    let x = next[at + 2];
    let y = next[at + 3];
    let heading = next[at + 5];
    if (from >= 0) {
      const shownX = old[from] + (old[from + 2] - old[from]) * phase;
      const shownY = old[from + 1] + (old[from + 3] - old[from + 1]) * phase;
      if (Math.abs(shownX - x) + Math.abs(shownY - y) < JUMP_M) {
        x = shownX;
        y = shownY;
        heading = old[from + 4] + turn(old[from + 4], old[from + 5]) * Math.min(phase, 1);
      }
    }
    next[at] = x;
    next[at + 1] = y;
    next[at + 4] = heading;
    next[at + 5] = heading + turn(heading, next[at + 5]);
  }

  /** Build the table from id to row: open addressing, at most half full. */
  index() {
    let size = 16;
    while (size < this.count * 2) size *= 2;
    if (this.slots.length !== size) this.slots = new Int32Array(size);
    this.slots.fill(-1);
    this.mask = size - 1;
    for (let row = 0; row < this.count; row += 1) {
      let slot = Math.imul(this.ids[row], 0x9e3779b1) & this.mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = row;
    }
  }

  /**
   * Row of an id in the newest frame, -1 where it is not.
   * @param {number} id
   */
  rowOf(id) {
    let slot = Math.imul(id, 0x9e3779b1) & this.mask;
    for (let row = this.slots[slot]; row >= 0; row = this.slots[slot]) {
      if (this.ids[row] === id) return row;
      slot = (slot + 1) & this.mask;
    }
    return -1;
  }

  /**
   * Place of a road user on screen.
   * @param {number} row
   * @param {number} now
   * @returns {[number, number]} m east, m south
   */
  shown(row, now) {
    const phase = this.phase(now);
    const at = row * FLOATS;
    const f = this.floats;
    return [f[at] + (f[at + 2] - f[at]) * phase, f[at + 1] + (f[at + 3] - f[at + 1]) * phase];
  }

  /**
   * Row of the road user nearest to a place, -1 where none is within reach.
   * @param {number} x m east
   * @param {number} y m south
   * @param {number} reach m
   * @param {number} now
   */
  nearest(x, y, reach, now) {
    let best = -1;
    let least = reach;
    const phase = this.phase(now);
    const f = this.floats;
    for (let row = 0, at = 0; row < this.count; row += 1, at += FLOATS) {
      const dx = f[at] + (f[at + 2] - f[at]) * phase - x;
      const dy = f[at + 1] + (f[at + 3] - f[at + 1]) * phase - y;
      const distance = Math.max(0, Math.hypot(dx, dy) - f[at + 7] / 2);
      if (distance < least) {
        least = distance;
        best = row;
      }
    }
    return best;
  }

  /**
   * Give one row as an object.
   * @param {number} row
   * @returns {Mover}
   */
  get(row) {
    const frame = /** @type {Frame} */ (this.frame);
    /** @param {string} name */
    const value = (name) => Number(/** @type {ArrayLike<number>} */ (frame.columns.get(name))[row]);
    return {
      id: this.ids[row],
      kind: value("class"),
      lon: value("lon") * 1e-7,
      lat: value("lat") * 1e-7,
      speed: value("speed") / 100,
      heading: value("heading") / 100,
      ageMs: value("age"),
      flags: value("flags"),
      length: value("length") / 10,
      width: value("width") / 10,
    };
  }
}

/**
 * Shortest turn from one heading to another, rad.
 * @param {number} from
 * @param {number} to
 */
function turn(from, to) {
  const difference = to - from;
  return difference - 2 * Math.PI * Math.round(difference / (2 * Math.PI));
}
