// @ts-check
/** Stop lines and turn paths in the colour of their light: a feature is touched only when its light changes. */

import { SOURCE } from "./base_style.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./signals.js").Signals} Signals */

const FROM = 15;

export class SignalLines {
  /**
   * @param {MapLibreMap} map
   * @param {Signals} signals
   */
  constructor(map, signals) {
    this.map = map;
    this.signals = signals;
    this.shown = new Int8Array(signals.table.signal.length);
  }

  /** @param {number} now server time, ms */
  update(now) {
    // below this zoom the map draws none of them, and every change costs it a frame
    if (this.map.getZoom() < FROM) return;
    for (let group = 0; group < this.shown.length; group += 1) {
      const state = this.signals.stateOf(group, now);
      if (state !== this.shown[group]) {
        this.shown[group] = state;
        this.paint(group, state);
      }
    }
  }

  /** Paint everything again, after the style was replaced. */
  repaint() {
    this.shown.forEach((state, group) => this.paint(group, state));
  }

  /**
   * @param {number} group
   * @param {number} light
   */
  paint(group, light) {
    this.map.setFeatureState({ source: SOURCE, sourceLayer: "stop_lines", id: group }, { light });
    for (const connection of this.signals.table.connections[group]) {
      this.map.setFeatureState({ source: SOURCE, sourceLayer: "connections", id: connection }, { light });
    }
  }
}
