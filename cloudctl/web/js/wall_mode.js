// @ts-check
/** Wall mode: large type, no controls, the saved views in turn. */

import { readHash, writeHash } from "./hash_state.js";

const VIEW_FOR_MS = 20_000;

export class WallMode {
  /**
   * @param {import("./saved_views.js").SavedViews} views
   * @param {(view: import("./saved_views.js").SavedView) => void} show
   * @param {() => void} resized
   */
  constructor(views, show, resized) {
    this.views = views;
    this.show = show;
    this.resized = resized;
    this.on = false;
    this.timer = 0;
  }

  /** Enter it where the address asks for it. */
  start() {
    if (readHash().get("wall") === "1") this.set(true);
  }

  /** @param {boolean} on */
  set(on) {
    if (on === this.on) return;
    this.on = on;
    document.body.classList.toggle("wall", on);
    for (const hidden of document.querySelectorAll(".rail, .panel, .actions > :not(.clock), .map-buttons, .depths, .filters, .skip, .timeline, .map")) {
      if (hidden instanceof HTMLElement) hidden.inert = on;
    }
    writeHash({ wall: on ? "1" : null });
    clearInterval(this.timer);
    if (on) {
      this.next();
      this.timer = setInterval(() => this.next(), VIEW_FOR_MS);
    }
    if (on && document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => undefined);
    if (!on && document.fullscreenElement) document.exitFullscreen();
    this.resized();
  }

  next() {
    const view = this.views.turn(1);
    if (view) this.show(view);
  }
}
