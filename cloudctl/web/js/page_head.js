// @ts-check
/** Figures in the head of the page and the line of status at its foot: how many, how old, how late. */

import { byId, make, refill } from "./dom.js";
import { count } from "./format.js";
import { t } from "./i18n.js";
import { may } from "./sign_in_session.js";
import { drawStatus, gradeOf } from "./status_bar.js";

const LATENCIES = 150;
/** A frame that was handed over is on screen with the next refresh. */
const REFRESH_MS = 1000 / 60;

/**
 * @typedef {object} Scene
 * @property {import("./feed.js").LiveFeed} feed live
 * @property {import("./state.js").State} state
 * @property {import("./mover_store.js").MoverStore} movers
 * @property {import("./mover_layer.js").MoverLayer} layer
 * @property {import("./links.js").LinkLevels} levels
 * @property {() => boolean} isLive
 */

export class PageHead {
  /** @param {Scene} scene */
  constructor(scene) {
    this.scene = scene;
    /** @type {number[]} ms, the newest last */
    this.latencies = [];
    /** What the figures said when they were last built. */
    this.drawn = "";
  }

  /** Note that the newest frame is on screen. */
  painted() {
    if (!this.scene.movers.frame) return;
    const age = Math.max(0, this.scene.feed.clock.now() + REFRESH_MS - this.scene.movers.frame.timeMs);
    this.scene.feed.painted(age);
    if (this.latencies.length === 0) this.drawStatus();
    this.latencies = [...this.latencies.slice(1 - LATENCIES), age];
  }

  drawFigures() {
    const { status } = this.scene.state;
    const congested = this.scene.levels.counts[4] + this.scene.levels.counts[5];
    const open = this.scene.state.incidents.length;
    const figures = [
      ["figure.movers", status?.movers ?? null, false],
      ["figure.buses", status?.kinds[4] ?? null, false],
      ["figure.equipped", status?.terminals ?? null, false],
      ["figure.congested", congested, false],
      ["figure.incidents", open, open > 0],
    ];
    const text = JSON.stringify([figures, t("figure.movers")]);
    if (text === this.drawn) return;
    this.drawn = text;
    refill(byId("figures", HTMLElement), figures.map(([key, value, alerting]) => make("div", { class: alerting ? "alerting" : "" }, [
      make("dt", {}, [t(String(key))]), make("dd", {}, [value === null ? "–" : count(Number(value))]),
    ])));
  }

  /** Age of the picture on screen, null before the first. */
  pictureAge() {
    if (!may("see_trajectories")) return this.scene.state.status?.picture_age_ms ?? null;
    return this.scene.movers.frame ? Math.max(0, this.scene.feed.clock.now() - this.scene.movers.frame.timeMs) : null;
  }

  drawStatus() {
    const age = this.pictureAge();
    const stale = gradeOf(age) !== "";
    if (stale !== this.scene.layer.stale) {
      this.scene.layer.stale = stale;
      this.scene.layer.redraw();
    }
    const sorted = this.latencies.toSorted((a, b) => a - b);
    drawStatus({
      link: this.scene.isLive() ? this.scene.feed.state : "open",
      status: this.scene.state.status,
      ageMs: age,
      p95: sorted.length ? sorted[Math.floor(sorted.length * 0.95)] : null,
      inView: this.scene.movers.count,
      serverNow: this.scene.feed.clock.now(),
    });
  }
}
