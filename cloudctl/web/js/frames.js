// @ts-check
/**
 * Column frames, the twin of cloudctl/publish/frames.py: little-endian, 40 bytes of header, 16 bytes a column,
 * columns on 8-byte borders. Columns are views into the received bytes, nothing is copied.
 */

/** What the rows of a frame are. */
export const FrameKind = Object.freeze({ MOVERS: 1, LINKS: 2, SIGNALS: 3, TRAJECTORY: 4, MOVEMENTS: 6, MOVER_KEY: 10, MOVER_ENTRIES: 11, MOVER_MOVES: 12, LINK_CHANGES: 13 });

const MAGIC = 0x46583256;
const VERSION = 1;
const HEADER = 40;
const ENTRY = 16;

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array} Column */

/**
 * @typedef {object} Frame
 * @property {number} kind
 * @property {number} tick
 * @property {number} count rows
 * @property {number} timeMs UTC epoch of the content, ms
 * @property {number} epoch
 * @property {boolean} key
 * @property {Map<string, Column>} columns
 */

/** @type {Record<number, {new (buffer: ArrayBuffer, offset: number, length: number): Column, BYTES_PER_ELEMENT: number}>} */
const TYPES = {
  1: Uint8Array,
  2: Uint16Array,
  3: Uint32Array,
  4: Int32Array,
  5: Float32Array,
  6: Float64Array,
  7: BigInt64Array,
  8: BigUint64Array,
  9: Int16Array,
};

/** The bytes are no column frame. */
export class FrameError extends Error {}

/**
 * Unpack one frame.
 * @param {ArrayBuffer} buffer
 * @returns {Frame}
 * @throws {FrameError} on anything that is not exactly a frame of version 1
 */
export function decodeFrame(buffer) {
  if (buffer.byteLength < HEADER) throw new FrameError("too short for a header");
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== VERSION) {
    throw new FrameError("not a frame of version 1");
  }
  const count = view.getUint32(12, true);
  const columns = view.getUint16(32, true);
  const headerLength = view.getUint16(34, true);
  const timeMs = view.getFloat64(16, true);
  if (headerLength < HEADER + ENTRY * columns || headerLength > buffer.byteLength || !Number.isFinite(timeMs)) {
    throw new FrameError("the header does not fit");
  }
  return {
    kind: view.getUint16(6, true),
    tick: view.getUint32(8, true),
    count,
    timeMs,
    epoch: view.getUint32(24, true),
    key: (view.getUint32(28, true) & 1) === 1,
    columns: readColumns(buffer, view, columns, headerLength, count),
  };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {DataView} view
 * @param {number} columns
 * @param {number} headerLength
 * @param {number} count
 */
function readColumns(buffer, view, columns, headerLength, count) {
  /** @type {Map<string, Column>} */
  const found = new Map();
  for (let index = 0; index < columns; index += 1) {
    const at = HEADER + ENTRY * index;
    const Type = TYPES[view.getUint16(at + 8, true)];
    const offset = view.getUint32(at + 12, true);
    if (!Type || offset % 8 !== 0 || offset < headerLength || offset + count * Type.BYTES_PER_ELEMENT > buffer.byteLength) {
      throw new FrameError("a column lies outside the frame");
    }
    found.set(columnName(view, at), new Type(buffer, offset, count));
  }
  return found;
}

/**
 * @param {DataView} view
 * @param {number} at
 */
function columnName(view, at) {
  let name = "";
  for (let index = 0; index < 8; index += 1) {
    const code = view.getUint8(at + index);
    if (code === 0) break;
    name += String.fromCharCode(code);
  }
  return name;
}

/**
 * Give a column that must be there and of one type.
 * @template {Column} T
 * @param {Frame} frame
 * @param {string} name
 * @param {new (...args: never[]) => T} Type
 * @returns {T}
 */
export function columnOf(frame, name, Type) {
  const column = frame.columns.get(name);
  if (!(column instanceof Type)) throw new FrameError(`no column ${name} of the expected type`);
  return column;
}
