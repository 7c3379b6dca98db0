// @ts-check
/** The page as a whole: feed in, map and panels out, and what a click does. */

import { AdviceMap } from "./advice_map.js";
import { commandsOf, wireButtons } from "./app_commands.js";
import { byId, icon, refill } from "./dom.js";
import { FeedDrawer } from "./feed_drawer.js";
import { fillPage, setLanguage, t } from "./i18n.js";
import { LabelMap } from "./label_map.js";
import { LinkTable } from "./link_table.js";
import { LinkLevels } from "./links.js";
import { MapDesk } from "./map_desk.js";
import { TILES, makeMap, restyle, watchView } from "./map_view.js";
import { MoverLayer } from "./mover_layer.js";
import { MoverStore } from "./mover_store.js";
import { PageHead } from "./page_head.js";
import { Panels } from "./panels.js";
import { Places } from "./places.js";
import { Plane } from "./plane.js";
import { Selection } from "./selection.js";
import { SignalOverlay } from "./signal_overlay.js";
import { SignalLines } from "./signal_lines.js";
import { Signals } from "./signals.js";
import { drawAccount } from "./sign_in_corner.js";
import { may } from "./sign_in_session.js";
import { State } from "./state.js";
import { MOVER_PALETTES, chosenTheme, speedColours, storeTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Keys } from "./work_keys.js";
import { WorkMap } from "./work_map.js";

/** @typedef {import("./feed.js").LiveFeed} LiveFeed */
/** @typedef {{name: string, box: [number, number, number, number]}} Overview */
/** @typedef {import("./link_table.js").Links} Links */

const CARD_EVERY_MS = 400;
const DETAIL_EVERY_MS = 2000;
const STATUS_EVERY_MS = 500;

export class App {
  /**
   * @param {Overview} overview
   * @param {import("./signals.js").SignalPlace[]} places
   * @param {import("./signals.js").GroupTable} groups
   * @param {Links} links
   * @param {LiveFeed} feed live
   */
  constructor(overview, places, groups, links, feed) {
    const [west, south, east, north] = overview.box;
    this.overview = overview;
    this.links = new LinkTable(links);
    this.theme = chosenTheme();
    this.plane = new Plane((west + east) / 2, (south + north) / 2);
    this.state = new State();
    this.map = makeMap(overview.box, this.theme);
    this.movers = new MoverStore();
    this.movers.glides = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.layer = new MoverLayer(this.map, this.movers, MOVER_PALETTES[this.theme]);
    this.layer.speedColours = speedColours(this.theme);
    this.signals = new Signals(places, groups);
    this.signalLines = new SignalLines(this.map, this.signals);
    this.levels = new LinkLevels(this.map);
    this.feed = feed;
    this.heads = new SignalOverlay(this.map, this.signals, () => this.feed.clock.now(), (link) => this.levels.queue(link));
    this.labels = new LabelMap(this.map, this.layer.canvas, TILES, () => this.theme);
    this.labels.onChange = () => this.mapDesk.applyNames();
    this.places = new Places(this.map, { incident: (id) => this.panels.openIncident(id) });
    this.selection = new Selection({
      map: this.map,
      plane: this.plane,
      movers: this.movers,
      layer: this.layer,
      signals: this.signals,
      levels: this.levels,
      serverNow: () => this.feed.clock.now(),
      pictureAge: () => this.head.pictureAge(),
      linkOf: (row) => this.links.of(row),
      fly: (lon, lat, zoom) => this.fly(lon, lat, zoom),
      recommended: (signal) => this.panels.recommended.of(signal),
      controlOf: (signal) => this.panels.recommended.controlOf(signal),
      hold: may("control_signals") ? (signal) => this.panels.hold(signal, "") : null,
      adviceTo: (device) => this.state.adviceTo(device),
      cleared: () => this.advice.clear(),
    });
    this.ready = false;
    this.styled = () => this.putBack();
    this.workMap = new WorkMap(this.map);
    this.workMap.state = this.state.work;
    this.drawer = new FeedDrawer(this);
    this.timeline = new Timeline({
      live: this.feed,
      map: this.map,
      names: () => this.labels.picture(),
      hear: (feed) => this.drawer.hear(feed),
      clear: () => this.drawer.clear(),
      serverNow: () => this.feed.clock.now(),
    });
    this.panels = new Panels({
      state: this.state,
      serverNow: () => this.feed.clock.now(),
      kindCounts: () => this.movers.kindCounts(),
      levelCounts: () => this.levels.counts,
      groupCounts: () => ({ known: this.signals.frame?.count ?? 0, all: groups.signal.length }),
      theme: () => this.theme,
      linkName: (row) => this.links.nameOf(row),
      fly: (lon, lat, zoom) => this.fly(lon, lat, zoom),
      showAdvice: (advisory) => this.advice.show(advisory),
      showUnits: (on) => this.ready && this.map.setLayoutProperty("units-dots", "visibility", on ? "visible" : "none"),
      work: this.state.work,
      map: this.workMap,
      signals: places,
      redrawPanel: () => this.panels.drawAll(),
    });
    this.advice = new AdviceMap({
      map: this.map,
      ready: () => this.ready,
      selection: this.selection,
      links,
      fly: (lon, lat, zoom) => this.fly(lon, lat, zoom),
      hold: (signal, advisory) => this.panels.hold(signal, advisory),
    });
    this.head = new PageHead({
      feed: this.feed,
      state: this.state,
      movers: this.movers,
      layer: this.layer,
      levels: this.levels,
      isLive: () => this.timeline.isLive,
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
      recolour: () => this.setTheme(this.theme),
      home: () => { this.map.fitBounds(this.overview.box, { padding: 24 }); },
    });
    this.keys = new Keys(() => commandsOf(this));
  }

  start() {
    this.map.on("load", this.styled);
    this.map.on("click", (event) => { if (!this.workMap.picked(event.lngLat) && !this.mapDesk.area.picked(event.lngLat)) this.selection.click(event); });
    this.map.on("dragstart", () => { this.selection.following = false; });
    this.map.on("error", ({ error }) => console.warn("map", error.message));
    // the task after a frame of the screen: asking for one more frame would cost as much as the picture itself
    this.layer.onPaint = () => setTimeout(() => this.head.painted());
    this.drawer.hear(this.feed);
    watchView(this.map, (box, zoom) => this.drawer.look(box, zoom));
    wireButtons(this);
    this.drawAll();
    this.timeline.followLink();
    this.mapDesk.start();
    setInterval(() => this.head.drawStatus(), STATUS_EVERY_MS);
    setInterval(() => this.selection.drawCard(), CARD_EVERY_MS);
    setInterval(() => this.selection.readDetail(), DETAIL_EVERY_MS);
  }

  /** @param {"zh" | "en"} language */
  setLanguage(language) {
    setLanguage(language);
    fillPage();
    this.restyle();
    this.drawAll();
    this.panels.translate();
    this.advice.translate();
    byId("announcer", HTMLElement).textContent = "";
  }

  /** @param {"light" | "dark"} theme */
  setTheme(theme) {
    this.theme = theme;
    storeTheme(theme);
    document.documentElement.dataset.theme = theme;
    this.layer.palette = MOVER_PALETTES[theme];
    this.layer.speedColours = speedColours(theme);
    this.restyle();
    this.drawAll();
  }

  /** Take over theme and language on the map; nothing of ours is put on a style that is not there yet. */
  restyle() {
    this.ready = this.levels.ready = this.mapDesk.ready = false;
    restyle(this.map, this.theme, this.styled);
    this.labels.restyle();
  }

  /** Put everything of ours on a style that was just loaded. */
  putBack() {
    this.ready = true;
    this.levels.ready = true;
    this.levels.repaint();
    this.signalLines.repaint();
    this.places.forgetUnits();
    this.places.showUnits(this.state.devices);
    this.map.setLayoutProperty("units-dots", "visibility", this.panels.devices.unitsShown ? "visible" : "none");
    this.selection.trail.draw();
    this.workMap.putBack();
    this.mapDesk.putBack();
  }

  drawAll() {
    drawAccount();
    byId("city", HTMLElement).textContent = this.overview.name;
    const dark = this.theme === "dark";
    refill(byId("theme", HTMLElement), [icon(dark ? "sun" : "moon"), t(dark ? "action.light" : "action.dark")]);
    this.panels.drawAll();
    this.timeline.draw();
    this.mapDesk.draw();
    this.head.drawFigures();
    this.head.drawStatus();
    this.selection.drawCard();
    this.places.showIncidents(this.state.incidents);
    this.places.showLots(this.state.lots);
    this.heads.drawn = "";
  }

  /**
   * @param {number} lon
   * @param {number} lat
   * @param {number} [zoom]
   */
  fly(lon, lat, zoom = 16) {
    this.map.flyTo({ center: [lon, lat], zoom, duration: this.movers.glides ? 900 : 0 });
  }
}
