// @ts-check
/** What a feed says, drawn: its frames on the map, its texts in the panels. One feed at a time: live, or of a stored period. */

import { byId } from "./dom.js";
import { FrameKind } from "./frames.js";
import { member, t } from "./i18n.js";
import { ring } from "./incident_panel.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./feed.js").LiveFeed} LiveFeed */
/** @typedef {import("./frames.js").Frame} Frame */

const MOVER_KINDS = new Set(/** @type {number[]} */ ([FrameKind.MOVERS, FrameKind.MOVER_KEY, FrameKind.MOVER_ENTRIES, FrameKind.MOVER_MOVES]));
/** An incident that is younger is rung for, s. */
const FRESH_S = 60;

export class FeedDrawer {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {Set<LiveFeed>} feeds that are listened to already */
    this.known = new Set();
    /** @type {LiveFeed} the feed that is drawn */
    this.heard = app.feed;
  }

  /**
   * Draw frames and texts of a feed from now on, and no other's.
   * @param {LiveFeed} feed
   */
  hear(feed) {
    const { movers, levels, heads } = this.app;
    this.heard = feed;
    movers.forget();
    levels.epoch = -1;
    heads.lanes.forget();
    if (this.known.has(feed)) {
      feed.lookAnew();
      return;
    }
    this.known.add(feed);
    feed.addEventListener("frame", (event) => { if (this.heard === feed) this.takeFrame(/** @type {CustomEvent<Frame>} */ (event).detail); });
    feed.addEventListener("text", (event) => { if (this.heard === feed) this.takeText(/** @type {CustomEvent} */ (event).detail); });
    feed.listen();
  }

  /**
   * Tell the feeds what is looked at.
   * @param {[number, number, number, number]} box
   * @param {number} zoom
   */
  look(box, zoom) {
    this.app.feed.look({ box, zoom });
    if (this.heard !== this.app.feed) this.heard.look({ box, zoom });
  }

  /** Forget what belongs to the moment that was on screen. */
  clear() {
    const { state, selection, places, panels, head } = this.app;
    state.clear();
    selection.choose(null);
    places.showIncidents([]);
    panels.drawAll();
    head.drawFigures();
  }

  /** @param {Frame} frame */
  takeFrame(frame) {
    const { app } = this;
    if (MOVER_KINDS.has(frame.kind)) {
      if (!app.movers.take(frame, performance.now())) return;
      app.selection.follow();
      app.layer.redraw();
    } else if (frame.kind === FrameKind.SIGNALS) {
      app.signals.take(frame);
      if (app.ready) app.signalLines.update(app.feed.clock.now());
    } else if (frame.kind === FrameKind.LINKS || frame.kind === FrameKind.LINK_CHANGES) {
      app.levels.take(frame);
      app.head.drawFigures();
    } else if (frame.kind === FrameKind.MOVEMENTS) {
      app.heads.lanes.take(frame);
    }
  }

  /** @param {{type: string} & Record<string, unknown>} message */
  takeText(message) {
    const { app } = this;
    const before = new Set(app.state.incidents.map(({ incident_id: id }) => id));
    const part = app.state.take(message);
    if (part === null) return;
    if (part === "incidents") {
      app.places.showIncidents(app.state.incidents);
      this.announce(app.state.incidents.filter(({ incident_id: id }) => !before.has(id)));
    } else if (part === "parking") app.places.showLots(app.state.lots);
    else if (part === "devices" && app.ready) app.places.showUnits(app.state.devices);
    else if (part === "status") app.head.drawFigures();
    else if (part === "desk" || part === "events" || part === "corridors") app.workMap.draw();
    app.mapDesk.changed(part, app.state, app.feed.clock.now() / 1000);
    app.panels.changed(part);
  }

  /** What has just begun; a first picture also brings incidents of long ago. @param {import("./state.js").Incident[]} unseen */
  announce(unseen) {
    const { state, feed, links } = this.app;
    const now = feed.clock.now() / 1000;
    const fresh = unseen.filter(({ started }) => now - started < FRESH_S);
    byId("announcer", HTMLElement).textContent = fresh
      .map((incident) => t("incidents.announce", { kind: member("incident", incident.kind), place: links.nameOf(incident.link) }))
      .join(" ");
    if (fresh.some(({ incident_id: id }) => state.work.handled(id)?.mute == null)) ring();
  }
}
