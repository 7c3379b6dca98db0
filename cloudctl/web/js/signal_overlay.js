// @ts-check
/**
 * Signal heads on a canvas over the map: a lamp with its letter, and whole seconds to the change. From zoom 15 one lamp
 * an approach, from 16.3 every movement with its arrow and the band from earliest to latest end.
 */

import { FAINT, HOUSING, HeadBrush, INK } from "./head_brush.js";
import { t } from "./i18n.js";
import { LaneQueues } from "./lane_queues.js";
import { drawQueue } from "./signal_queues.js";
import { drawRings } from "./signal_ring.js";
import { lampOf } from "./signals.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./signals.js").Signals} Signals */
/** @typedef {import("./signals.js").Approach} Approach */
/** @typedef {import("./signals.js").Light} Light */
/** @typedef {{turns: string[], light: Light | null}} Movement */

const FROM_DOTS = 13.6;
const FROM_LAMPS = 14.8;
const FROM_HEADS = 16.3;
const FROM_CROSSINGS = 17.3;
const FROM_RINGS = 16.8;
const FROM_QUEUES = 15.5;
const ROW = 18;
const TICK_MS = 250;

export class SignalOverlay {
  /**
   * @param {MapLibreMap} map
   * @param {Signals} signals
   * @param {() => number} serverNow ms
   * @param {(link: number) => number} queueOf m
   */
  constructor(map, signals, serverNow, queueOf) {
    this.queueOf = queueOf;
    this.visible = true;
    this.lanes = new LaneQueues();
    this.map = map;
    this.signals = signals;
    this.serverNow = serverNow;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "heads";
    this.canvas.setAttribute("aria-hidden", "true");
    map.getCanvasContainer().append(this.canvas);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.brush = new HeadBrush(this.context);
    this.drawn = "";
    /** Anything stands on the canvas. */
    this.inked = false;
    this.width = 0;
    this.height = 0;
    map.on("render", () => this.draw());
    map.on("resize", () => { this.drawn = ""; });
    setInterval(() => this.draw(), TICK_MS);
  }

  /** Draw again where the view or the second changed. */
  draw() {
    const zoom = this.map.getZoom();
    const { lng, lat } = this.map.getCenter();
    const now = this.serverNow();
    const tick = zoom < FROM_DOTS ? 0 : Math.floor(now / TICK_MS);
    const state = `${zoom} ${lng} ${lat} ${this.map.getBearing()} ${tick} ${t("lamp.red")} ${this.visible}`;
    if (state === this.drawn) return;
    this.drawn = state;
    this.resize();
    this.context.clearRect(0, 0, this.width, this.height);
    this.inked = false;
    if (zoom >= FROM_DOTS && this.visible) {
      if (zoom < FROM_LAMPS) this.drawDots(now);
      else this.drawApproaches(zoom, now);
    }
    // of a canvas that is only ever cleared Chromium may show what stood there before
    this.canvas.style.visibility = this.inked ? "" : "hidden";
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.map.getContainer();
    this.width = clientWidth;
    this.height = clientHeight;
    if (this.canvas.width !== Math.round(clientWidth * ratio) || this.canvas.height !== Math.round(clientHeight * ratio)) {
      this.canvas.width = Math.round(clientWidth * ratio);
      this.canvas.height = Math.round(clientHeight * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** @param {number} now */
  drawDots(now) {
    for (const place of this.signals.places) {
      const at = this.map.project([place.lon, place.lat]);
      if (!this.inside(at)) continue;
      this.inked = true;
      const known = this.anyLight(place, now);
      this.context.beginPath();
      this.context.roundRect(at.x - 3, at.y - 6, 6, 12, 2);
      this.context.fillStyle = known ? HOUSING : "#8d98a5";
      this.context.fill();
      this.context.lineWidth = 1;
      this.context.strokeStyle = "rgb(255 255 255 / 70%)";
      this.context.stroke();
    }
  }

  /**
   * @param {import("./signals.js").SignalPlace} place
   * @param {number} now
   */
  anyLight(place, now) {
    for (let group = place.group_start; group < place.group_start + place.group_count; group += 1) {
      const light = this.signals.light(group, now);
      if (light && !light.stale) return true;
    }
    return false;
  }

  /**
   * @param {number} zoom
   * @param {number} now
   */
  drawApproaches(zoom, now) {
    const bearing = this.map.getBearing();
    const bounds = this.map.getBounds();
    const metre = (512 * 2 ** zoom) / (40075016.7 * Math.cos((this.map.getCenter().lat * Math.PI) / 180));
    if (zoom >= FROM_QUEUES) {
      this.lanes.read();
      this.inked = this.lanes.draw(this.brush, (place) => this.map.project(place), (at) => this.inside(at), metre, now);
    }
    if (zoom >= FROM_RINGS) this.drawJunctions(now);
    for (const approach of this.signals.approaches) {
      if (!bounds.contains([approach.lon, approach.lat])) continue;
      const line = this.map.project([approach.lon, approach.lat]);
      if (!this.inside(line)) continue;
      this.inked = true;
      // upstream of the stop line, so that the head does not cover the junction
      const back = ((approach.bearing - bearing + 180) * Math.PI) / 180;
      const [east, south] = [Math.sin(back), -Math.cos(back)];
      if (zoom >= FROM_QUEUES && !this.lanes.knows(approach.link, now)) drawQueue(this.brush, line, [east, south], this.queueOf(approach.link), metre);
      if (zoom < FROM_HEADS) {
        this.drawLamp({ x: line.x + east * 15, y: line.y + south * 13 }, this.mainLight(approach, now), zoom);
      } else {
        this.drawHead(line, [east, south], merged(approach, this.signals, now));
      }
    }
    if (zoom >= FROM_CROSSINGS) this.drawCrossings(now);
  }

  /** @param {number} now */
  drawJunctions(now) {
    for (const place of this.signals.places) {
      const at = this.map.project([place.lon, place.lat]);
      if (!this.inside(at)) continue;
      this.inked = true;
      const lights = Array.from({ length: place.group_count }, (_, index) => this.signals.light(place.group_start + index, now));
      drawRings(this.context, at, lights.flatMap((light) => (light && !light.stale && light.likely !== null ? [light] : [])));
    }
  }

  /**
   * Light of the straight movement, else of the first.
   * @param {Approach} approach
   * @param {number} now
   */
  mainLight(approach, now) {
    const head = approach.heads.find(({ turns }) => turns.includes("S")) ?? approach.heads[0];
    return this.signals.light(head.group, now);
  }

  /**
   * @param {{x: number, y: number}} at
   * @param {Light | null} light
   * @param {number} zoom
   */
  drawLamp(at, light, zoom) {
    const seconds = zoom >= 15 ? countdown(light) : "";
    const wide = seconds ? 34 : 18;
    this.brush.housing(at.x - wide / 2, at.y - 9, wide, 18);
    this.brush.lamp(at.x - wide / 2 + 9, at.y, 6.5, light);
    if (seconds) this.brush.text(seconds, at.x - wide / 2 + 24, at.y, 11, INK, "center");
  }

  /**
   * @param {{x: number, y: number}} line stop line
   * @param {[number, number]} back direction away from the junction
   * @param {Movement[]} rows
   */
  drawHead(line, [east, south], rows) {
    const arrows = Math.max(...rows.map(({ turns }) => turns.length));
    const banded = rows.some(({ light }) => band(light) !== "");
    const lampAt = 6 + arrows * 11 + 8;
    const wide = lampAt + (banded ? 72 : 36);
    const high = rows.length * ROW + 4;
    const away = 12 + (Math.abs(east) * wide + Math.abs(south) * high) / 2;
    const left = line.x + east * away - wide / 2;
    const top = line.y + south * away - high / 2;
    this.brush.housing(left, top, wide, high);
    rows.forEach(({ turns, light }, index) => {
      const y = top + 2 + ROW * (index + 0.5);
      turns.forEach((turn, place) => this.brush.arrow(turn, left + 11 + place * 11, y));
      this.brush.lamp(left + lampAt, y, 7, light);
      this.brush.text(countdown(light), left + lampAt + 20, y, 13, INK, "center");
      if (banded) this.brush.text(band(light), left + lampAt + 51, y, 10, FAINT, "center");
    });
  }

  /** @param {number} now */
  drawCrossings(now) {
    for (const crossing of this.signals.table.crossings) {
      const at = this.map.project([crossing.lon, crossing.lat]);
      if (!this.inside(at)) continue;
      this.inked = true;
      const light = this.signals.light(crossing.group, now);
      this.brush.housing(at.x - 17, at.y - 8, 34, 16);
      this.brush.arrow("P", at.x - 10, at.y);
      this.brush.lamp(at.x + 6, at.y, 5.5, light);
    }
  }

  /** @param {{x: number, y: number}} at */
  inside(at) {
    return at.x > -60 && at.y > -60 && at.x < this.width + 60 && at.y < this.height + 60;
  }
}

/**
 * Movements of an approach; those that show the same share a row.
 * @param {Approach} approach
 * @param {Signals} signals
 * @param {number} now
 * @returns {Movement[]}
 */
function merged(approach, signals, now) {
  /** @type {Map<string, Movement>} */
  const rows = new Map();
  for (const { group, turns } of approach.heads) {
    const light = signals.light(group, now);
    const key = light ? `${lampOf(light.state)} ${countdown(light)} ${band(light)} ${light.stale}` : "";
    const known = rows.get(key)?.turns ?? [];
    rows.set(key, { turns: [..."LSRU"].filter((turn) => known.includes(turn) || turns.includes(turn)), light });
  }
  return [...rows.values()];
}

/**
 * Whole seconds to the change, rounded up as street countdowns do; empty where nobody knows.
 * @param {Light | null} light
 */
export function countdown(light) {
  if (!light || light.stale || light.likely === null) return "";
  const seconds = String(Math.ceil(light.likely));
  return light.confidence < 60 ? `~${seconds}` : seconds;
}

/**
 * Band from earliest to latest end where it is wider than a second.
 * @param {Light | null} light
 */
export function band(light) {
  if (!light || light.stale || light.min === null || light.max === null || light.max - light.min < 1.5) return "";
  return `${Math.ceil(light.min)}–${Math.ceil(light.max)}`;
}
