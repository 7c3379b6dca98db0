// @ts-check
/** Queues in front of signals: a bar from the stop line back over the approach, with its length in metres. */

import { FAINT, INK } from "./head_brush.js";
import { t } from "./i18n.js";

const LEAST_M = 6;
/** Shorter bars end under the head of their approach, px. */
const LABELLED_PX = 130;
const WIDE = 5;

/**
 * @param {import("./head_brush.js").HeadBrush} brush
 * @param {{x: number, y: number}} line stop line, px
 * @param {[number, number]} back direction away from the junction
 * @param {number} queue m
 * @param {number} metre px
 */
export function drawQueue(brush, line, [east, south], queue, metre) {
  if (queue < LEAST_M) return;
  const c = brush.context;
  const length = queue * metre;
  c.beginPath();
  c.moveTo(line.x, line.y);
  c.lineTo(line.x + east * length, line.y + south * length);
  c.lineWidth = WIDE;
  c.lineCap = "round";
  c.globalAlpha = 0.55;
  c.strokeStyle = "#c22f3d";
  c.stroke();
  c.globalAlpha = 1;
  c.lineCap = "butt";
  if (length < LABELLED_PX) return;
  const end = { x: line.x + east * (length + 16), y: line.y + south * (length + 16) };
  brush.housing(end.x - 20, end.y - 8, 40, 16);
  brush.text(`${queue} ${t("unit.m")}`, end.x, end.y, 10, queue > 100 ? INK : FAINT, "center");
}
