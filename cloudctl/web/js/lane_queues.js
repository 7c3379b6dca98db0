// @ts-check
/** Queues in front of lights, lane by lane: from the stop line back along the lane, as long as the queue of its movements. */

import { FAINT, INK } from "./head_brush.js";
import { columnOf } from "./frames.js";
import { t } from "./i18n.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {{link: number, movements: number[], points: [number, number][]}} Lane points from the stop line back */
/** @typedef {{x: number, y: number}} Place px */

const LEAST_M = 3;
const STALE_MS = 5000;
const LONG_M = 100;
/** Sure enough to be drawn whole, 0..100. */
const SURE = 60;
/** Shorter queues are not labelled, px. */
const LABELLED_PX = 60;

export class LaneQueues {
  constructor() {
    /** @type {Lane[] | null} */
    this.lanes = null;
    this.asked = false;
    /** @type {Map<number, {queue: number, sure: boolean}>} by movement */
    this.queues = new Map();
    this.timeMs = 0;
    /** @type {Set<number>} links whose lanes are known */
    this.links = new Set();
  }

  /** Ask for the lanes once, when somebody first looks this close. */
  async read() {
    if (this.asked) return;
    this.asked = true;
    const answer = await fetch("api/v1/network/approach-lanes").catch(() => null);
    if (!answer?.ok) return;
    /** @type {Lane[]} */
    const lanes = (await answer.json()).lanes;
    this.lanes = lanes;
    this.links = new Set(lanes.map(({ link }) => link));
  }

  /** @param {Frame} frame of movements */
  take(frame) {
    const moves = columnOf(frame, "move", Uint32Array);
    const queue = columnOf(frame, "queue", Uint16Array);
    const conf = columnOf(frame, "conf", Uint8Array);
    const est = columnOf(frame, "est", Uint8Array);
    this.queues.clear();
    moves.forEach((move, row) => this.queues.set(move, { queue: queue[row], sure: conf[row] >= SURE && est[row] === 0 }));
    this.timeMs = frame.timeMs;
  }

  /** Forget what belongs to another moment. */
  forget() {
    this.queues.clear();
    this.timeMs = 0;
  }

  /**
   * Whether the queues of a link are drawn lane by lane.
   * @param {number} link
   * @param {number} now server time, ms
   */
  knows(link, now) {
    return this.links.has(link) && now - this.timeMs < STALE_MS;
  }

  /**
   * Longest queue of a lane's movements.
   * @param {Lane} lane
   */
  of(lane) {
    let longest = { queue: 0, sure: true };
    for (const move of lane.movements) {
      const found = this.queues.get(move);
      if (found && found.queue > longest.queue) longest = found;
    }
    return longest;
  }

  /**
   * Draw the queues in view; gives whether there are any.
   * @param {import("./head_brush.js").HeadBrush} brush
   * @param {(lonLat: [number, number]) => Place} project
   * @param {(at: Place) => boolean} inside
   * @param {number} metre px
   * @param {number} now server time, ms
   */
  draw(brush, project, inside, metre, now) {
    if (!this.lanes || now - this.timeMs >= STALE_MS) return false;
    /** @type {Map<number, {queue: number, end: Place, length: number}>} the longest by link, which is labelled */
    const longest = new Map();
    for (const lane of this.lanes) {
      const { queue, sure } = this.of(lane);
      if (queue < LEAST_M || !inside(project(lane.points[0]))) continue;
      const end = drawLane(brush.context, lane.points.map(project), queue * metre, Math.max(2.2 * metre, 2.5), sure);
      if (queue > (longest.get(lane.link)?.queue ?? 0)) longest.set(lane.link, { queue, end, length: queue * metre });
    }
    for (const { queue, end, length } of longest.values()) {
      if (length < LABELLED_PX) continue;
      brush.housing(end.x - 20, end.y - 8, 40, 16);
      brush.text(`${queue} ${t("unit.m")}`, end.x, end.y, 10, queue > LONG_M ? INK : FAINT, "center");
    }
    return longest.size > 0;
  }
}

/**
 * Draw so much of a line; gives where it ends.
 * @param {CanvasRenderingContext2D} c
 * @param {Place[]} line
 * @param {number} length px
 * @param {number} wide px
 * @param {boolean} sure a queue that is only reckoned is dashed
 */
function drawLane(c, line, length, wide, sure) {
  let end = line[0];
  let left = length;
  c.beginPath();
  c.moveTo(end.x, end.y);
  for (const next of line.slice(1)) {
    const step = Math.hypot(next.x - end.x, next.y - end.y);
    const share = step > 0 ? Math.min(1, left / step) : 0;
    end = { x: end.x + (next.x - end.x) * share, y: end.y + (next.y - end.y) * share };
    c.lineTo(end.x, end.y);
    left -= step;
    if (left <= 0) break;
  }
  c.lineWidth = wide;
  c.globalAlpha = 0.5;
  c.strokeStyle = "#c22f3d";
  if (!sure) c.setLineDash([6, 4]);
  c.stroke();
  c.setLineDash([]);
  c.globalAlpha = 1;
  return end;
}
