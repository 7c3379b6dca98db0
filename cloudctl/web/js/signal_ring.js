// @ts-check
/**
 * The next minute of an intersection as rings, one for each movement: the top is now, clockwise is ahead. Full colour is
 * sure, thin is the band between earliest and latest end, and nothing is drawn of what nobody knows.
 */

import { LAMP_COLOURS, lampOf } from "./signals.js";

/** @typedef {import("./signals.js").Light} Light */

const AHEAD_S = 60;
const INNER = 15;
const STEP = 5;
const MOST_RINGS = 8;

/**
 * @param {CanvasRenderingContext2D} c
 * @param {{x: number, y: number}} at
 * @param {Light[]} lights one for each group; equal ones share a ring
 */
export function drawRings(c, at, lights) {
  const rings = distinct(lights).slice(0, MOST_RINGS);
  if (rings.length === 0) return;
  c.beginPath();
  c.arc(at.x, at.y, INNER + rings.length * STEP + 2, 0, 2 * Math.PI);
  c.fillStyle = "rgb(27 33 39 / 82%)";
  c.fill();
  rings.forEach((light, index) => drawRing(c, at, INNER + index * STEP, light));
  c.beginPath();
  c.moveTo(at.x, at.y - INNER + 4);
  c.lineTo(at.x, at.y - INNER - rings.length * STEP);
  c.lineWidth = 1;
  c.strokeStyle = "#f2f5f8";
  c.stroke();
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {{x: number, y: number}} at
 * @param {number} radius
 * @param {Light} light
 */
function drawRing(c, at, radius, light) {
  const colour = LAMP_COLOURS[lampOf(light.state)];
  const likely = light.likely ?? 0;
  const sure = Math.min(light.min ?? likely, likely);
  arc(c, at, radius, 0, sure, colour, 4);
  arc(c, at, radius, sure, light.max ?? likely, colour, 1.5);
  if (light.nextGreen !== null) arc(c, at, radius, Math.max(light.nextGreen, likely), AHEAD_S, LAMP_COLOURS.green, 1.5);
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {{x: number, y: number}} at
 * @param {number} radius
 * @param {number} from s
 * @param {number} to s
 * @param {string} colour
 * @param {number} width
 */
function arc(c, at, radius, from, to, colour, width) {
  if (to <= from || from >= AHEAD_S) return;
  const turn = (/** @type {number} */ seconds) => (Math.min(seconds, AHEAD_S) / AHEAD_S) * 2 * Math.PI - Math.PI / 2;
  c.beginPath();
  c.arc(at.x, at.y, radius, turn(from), turn(to));
  c.lineWidth = width;
  c.strokeStyle = colour;
  c.stroke();
}

/** @param {Light[]} lights */
function distinct(lights) {
  const found = new Map(lights.map((light) => [`${lampOf(light.state)} ${Math.round(light.likely ?? -1)} ${Math.round(light.nextGreen ?? -1)}`, light]));
  return [...found.values()];
}
