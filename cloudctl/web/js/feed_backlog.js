// @ts-check
/**
 * What came from the gateway while the page was busy. Of each kind of frame only the newest stays, because each is the
 * newest and rests on its key alone; so a page that was busy goes on with the present. Texts stay all.
 */

import { FrameKind } from "./frames.js";

/** @type {Record<number, number[]>} kinds that a key makes worthless */
const REPLACED = {
  [FrameKind.MOVER_KEY]: [FrameKind.MOVERS, FrameKind.MOVER_ENTRIES, FrameKind.MOVER_MOVES],
  [FrameKind.LINKS]: [FrameKind.LINK_CHANGES],
};
const KIND_AT = 6;

export class Backlog {
  constructor() {
    /** @type {string[]} */
    this.texts = [];
    /** @type {Map<number, ArrayBuffer>} by kind, in the order in which they are to be read */
    this.frames = new Map();
  }

  /** @param {string | ArrayBuffer} message */
  add(message) {
    if (typeof message === "string") {
      this.texts.push(message);
      return;
    }
    const kind = message.byteLength < KIND_AT + 2 ? -1 : new DataView(message).getUint16(KIND_AT, true);
    for (const older of REPLACED[kind] ?? []) this.frames.delete(older);
    this.frames.delete(kind);
    this.frames.set(kind, message);
  }

  get empty() {
    return this.texts.length === 0 && this.frames.size === 0;
  }

  /** Everything that waits, the texts first; nothing waits afterwards. */
  take() {
    const waiting = [...this.texts, ...this.frames.values()];
    this.texts = [];
    this.frames.clear();
    return waiting;
  }
}
