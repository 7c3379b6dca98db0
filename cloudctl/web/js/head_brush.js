// @ts-check
/** How a signal head is drawn on a canvas: housing, lamp with its letter, arrow, text. */

import { t } from "./i18n.js";
import { LAMP_COLOURS, lampOf } from "./signals.js";

/** @typedef {import("./signals.js").Light} Light */

export const HOUSING = "#1b2127";
export const INK = "#f2f5f8";
export const FAINT = "#8d98a5";

export class HeadBrush {
  /** @param {CanvasRenderingContext2D} context */
  constructor(context) {
    this.context = context;
    this.font = getComputedStyle(document.body).fontFamily;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} wide
   * @param {number} high
   */
  housing(x, y, wide, high) {
    const c = this.context;
    c.beginPath();
    c.roundRect(x, y, wide, high, 5);
    c.fillStyle = HOUSING;
    c.globalAlpha = 0.92;
    c.fill();
    c.globalAlpha = 1;
    c.lineWidth = 1;
    c.strokeStyle = "rgb(255 255 255 / 35%)";
    c.stroke();
  }

  /**
   * Lamp with its letter; stale and unknown ones are hatched.
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {Light | null} light
   */
  lamp(x, y, radius, light) {
    const c = this.context;
    const lamp = light && !light.stale ? lampOf(light.state) : "dark";
    c.beginPath();
    c.arc(x, y, radius, 0, 2 * Math.PI);
    c.fillStyle = LAMP_COLOURS[lamp];
    c.fill();
    if (!light || light.stale) this.hatch(x, y, radius);
    else if (light.confidence < 60) {
      c.setLineDash([2, 2]);
      c.strokeStyle = INK;
      c.stroke();
      c.setLineDash([]);
    }
    const letter = light && !light.stale ? t(`lamp.${lamp}`) : "?";
    this.text(letter, x, y + 0.5, radius * 1.45, lamp === "yellow" ? "#221900" : "#ffffff", "center");
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   */
  hatch(x, y, radius) {
    const c = this.context;
    c.save();
    c.clip();
    c.strokeStyle = "rgb(255 255 255 / 35%)";
    c.lineWidth = 1;
    c.beginPath();
    for (let d = -2 * radius; d < 2 * radius; d += 3) {
      c.moveTo(x + d, y + radius);
      c.lineTo(x + d + 2 * radius, y - radius);
    }
    c.stroke();
    c.restore();
  }

  /**
   * Arrow of a movement, driver's view.
   * @param {string} turn
   * @param {number} x
   * @param {number} y
   */
  arrow(turn, x, y) {
    const c = this.context;
    c.save();
    c.translate(x, y);
    c.strokeStyle = INK;
    c.fillStyle = INK;
    c.lineWidth = 1.5;
    c.lineCap = "round";
    c.lineJoin = "round";
    c.beginPath();
    ARROWS[turn]?.(c);
    c.stroke();
    c.restore();
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {number} size
   * @param {string} colour
   * @param {CanvasTextAlign} align
   */
  text(text, x, y, size, colour, align) {
    const c = this.context;
    c.font = `600 ${size}px ${this.font}`;
    c.textAlign = align;
    c.textBaseline = "middle";
    c.fillStyle = colour;
    c.fillText(text, x, y);
  }
}

/** @type {Record<string, (c: CanvasRenderingContext2D) => void>} */
const ARROWS = {
  S: (c) => { c.moveTo(0, 5); c.lineTo(0, -5); c.moveTo(-3, -2); c.lineTo(0, -5); c.lineTo(3, -2); },
  L: (c) => { c.moveTo(3, 5); c.lineTo(3, -1); c.lineTo(-3.5, -1); c.moveTo(-1, -4); c.lineTo(-3.5, -1); c.lineTo(-1, 2); },
  R: (c) => { c.moveTo(-3, 5); c.lineTo(-3, -1); c.lineTo(3.5, -1); c.moveTo(1, -4); c.lineTo(3.5, -1); c.lineTo(1, 2); },
  U: (c) => { c.moveTo(3, 5); c.lineTo(3, -2); c.arc(0, -2, 3, 0, Math.PI, true); c.lineTo(-3, 4); c.moveTo(-5.2, 1.8); c.lineTo(-3, 4); c.lineTo(-0.8, 1.8); },
  P: (c) => { c.arc(0, -4.5, 1.4, 0, 2 * Math.PI); c.moveTo(0, -2.5); c.lineTo(0, 1.2); c.lineTo(-2, 5); c.moveTo(0, 1.2); c.lineTo(2, 5); c.moveTo(-2.4, -0.6); c.lineTo(2.4, -0.6); },
};
