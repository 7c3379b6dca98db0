// @ts-check
/** Stop lines and turn paths in the colour of their light: a feature is touched only when its light changes. */

import { SOURCE } from "./base_style.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./signals.js").Signals} Signals */

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
    for (let group = 0; group < this.shown.length; group += 1) {
      const light = this.signals.light(group, now);
      const state = light && !light.stale ? light.state : 0;
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
