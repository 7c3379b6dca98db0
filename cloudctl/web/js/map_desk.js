// @ts-check
/** Layers, filters, saved views, depths and wall mode of the map, tied to what draws. */

import { AreaFilter } from "./area_filter.js";
import { NAME_LAYERS } from "./base_style.js";
import { BusLayer } from "./bus_layer.js";
import { addCoverage } from "./coverage_layer.js";
import { DEPTHS, DepthBar, zoomOf } from "./depth_bar.js";
import { Districts } from "./districts.js";
import { FiltersBox } from "./filters_box.js";
import { Filters, NAMES_IN_ADDRESS } from "./filters_state.js";
import { writeHash } from "./hash_state.js";
import { drawLegend } from "./legend.js";
import { t } from "./i18n.js";
import { SavedViews } from "./saved_views.js";
import { mapPalette } from "./theme.js";
import { WallMode } from "./wall_mode.js";

/** @typedef {import("./filters_state.js").LayerName} LayerName */

/**
 * @typedef {object} Stage
 * @property {import("../vendor/maplibre-gl.mjs").Map} map
 * @property {import("./mover_layer.js").MoverLayer} layer
 * @property {import("./links.js").LinkLevels} levels
 * @property {import("./signal_overlay.js").SignalOverlay} heads
 * @property {import("./selection.js").Selection} selection
 * @property {import("./label_map.js").LabelMap} labels
 * @property {() => "light" | "dark"} theme
 * @property {[number, number, number, number]} box of the city
 * @property {() => void} home show the whole city
 * @property {() => void} recolour draw all in the colours that are chosen now
 */

/** @type {Partial<Record<LayerName, string[]>>} layers of the style by the name that switches them */
const STYLE_LAYERS = {
  signals: ["stop-lines", "connections"],
  stops: ["stops-dots"],
  priority: ["priority-rings"],
  coverage: ["coverage"],
};
/** @type {Record<string, LayerName>} name of what a layer with names belongs to, where it is not the names */
const NAMED_BY = { "stop-names": "stops", "bus-lines": "buses" };
const DEPTH_KEYS = { city: "c", corridor: "r", intersection: "i", device: "u" };

export class MapDesk {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.filters = new Filters();
    this.views = new SavedViews();
    this.buses = new BusLayer(stage.map, stage.labels);
    this.wall = new WallMode(this.views, (view) => this.show(view), () => stage.map.resize());
    this.depths = new DepthBar(stage.map, (depth) => this.go(depth), () => this.wholeZoom());
    this.districts = new Districts(() => { this.area.draw(); this.box.draw(); });
    this.area = new AreaFilter(stage.map, this.filters, this.districts, () => this.box.draw());
    this.box = new FiltersBox({ filters: this.filters, area: this.area, districts: this.districts, views: this.views, show: (view) => this.show(view), wall: () => this.wall.set(true), recolour: () => stage.recolour() });
    this.ready = false;
    this.filters.addEventListener("change", () => this.apply());
    addEventListener("hashchange", () => this.filters.read());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.wall.on) this.wall.set(false);
    });
  }

  /** Put what is ours on a style that was just loaded. */
  putBack() {
    const palette = mapPalette(this.stage.theme());
    this.ready = true;
    addCoverage(this.stage.map, palette);
    this.buses.putBack(palette);
    this.area.putBack(palette);
    this.apply();
  }

  draw() {
    this.depths.draw();
    this.box.draw();
    drawLegend(this.filters.layers.has("speed"));
  }

  /**
   * Take over a part of the state that changed.
   * @param {string} part
   * @param {import("./state.js").State} state
   * @param {number} now server time, s
   */
  changed(part, state, now) {
    if (part === "transit") this.buses.take(state.buses);
    if (part === "advisories" || part === "status") this.buses.takeRequests(state.advisories, now);
  }

  /** Let the map show what the filters say. */
  apply() {
    const { layers } = this.filters;
    const { layer, levels, heads, map } = this.stage;
    layer.visible = layers.has("movers");
    layer.density = layers.has("density");
    layer.speeds = layers.has("speed");
    layer.filter.follow(this.filters);
    if (this.filters.district) void this.districts.load();
    this.area.draw();
    drawLegend(layers.has("speed"));
    heads.visible = layers.has("signals");
    document.body.dataset.hide = [layers.has("incidents") ? "" : "incidents", layers.has("parking") ? "" : "parking"].join(" ").trim();
    levels.show(layers.has("levels"));
    if (this.ready) {
      for (const [name, ids] of Object.entries(STYLE_LAYERS)) {
        const visibility = layers.has(/** @type {LayerName} */ (name)) ? "visible" : "none";
        for (const id of ids) if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", visibility);
      }
    }
    this.applyNames();
    layer.redraw();
    heads.draw();
  }

  /** Names are drawn by one of the two maps. */
  applyNames() {
    const { labels, map } = this.stage;
    const { layers } = this.filters;
    this.buses.draw();
    for (const id of [...NAME_LAYERS, "bus-lines"]) {
      const wanted = layers.has(NAMED_BY[id] ?? "names");
      labels.showLayer(id, wanted);
      if (this.ready && map.getLayer(id)) map.setLayoutProperty(id, "visibility", wanted && !labels.stands ? "visible" : "none");
    }
  }

  /** @param {import("./saved_views.js").SavedView} view */
  show(view) {
    const held = new Map(view.hash.split("&").map((part) => /** @type {[string, string]} */ (part.split("=", 2))));
    writeHash(Object.fromEntries(NAMES_IN_ADDRESS.map((name) => [name, decodeURIComponent(held.get(name) ?? "") || null])));
    this.filters.read();
    const [zoom, lat, lon, bearing = 0] = (held.get("map") ?? "").split("/").map(Number);
    if (![zoom, lat, lon, bearing].every(Number.isFinite)) return;
    this.stage.map.jumpTo({ center: [lon, lat], zoom, bearing });
  }

  /** @param {import("./depth_bar.js").Depth} depth */
  go(depth) {
    const { map, layer } = this.stage;
    if (depth === "city") this.stage.home();
    else map.easeTo({ zoom: zoomOf(depth, this.wholeZoom()), duration: layer.store.glides ? 600 : 0 });
    if (depth === "device" && !this.filters.layers.has("coverage")) this.filters.toggleLayer("coverage");
  }

  /** Zoom at which the whole city is on screen. */
  wholeZoom() {
    return this.stage.map.cameraForBounds(this.stage.box, { padding: 24 })?.zoom ?? 0;
  }

  /** Choose what lies in the middle of the map. */
  chooseMiddle() {
    const { map, selection } = this.stage;
    const centre = map.getCenter();
    selection.click({ lngLat: centre, point: map.project(centre) });
  }

  /** @param {number} step */
  turn(step) {
    const view = this.views.turn(step);
    if (view) this.show(view);
  }

  /** What the keyboard can do on the map. */
  commands() {
    const { selection } = this.stage;
    return [
      ...DEPTHS.map((depth) => ({ key: DEPTH_KEYS[depth], text: t("keys.depth", { depth: t(`depth.${depth}`) }), act: () => this.go(depth) })),
      { key: "x", text: t("keys.choose"), act: () => this.chooseMiddle() },
      { key: "f", text: t("keys.follow"), act: () => selection.card.act.follow(!selection.following) },
      { key: "v", text: t("filters.title"), act: () => this.box.toggle() },
      { key: "d", text: t("layer.density"), act: () => this.filters.toggleLayer("density") },
      { key: "s", text: t("layer.speed"), act: () => this.filters.toggleLayer("speed") },
      { key: "p", text: t("filters.draw"), act: () => this.area.begin() },
      { key: "e", text: t("filters.terminals"), act: () => this.filters.toggleTerminals() },
      { key: "]", text: t("keys.nextView"), act: () => this.turn(1) },
      { key: "[", text: t("keys.lastView"), act: () => this.turn(-1) },
      { key: "w", text: t("views.wall"), act: () => this.wall.set(!this.wall.on) },
      { key: "t", text: t("action.theme"), act: () => document.getElementById("theme")?.click() },
      { key: "g", text: t("action.languageTitle"), act: () => document.getElementById("language")?.click() },
    ];
  }

  /** Enter wall mode where the address asks for it. */
  start() {
    this.wall.start();
  }
}
