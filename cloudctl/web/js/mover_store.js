// @ts-check
/**
 * The road users in view, in the slots that the gateway gave them: a key with what stays, and the newest moves. The
 * columns are views into the received bytes and go to the GPU as they are; no frame is read road user by road user.
 */

import { FrameKind, columnOf } from "./frames.js";

/** @typedef {import("./frames.js").Frame} Frame */

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

/**
 * @typedef {object} Fixed what a slot holds until the next key
 * @property {number} epoch
 * @property {number} size
 * @property {number} version grows with every slot that is filled later
 * @property {Uint32Array} id
 * @property {Int32Array} lon 1e-7 deg
 * @property {Int32Array} lat
 * @property {Uint8Array} class
 * @property {Uint8Array} length 0.1 m
 * @property {Uint8Array} width
 */

/**
 * @typedef {object} Moves
 * @property {Int16Array} dlon 1e-7 deg from the place in the key
 * @property {Int16Array} dlat
 * @property {Uint16Array} heading 0.01 deg
 * @property {Uint16Array} speed 0.01 m/s
 * @property {Uint8Array} age 0.1 s
 * @property {Uint8Array} flags
 */

/** @typedef {Pick<Moves, "dlon" | "dlat" | "heading">} Start where the glide begins */

export const EMPTY = 255;
export const GONE = 128;
const REACH = 32767;

export class MoverStore {
  constructor() {
    /** @type {Frame | null} newest moves */
    this.frame = null;
    /** @type {Fixed | null} */
    this.fixed = null;
    /** @type {Moves | null} */
    this.moves = null;
    /** @type {Start | null} */
    this.before = null;
    /** @type {Fixed | null} to which the newest moves belong */
    this.movedIn = null;
    this.size = 0;
    this.arrivedAt = 0;
    this.glideMs = 200;
    this.glides = true;
  }

  /**
   * Take a frame of road users; tells whether the picture is a new one.
   * @param {Frame} frame
   * @param {number} now performance.now()
   */
  take(frame, now) {
    if (frame.kind === FrameKind.MOVER_KEY) this.fixed = fixedOf(frame);
    else if (frame.kind === FrameKind.MOVER_ENTRIES) this.enter(frame);
    else if (frame.kind === FrameKind.MOVERS) {
      this.fixed = fixedOf(frame);
      this.move(frame, restingMoves(frame), now);
      return true;
    } else if (this.fixed?.epoch === frame.epoch && frame.count === this.fixed.size) {
      this.move(frame, movesOf(frame), now);
      return true;
    }
    return false;
  }

  /** Forget the key: frames of another feed follow. */
  forget() {
    this.fixed = null;
  }

  /** @param {Frame} frame slots that were filled since the key */
  enter(frame) {
    const fixed = this.fixed;
    if (fixed?.epoch !== frame.epoch) return;
    const slots = columnOf(frame, "slot", Uint32Array);
    const entries = fixedOf(frame);
    for (let row = 0; row < slots.length; row += 1) {
      const slot = slots[row];
      fixed.id[slot] = entries.id[row];
      fixed.lon[slot] = entries.lon[row];
      fixed.lat[slot] = entries.lat[row];
      fixed.class[slot] = entries.class[row];
      fixed.length[slot] = entries.length[row];
      fixed.width[slot] = entries.width[row];
    }
    fixed.version += 1;
  }

  /**
   * @param {Frame} frame
   * @param {Moves} moves
   * @param {number} now
   */
  move(frame, moves, now) {
    const fixed = /** @type {Fixed} */ (this.fixed);
    // within an epoch the last columns are the beginning of the glide
    this.before = this.movedIn === fixed && this.moves ? this.moves : carried(fixed, moves, this.movedIn, this.moves);
    const since = this.frame ? frame.timeMs - this.frame.timeMs : 0;
    if (since > 50 && since < 2000) this.glideMs += (since - this.glideMs) * 0.3;
    this.frame = frame;
    this.moves = moves;
    this.movedIn = fixed;
    this.size = frame.count;
    this.arrivedAt = now;
  }

  /**
   * How far the glide is at a moment: 0 at the old place, 1 at the new.
   * @param {number} now performance.now()
   */
  phase(now) {
    return this.glides ? Math.min((now - this.arrivedAt) / this.glideMs, 1) : 1;
  }

  /** Road users in view. */
  get count() {
    let count = 0;
    const flags = this.moves?.flags ?? [];
    for (let slot = 0; slot < flags.length; slot += 1) count += flags[slot] < GONE ? 1 : 0;
    return count;
  }

  /** Road users in view by kind. */
  kindCounts() {
    const counts = new Array(9).fill(0);
    if (!this.moves || !this.movedIn) return counts;
    for (let slot = 0; slot < this.size; slot += 1) {
      if (this.moves.flags[slot] < GONE) counts[Math.min(this.movedIn.class[slot], 8)] += 1;
    }
    return counts;
  }

  /**
   * Slot of an id in the newest picture, -1 where it is not.
   * @param {number} id
   */
  rowOf(id) {
    if (!this.movedIn || !this.moves) return -1;
    let slot = this.movedIn.id.indexOf(id);
    while (slot >= 0 && this.moves.flags[slot] >= GONE) slot = this.movedIn.id.indexOf(id, slot + 1);
    return slot;
  }

  /** @param {number} slot */
  idAt(slot) {
    return this.movedIn?.id[slot] ?? -1;
  }

  /**
   * Slot of the road user nearest to a place, -1 where none is within reach.
   * @param {number} lon deg
   * @param {number} lat deg
   * @param {number} reach m
   * @param {(slot: number) => boolean} [shown] which ones count
   */
  nearest(lon, lat, reach, shown = () => true) {
    if (!this.moves || !this.movedIn) return -1;
    const [north, east] = [0.0111319, 0.0111319 * Math.cos((lat * Math.PI) / 180)];
    const [x, y] = [lon * 1e7, lat * 1e7];
    let best = -1;
    let least = reach;
    for (let slot = 0; slot < this.size; slot += 1) {
      if (this.moves.flags[slot] >= GONE) continue;
      const dx = (this.movedIn.lon[slot] + this.moves.dlon[slot] - x) * east;
      const dy = (this.movedIn.lat[slot] + this.moves.dlat[slot] - y) * north;
      const distance = Math.max(0, Math.hypot(dx, dy) - this.movedIn.width[slot] / 20);
      if (distance < least && shown(slot)) {
        least = distance;
        best = slot;
      }
    }
    return best;
  }

  /**
   * Give one slot as an object.
   * @param {number} slot
   * @returns {Mover}
   */
  get(slot) {
    const fixed = /** @type {Fixed} */ (this.movedIn);
    const moves = /** @type {Moves} */ (this.moves);
    return {
      id: fixed.id[slot],
      kind: fixed.class[slot],
      lon: (fixed.lon[slot] + moves.dlon[slot]) * 1e-7,
      lat: (fixed.lat[slot] + moves.dlat[slot]) * 1e-7,
      speed: moves.speed[slot] / 100,
      heading: moves.heading[slot] / 100,
      ageMs: moves.age[slot] * 100,
      flags: moves.flags[slot],
      length: fixed.length[slot] / 10,
      width: fixed.width[slot] / 10,
    };
  }
}

/**
 * @param {Frame} frame
 * @returns {Fixed}
 */
function fixedOf(frame) {
  return {
    epoch: frame.epoch,
    size: frame.count,
    version: 0,
    id: columnOf(frame, "id", Uint32Array),
    lon: columnOf(frame, "lon", Int32Array),
    lat: columnOf(frame, "lat", Int32Array),
    class: columnOf(frame, "class", Uint8Array),
    length: columnOf(frame, "length", Uint8Array),
    width: columnOf(frame, "width", Uint8Array),
  };
}

/**
 * @param {Frame} frame
 * @returns {Moves}
 */
function movesOf(frame) {
  return {
    dlon: columnOf(frame, "dlon", Int16Array),
    dlat: columnOf(frame, "dlat", Int16Array),
    heading: columnOf(frame, "heading", Uint16Array),
    speed: columnOf(frame, "speed", Uint16Array),
    age: columnOf(frame, "age", Uint8Array),
    flags: columnOf(frame, "flags", Uint8Array),
  };
}

/**
 * A whole frame is a key whose road users stand where it says.
 * @param {Frame} frame
 * @returns {Moves}
 */
function restingMoves(frame) {
  return {
    dlon: new Int16Array(frame.count),
    dlat: new Int16Array(frame.count),
    heading: columnOf(frame, "heading", Uint16Array),
    speed: columnOf(frame, "speed", Uint16Array),
    age: Uint8Array.from(columnOf(frame, "age", Uint16Array), (ms) => Math.min(255, ms / 100)),
    flags: columnOf(frame, "flags", Uint8Array),
  };
}

/**
 * Beginning of the glide after a key: who kept his slot comes from his old place, told from the new key's.
 * @param {Fixed} fixed
 * @param {Moves} moves
 * @param {Fixed | null} oldFixed
 * @param {Moves | null} oldMoves
 * @returns {Start}
 */
function carried(fixed, moves, oldFixed, oldMoves) {
  if (!oldFixed || !oldMoves) return moves;
  const start = { dlon: moves.dlon.slice(), dlat: moves.dlat.slice(), heading: moves.heading.slice() };
  const common = Math.min(fixed.size, oldFixed.size);
  for (let slot = 0; slot < common; slot += 1) {
    if (fixed.id[slot] !== oldFixed.id[slot] || oldMoves.flags[slot] >= GONE) continue;
    const dlon = oldFixed.lon[slot] + oldMoves.dlon[slot] - fixed.lon[slot];
    const dlat = oldFixed.lat[slot] + oldMoves.dlat[slot] - fixed.lat[slot];
    if (Math.abs(dlon) > REACH || Math.abs(dlat) > REACH) continue;
    start.dlon[slot] = dlon;
    start.dlat[slot] = dlat;
    start.heading[slot] = oldMoves.heading[slot];
  }
  return start;
}
