// @ts-check
/** The page as a whole: feed in, map and panels out, and what a click does. */

import { GeoJSONSource } from "../vendor/maplibre-gl.mjs";
import { empty } from "./base_style.js";
import { byId, icon, make, refill } from "./dom.js";
import { count } from "./format.js";
import { FrameKind } from "./frames.js";
import { currentLanguage, fillPage, member, nameOf, setLanguage, t } from "./i18n.js";
import { LabelMap } from "./label_map.js";
import { LinkLevels } from "./links.js";
import { MapDesk } from "./map_desk.js";
import { TILES, makeMap, restyle, watchView } from "./map_view.js";
import { MoverLayer } from "./mover_layer.js";
import { MoverStore } from "./mover_store.js";
import { showAdvisory } from "./advisory_panel.js";
import { ring } from "./incident_panel.js";
import { Panels, shownTabs } from "./panels.js";
import { Places } from "./places.js";
import { Plane } from "./plane.js";
import { Selection } from "./selection.js";
import { SignalOverlay } from "./signal_overlay.js";
import { SignalLines } from "./signal_lines.js";
import { Signals } from "./signals.js";
import { drawAccount } from "./sign_in_corner.js";
import { may, whoAmI } from "./sign_in_session.js";
import { State } from "./state.js";
import { drawStatus, gradeOf } from "./status_bar.js";
import { MOVER_PALETTES, chosenTheme, storeTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Keys } from "./work_keys.js";
import { WorkMap } from "./work_map.js";

/** @typedef {import("./feed.js").LiveFeed} LiveFeed */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {{name: string, box: [number, number, number, number]}} Overview */
/** @typedef {{id: string[], name_zh: string[], name_en: string[]}} LinkTable */

const LATENCIES = 150;
/** A frame that was handed over is on screen with the next refresh. */
const REFRESH_MS = 1000 / 60;
const CARD_EVERY_MS = 400;
const DETAIL_EVERY_MS = 2000;
const STATUS_EVERY_MS = 500;
const MOVER_KINDS = new Set(/** @type {number[]} */ ([FrameKind.MOVERS, FrameKind.MOVER_KEY, FrameKind.MOVER_ENTRIES, FrameKind.MOVER_MOVES]));

export class App {
  /**
   * @param {Overview} overview
   * @param {import("./signals.js").SignalPlace[]} places
   * @param {import("./signals.js").GroupTable} groups
   * @param {LinkTable} links
   * @param {LiveFeed} feed live
   */
  constructor(overview, places, groups, links, feed) {
    const [west, south, east, north] = overview.box;
    this.overview = overview;
    this.linkTable = links;
    this.theme = chosenTheme();
    this.plane = new Plane((west + east) / 2, (south + north) / 2);
    this.state = new State();
    this.map = makeMap(overview.box, this.theme);
    this.movers = new MoverStore();
    this.movers.glides = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.layer = new MoverLayer(this.map, this.movers, MOVER_PALETTES[this.theme]);
    this.signals = new Signals(places, groups);
    this.signalLines = new SignalLines(this.map, this.signals);
    this.levels = new LinkLevels(this.map);
    this.feed = feed;
    this.heads = new SignalOverlay(this.map, this.signals, () => this.feed.clock.now(), (link) => this.levels.queue(link));
    this.labels = new LabelMap(this.map, this.layer.canvas, TILES, () => this.theme);
    this.labels.onChange = () => this.mapDesk.applyNames();
    this.places = new Places(this.map, { incident: (id) => this.showIncident(id) });
    this.selection = new Selection({
      map: this.map,
      plane: this.plane,
      movers: this.movers,
      layer: this.layer,
      signals: this.signals,
      levels: this.levels,
      serverNow: () => this.feed.clock.now(),
      pictureAge: () => this.pictureAge(),
      linkOf: (row) => this.link(row),
      fly: (lon, lat, zoom) => this.fly(lon, lat, zoom),
      recommended: (signal) => this.panels.recommended.of(signal),
      controlOf: (signal) => this.panels.recommended.controlOf(signal),
      hold: may("control_signals") ? (signal) => this.panels.hold(signal, "") : null,
      cleared: () => this.showAvoided([], []),
    });
    /** @type {number[]} */
    this.latencies = [];
    this.ready = false;
    /** What the figures in the head said when they were last built. */
    this.figuresDrawn = "";
    /** @type {Set<LiveFeed>} feeds that are listened to already */
    this.known = new Set();
    this.workMap = new WorkMap(this.map);
    this.workMap.state = this.state.work;
    /** @type {LiveFeed} the feed that is drawn: live, or of a stored period */
    this.heard = this.feed;
    this.timeline = new Timeline({
      live: this.feed,
      map: this.map,
      names: () => this.labels.picture(),
      hear: (feed) => this.hear(feed),
      clear: () => this.clear(),
      serverNow: () => this.feed.clock.now(),
    });
    this.panels = new Panels({
      state: this.state,
      serverNow: () => this.feed.clock.now(),
      kindCounts: () => this.movers.kindCounts(),
      levelCounts: () => this.levels.counts,
      groupCounts: () => ({ known: this.signals.frame?.count ?? 0, all: groups.signal.length }),
      theme: () => this.theme,
      linkName: (row) => this.linkName(row),
      fly: (lon, lat, zoom) => this.fly(lon, lat, zoom),
      showAdvice: (advisory) => this.showAdvice(advisory),
      showUnits: (on) => this.map.setLayoutProperty("units-dots", "visibility", on ? "visible" : "none"),
      work: this.state.work,
      map: this.workMap,
      signals: places,
      redrawPanel: () => this.panels.drawAll(),
    });
    this.mapDesk = new MapDesk({
      map: this.map,
      layer: this.layer,
      levels: this.levels,
      heads: this.heads,
      selection: this.selection,
      labels: this.labels,
      theme: () => this.theme,
      box: overview.box,
      home: () => { this.map.fitBounds(this.overview.box, { padding: 24 }); },
    });
    this.keys = new Keys(() => this.commands());
  }

  start() {
    this.map.on("load", () => this.putBack());
    this.map.on("click", (event) => { if (!this.workMap.picked(event.lngLat)) this.selection.click(event); });
    this.map.on("dragstart", () => { this.selection.following = false; });
    this.map.on("error", ({ error }) => console.warn("map", error.message));
    // the task after a frame of the screen: asking for one more frame would cost as much as the picture itself
    this.layer.onPaint = () => setTimeout(() => this.painted());
    this.hear(this.feed);
    watchView(this.map, (box, zoom) => {
      this.feed.look({ box, zoom });
      if (this.heard !== this.feed) this.heard.look({ box, zoom });
    });
    this.wireButtons();
    this.drawAll();
    this.timeline.followLink();
    this.mapDesk.start();
    setInterval(() => this.drawStatus(), STATUS_EVERY_MS);
    setInterval(() => this.selection.drawCard(), CARD_EVERY_MS);
    setInterval(() => this.selection.readDetail(), DETAIL_EVERY_MS);
  }

  /**
   * Draw frames and texts of a feed from now on, and no other's.
   * @param {LiveFeed} feed
   */
  hear(feed) {
    this.heard = feed;
    this.movers.forget();
    this.levels.epoch = -1;
    this.heads.lanes.forget();
    if (this.known.has(feed)) {
      feed.lookAnew();
      return;
    }
    this.known.add(feed);
    feed.addEventListener("frame", (event) => { if (this.heard === feed) this.takeFrame(/** @type {CustomEvent<Frame>} */ (event).detail); });
    feed.addEventListener("text", (event) => { if (this.heard === feed) this.takeText(/** @type {CustomEvent} */ (event).detail); });
    feed.listen();
  }

  /** Forget what belongs to the moment that was on screen. */
  clear() {
    this.state.clear();
    this.selection.choose(null);
    this.places.showIncidents([]);
    this.panels.drawAll();
  }

  /** What the keyboard can do now. */
  commands() {
    const tabs = shownTabs().map((tab, index) => ({ key: String(index + 1), text: t("keys.open", { name: t(`nav.${tab}`) }), act: () => { this.panels.open(tab); byId("panel", HTMLElement).focus(); } }));
    const { desk } = this.panels;
    const step = (/** @type {number} */ by) => { if (this.panels.tab !== "incidents") this.panels.open("incidents"); desk.step(by); };
    const handles = may("handle_incidents") ? [
      { key: "a", text: t("keys.ack"), act: () => { desk.acknowledge(); } },
      { key: "m", text: t("keys.mine"), act: () => { desk.assign(whoAmI()?.name ?? ""); } },
      { key: "n", text: t("keys.note"), act: () => document.getElementById("incident-note")?.focus() },
    ] : [];
    return [
      ...tabs,
      { key: "j", text: t("keys.next"), act: () => step(1) },
      { key: "k", text: t("keys.previous"), act: () => step(-1) },
      ...handles,
      { key: " ", text: t("keys.pause"), act: () => this.timeline.toggle() },
      { key: "l", text: t("keys.live"), act: () => this.timeline.goLive() },
      { key: "h", text: t("map.home"), act: () => byId("home", HTMLElement).click() },
      ...this.mapDesk.commands(),
      { key: "+", text: t("map.zoomIn"), act: () => { this.map.zoomIn(); } },
      { key: "-", text: t("map.zoomOut"), act: () => { this.map.zoomOut(); } },
    ];
  }

  wireButtons() {
    byId("zoom-in", HTMLElement).onclick = () => this.map.zoomIn();
    byId("zoom-out", HTMLElement).onclick = () => this.map.zoomOut();
    byId("home", HTMLElement).onclick = () => this.map.fitBounds(this.overview.box, { padding: 24 });
    byId("language", HTMLElement).onclick = () => this.setLanguage(currentLanguage() === "zh" ? "en" : "zh");
    byId("theme", HTMLElement).onclick = () => this.setTheme(this.theme === "dark" ? "light" : "dark");
  }

  /** @param {"zh" | "en"} language */
  setLanguage(language) {
    setLanguage(language);
    fillPage();
    restyle(this.map, this.theme, () => this.putBack());
    this.labels.restyle();
    this.drawAll();
  }

  /** @param {"light" | "dark"} theme */
  setTheme(theme) {
    this.theme = theme;
    storeTheme(theme);
    document.documentElement.dataset.theme = theme;
    this.layer.palette = MOVER_PALETTES[theme];
    restyle(this.map, theme, () => this.putBack());
    this.labels.restyle();
    this.drawAll();
  }

  /** Put everything of ours on a style that was just loaded. */
  putBack() {
    this.ready = true;
    this.levels.ready = true;
    this.levels.repaint();
    this.signalLines.repaint();
    this.places.forgetUnits();
    this.places.showUnits(this.state.devices);
    this.map.setLayoutProperty("units-dots", "visibility", this.panels.unitsShown ? "visible" : "none");
    this.selection.trail.draw();
    this.workMap.putBack();
    this.mapDesk.putBack();
  }

  drawAll() {
    drawAccount();
    byId("city", HTMLElement).textContent = this.overview.name;
    const dark = this.theme === "dark";
    refill(byId("theme", HTMLElement), [icon(dark ? "sun" : "moon"), t(dark ? "action.light" : "action.dark")]);
    refill(byId("legend", HTMLElement), [1, 2, 3, 4, 5].map((level) => make("span", {}, [make("span", { class: `swatch line level-${level}` }), t(`level.${level}`)])));
    this.panels.drawAll();
    this.timeline.draw();
    this.mapDesk.draw();
    this.drawFigures();
    this.drawStatus();
    this.selection.drawCard();
    this.places.showIncidents(this.state.incidents);
    this.places.showLots(this.state.lots);
    this.heads.drawn = "";
  }

  /** @param {Frame} frame */
  takeFrame(frame) {
    if (MOVER_KINDS.has(frame.kind)) {
      if (!this.movers.take(frame, performance.now())) return;
      this.selection.follow();
      this.layer.redraw();
    } else if (frame.kind === FrameKind.SIGNALS) {
      this.signals.take(frame);
      if (this.ready) this.signalLines.update(this.feed.clock.now());
    } else if (frame.kind === FrameKind.LINKS || frame.kind === FrameKind.LINK_CHANGES) {
      this.levels.take(frame);
      this.drawFigures();
    } else if (frame.kind === FrameKind.MOVEMENTS) {
      this.heads.lanes.take(frame);
    }
  }

  /** @param {{type: string} & Record<string, unknown>} message */
  takeText(message) {
    const before = new Set(this.state.incidents.map(({ incident_id: id }) => id));
    const part = this.state.take(message);
    if (part === null) return;
    if (part === "incidents") {
      this.places.showIncidents(this.state.incidents);
      this.announce(this.state.incidents.filter(({ incident_id: id }) => !before.has(id)));
    } else if (part === "parking") this.places.showLots(this.state.lots);
    else if (part === "devices" && this.ready) this.places.showUnits(this.state.devices);
    else if (part === "status") this.drawFigures();
    else if (part === "desk" || part === "events" || part === "corridors") this.workMap.draw();
    this.mapDesk.changed(part, this.state, this.feed.clock.now() / 1000);
    this.panels.changed(part);
  }

  /** @param {import("./state.js").Incident[]} fresh */
  announce(fresh) {
    byId("announcer", HTMLElement).textContent = fresh
      .map((incident) => t("incidents.announce", { kind: member("incident", incident.kind), place: this.linkName(incident.link) }))
      .join(" ");
    if (fresh.some(({ incident_id: id, started }) => this.state.work.handled(id)?.mute == null && this.feed.clock.now() / 1000 - started < 60)) ring();
  }

  painted() {
    if (!this.movers.frame) return;
    const age = this.feed.clock.now() + REFRESH_MS - this.movers.frame.timeMs;
    this.feed.painted(age);
    if (this.latencies.length === 0) this.drawStatus();
    this.latencies = [...this.latencies.slice(1 - LATENCIES), age];
  }

  drawFigures() {
    const { status } = this.state;
    const congested = this.levels.counts[4] + this.levels.counts[5];
    const open = this.state.incidents.length;
    const figures = [
      ["figure.movers", status?.movers ?? null, false],
      ["figure.buses", status?.kinds[4] ?? null, false],
      ["figure.equipped", status?.terminals ?? null, false],
      ["figure.congested", congested, false],
      ["figure.incidents", open, open > 0],
    ];
    const text = JSON.stringify([figures, t("figure.movers")]);
    if (text === this.figuresDrawn) return;
    this.figuresDrawn = text;
    refill(byId("figures", HTMLElement), figures.map(([key, value, alerting]) => make("div", { class: alerting ? "alerting" : "" }, [
      make("dt", {}, [t(String(key))]), make("dd", {}, [value === null ? "–" : count(Number(value))]),
    ])));
  }

  /** Age of the picture on screen, null before the first. */
  pictureAge() {
    if (!may("see_trajectories")) return this.state.status?.picture_age_ms ?? null;
    return this.movers.frame ? Math.max(0, this.feed.clock.now() - this.movers.frame.timeMs) : null;
  }

  drawStatus() {
    const age = this.pictureAge();
    const stale = gradeOf(age) !== "";
    if (stale !== this.layer.stale) {
      this.layer.stale = stale;
      this.layer.redraw();
    }
    const sorted = this.latencies.toSorted((a, b) => a - b);
    drawStatus({
      link: this.timeline.isLive ? this.feed.state : "open",
      status: this.state.status,
      ageMs: age,
      p95: sorted.length ? sorted[Math.floor(sorted.length * 0.95)] : null,
      inView: this.movers.count,
      serverNow: this.feed.clock.now(),
    });
  }

  /** @param {string} id */
  showIncident(id) {
    const incident = this.state.incidents.find(({ incident_id: known }) => known === id);
    if (!incident) return;
    this.selection.choose(null);
    this.selection.card.showText(member("incident", incident.kind), this.linkName(incident.link), [incident.evidence]);
  }

  /** @param {import("./state.js").Advisory} advisory */
  showAdvice(advisory) {
    this.selection.choose(null);
    const { points, avoid } = advisory.content;
    this.showAvoided(Array.isArray(points) ? points : [], Array.isArray(avoid) ? avoid : []);
    this.fly(advisory.lon, advisory.lat, 15.5);
    showAdvisory(this.selection.card, advisory, (signal, id) => this.panels.hold(signal, id));
  }

  /**
   * Show a way, and the links that it avoids.
   * @param {[number, number][]} points
   * @param {string[]} links
   */
  showAvoided(points, links) {
    const rows = links.map((link) => this.linkTable.id.indexOf(link)).filter((row) => row >= 0);
    if (this.ready) this.map.setFilter("advice-avoid", ["in", ["id"], ["literal", rows]]);
    const source = this.map.getSource("advice");
    if (!(source instanceof GeoJSONSource)) return;
    source.setData(points.length < 2 ? empty() : { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } });
  }

  /**
   * @param {number} lon
   * @param {number} lat
   * @param {number} [zoom]
   */
  fly(lon, lat, zoom = 16) {
    this.map.flyTo({ center: [lon, lat], zoom, duration: this.movers.glides ? 900 : 0 });
  }

  /** @param {number} row */
  link(row) {
    return { id: this.linkTable.id[row] ?? "", name_zh: this.linkTable.name_zh[row] ?? "", name_en: this.linkTable.name_en[row] ?? "" };
  }

  /** @param {number} row */
  linkName(row) {
    return row < 0 || row >= this.linkTable.id.length ? "" : nameOf(this.link(row));
  }
}
