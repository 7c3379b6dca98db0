// @ts-check
/** The left rail: one panel at a time. Each panel is drawn from the state and mirrors what the map shows. */

import { BusPanel } from "./bus_panel.js";
import { CorridorPanel } from "./corridor_panel.js";
import { DevicePanel } from "./device_panel.js";
import { byId, button, icon, make, refill } from "./dom.js";
import { EventPanel } from "./event_panel.js";
import { count, duration } from "./format.js";
import { member, t } from "./i18n.js";
import { IncidentPanel } from "./incident_panel.js";
import { adviceText, bar, byCause, group, rank } from "./panel_parts.js";
import { ParkingPanel } from "./parking_panel.js";
import { RecommendationPanel } from "./recommendation_panel.js";
import { may } from "./sign_in_session.js";
import { kindColour } from "./theme.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Advisory} Advisory */

/**
 * @typedef {object} Scene what the panels draw from, and what they can do
 * @property {State} state
 * @property {() => number} serverNow ms
 * @property {() => number[]} kindCounts road users in view by kind
 * @property {() => number[]} levelCounts links by level
 * @property {() => {known: number, all: number}} groupCounts
 * @property {() => "light" | "dark"} theme
 * @property {(row: number) => string} linkName
 * @property {(lon: number, lat: number, zoom?: number) => void} fly
 * @property {(advisory: Advisory) => void} showAdvice
 * @property {(visible: boolean) => void} showUnits
 * @property {import("./work_state.js").WorkState} work
 * @property {import("./work_map.js").WorkMap} map
 * @property {import("./recommendation_panel.js").Signal[]} signals
 * @property {() => void} redrawPanel
 */

const TABS = /** @type {const} */ (["overview", "incidents", "events", "control", "advisories", "buses", "parking", "devices"]);
/** @type {Partial<Record<typeof TABS[number], string[]>>} what a panel needs beyond the picture: any of these */
const NEEDS = { events: ["publish_event"], control: ["control_signals", "open_corridor"], buses: ["see_buses"], parking: ["see_parking"], devices: ["see_devices"] };
/** Parts of the feed that a panel draws from, beside the one of its own name. */
/** @type {Partial<Record<typeof TABS[number], string[]>>} */
const DRAWS = { incidents: ["desk"], control: ["holds", "corridors", "recommendations"] };
const ADVISORY_KINDS = ["glosa", "congestion", "diversion", "bus_priority", "parking", "event"];
const DEVICES_SHOWN = 80;
const ADVISORIES_SHOWN = 60;
const OVERVIEW_EVERY_MS = 1900;

export function shownTabs() {
  return TABS.filter((tab) => (NEEDS[tab] ?? ["see_picture"]).some((permission) => may(permission)));
}

export class Panels {
  /** @param {Scene} scene */
  constructor(scene) {
    this.scene = scene;
    /** @type {typeof TABS[number]} */
    this.tab = "overview";
    this.kind = "";
    this.search = "";
    this.unitsShown = false;
    this.body = byId("panel-body", HTMLElement);
    this.drawnAt = -Infinity;
    this.desk = new IncidentPanel(scene, () => this.redraw("incidents"));
    this.events = new EventPanel(scene, () => this.redraw("events"));
    this.control = new CorridorPanel(scene);
    this.lots = new ParkingPanel(scene);
    this.recommended = new RecommendationPanel(scene.signals, scene.state, (lon, lat) => scene.fly(lon, lat, 17), (signal) => this.hold(signal, ""));
    this.buses = new BusPanel(scene, () => this.redraw("buses"));
    this.unit = new DevicePanel(() => this.closeDevice());
    /** @type {Partial<Record<typeof TABS[number], {start: () => void, stop: () => void}>>} panels that ask while they are open */
    this.reading = { buses: this.buses, parking: this.lots };
    byId("tabs", HTMLElement).addEventListener("keydown", (event) => this.move(event));
  }

  /**
   * Draw again, where the part concerns the open panel.
   * @param {string} part
   */
  changed(part) {
    if (part === "incidents" || part === "desk") this.drawTabs();
    const drawn = DRAWS[this.tab]?.includes(part) || part === this.tab;
    // sums over the city need not follow every second
    if (part === "status" && this.tab === "overview" && performance.now() - this.drawnAt < OVERVIEW_EVERY_MS) return;
    if (drawn || (part === "status" && !["advisories", "devices", "buses", "events"].includes(this.tab))) this.drawBody();
  }

  /** @param {typeof TABS[number]} tab */
  redraw(tab) {
    if (tab === this.tab) this.drawBody();
  }

  drawAll() {
    this.drawTabs();
    byId("panel-title", HTMLElement).textContent = t(`nav.${this.tab}`);
    this.head = null;
    this.body.replaceChildren();
    this.drawBody();
  }

  drawTabs() {
    const open = this.desk.waiting();
    refill(byId("tabs", HTMLElement), shownTabs().map((tab) => {
      const chosen = tab === this.tab;
      const badge = tab === "incidents" && open > 0 ? [make("span", { class: "badge" }, [String(open)])] : [];
      return button(
        { class: "tab", role: "tab", id: `tab-${tab}`, "aria-selected": String(chosen), "aria-controls": "panel", tabindex: chosen ? 0 : -1, "data-key": tab },
        [icon(tab), t(`nav.${tab}`), ...badge],
        () => this.open(tab),
      );
    }));
    byId("panel", HTMLElement).setAttribute("aria-labelledby", `tab-${this.tab}`);
  }

  /** @param {typeof TABS[number]} tab */
  open(tab) {
    for (const panel of Object.values(this.reading)) panel.stop();
    this.tab = tab;
    this.reading[tab]?.start();
    this.drawAll();
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const tabs = shownTabs();
    this.open(tabs[(tabs.indexOf(this.tab) + step + tabs.length) % tabs.length]);
    document.getElementById(`tab-${this.tab}`)?.focus();
  }

  drawBody() {
    this.drawnAt = performance.now();
    const content = {
      overview: () => this.overview(),
      incidents: () => this.desk.list(),
      events: () => this.events.list(),
      control: () => [...this.control.list(), ...(may("control_signals") ? [this.recommended.list()] : [])],
      buses: () => this.buses.list(),
      advisories: () => this.advisories(),
      parking: () => this.lots.list(),
      devices: () => this.devices(),
    }[this.tab]();
    if (!this.head) {
      this.head = this.filters();
      this.list = make("div");
      this.body.replaceChildren(...this.head, this.list);
    }
    if (this.list) refill(this.list, content);
  }

  /** Controls that stay while the list below them changes. */
  filters() {
    if (this.tab === "advisories") return [this.kindFilter()];
    if (this.tab === "devices") return [this.unitsSwitch(), this.deviceSearch(), ...(this.unit.id ? [this.unit.element] : [])];
    if (this.tab === "incidents") return this.desk.head();
    if (this.tab === "events") return this.events.head();
    if (this.tab === "control") return this.control.head();
    if (this.tab === "buses") return this.buses.head();
    if (this.tab === "parking") return this.lots.head();
    return [];
  }

  overview() {
    const { known, all } = this.scene.groupCounts();
    return [
      this.levels(),
      this.kinds(),
      group(t("overview.signals"), [make("p", { class: "empty" }, [t("overview.signalsKnown", { known: count(known), all: count(all) })])]),
      this.latency(),
    ];
  }

  levels() {
    const counts = this.scene.levelCounts();
    const all = counts.slice(1).reduce((sum, value) => sum + value, 0);
    const rows = [1, 2, 3, 4, 5].flatMap((level) => bar(
      [make("span", { class: `swatch level-${level}` }), t(`level.${level}`)], counts[level], all, `level-${level}`,
    ));
    const note = make("p", { class: "empty" }, [all > 0 ? t("overview.unobserved") : t("overview.none")]);
    return group(t("overview.state"), [make("div", { class: "bars" }, rows), note]);
  }

  kinds() {
    const counts = this.scene.kindCounts();
    const all = Math.max(1, ...counts);
    const rows = counts.flatMap((value, kind) => {
      if (value === 0) return [];
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = kindColour(this.scene.theme(), kind);
      const cells = bar([swatch, t(`kind.${kind}`)], value, all, "");
      const fill = cells[1].firstElementChild;
      if (fill instanceof HTMLElement) fill.style.background = kindColour(this.scene.theme(), kind);
      return cells;
    });
    return group(t("overview.kinds"), rows.length ? [make("div", { class: "bars" }, rows)] : [make("p", { class: "empty" }, [t("overview.none")])]);
  }

  latency() {
    const stages = Object.entries(this.scene.state.status?.latency_ms ?? {});
    if (stages.length === 0) return group(t("overview.latency"), [make("p", { class: "empty" }, [t("overview.none")])]);
    const rows = stages.map(([stage, { p50, p99 }]) => make("tr", {}, [
      make("td", {}, [stage]),
      make("td", {}, [`${p50 === null ? "–" : Math.round(p50)} / ${p99 === null ? "–" : Math.round(p99)}`]),
    ]));
    return group(t("overview.latency"), [make("table", { class: "figure-table" }, [make("tbody", {}, rows)])]);
  }

  advisories() {
    const wanted = this.scene.state.advisories.filter(({ kind }) => this.kind === "" || kind === this.kind);
    const shown = byCause(wanted).slice(0, ADVISORIES_SHOWN);
    if (shown.length === 0) return [make("p", { class: "empty" }, [t("advisories.empty")])];
    const now = this.scene.serverNow() / 1000;
    return [make("ul", { class: "list" }, shown.map(([advisory, ...others]) => make("li", {}, [button(
      { class: "item", "data-key": advisory.id, title: advisory.reason },
      [make("span", { class: "sign" }, [icon("advisories")]), make("span", { class: "title" }, [member("advisory", advisory.kind)]),
        make("span", { class: "side" }, [t("device.seen", { time: duration(now - advisory.created) })]),
        make("span", { class: "more" }, [adviceText(advisory), ...(others.length ? [` · ${t("advisories.others", { count: others.length })}`] : [])])],
      () => this.scene.showAdvice(advisory),
    )])))];
  }

  kindFilter() {
    const options = ["", ...ADVISORY_KINDS].map((kind) => make("option", { value: kind, selected: kind === this.kind }, [kind ? t(`advisory.${kind}`) : t("advisories.all")]));
    const select = make("select", { "aria-label": t("advisories.filter") }, options);
    select.addEventListener("change", () => { this.kind = select.value; this.drawBody(); });
    return make("div", { class: "filter" }, [select]);
  }

  devices() {
    const { devices } = this.scene.state;
    if (devices.length === 0) return [make("p", { class: "empty" }, [t("devices.empty")])];
    const found = devices.filter(({ id }) => id.toLowerCase().includes(this.search)).toSorted((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
    const online = devices.filter((device) => device.online).length;
    const rows = found.slice(0, DEVICES_SHOWN).map((device) => make("li", {}, [this.device(device)]));
    const rest = found.length - rows.length;
    return [
      make("p", { class: "empty" }, [t("devices.online", { online: count(online), all: count(devices.length) })]),
      make("ul", { class: "list" }, rows),
      ...(rest > 0 ? [make("p", { class: "empty" }, [t("devices.more", { count: count(rest) })])] : []),
    ];
  }

  /** @param {import("./state.js").Device} device */
  device(device) {
    const rate = Object.values(device.rates).reduce((sum, value) => sum + value, 0);
    const refused = Object.values(device.refused).reduce((sum, value) => sum + value, 0);
    const more = [t("device.rate", { rate: rate.toFixed(1) })];
    if (device.latency_ms_p50 !== null && device.latency_ms_p50 !== undefined) more.push(t("device.latency", { ms: Math.round(device.latency_ms_p50) }));
    if (Math.abs(device.clock_offset_ms ?? 0) >= 100) more.push(t("device.clock", { ms: Math.round(device.clock_offset_ms ?? 0) }));
    if (refused > 0) more.push(t("device.refused", { count: count(refused) }));
    if (!device.online && device.last_seen) more.unshift(t("device.seen", { time: duration(this.scene.serverNow() / 1000 - device.last_seen) }));
    const { lon, lat } = device;
    return button(
      { class: "item", "data-key": device.id },
      [make("span", { class: rank(device) === 0 ? "sign alert" : "sign" }, [icon("devices")]), make("span", { class: "title" }, [device.id]),
        make("span", { class: "side" }, [make("span", { class: device.online ? "dot good" : rank(device) === 0 ? "dot bad" : "dot" }), t(device.online ? "device.online" : "device.offline")]),
        make("span", { class: "more" }, [more.join(" · ")])],
      () => {
        if (lon !== null && lat !== null && lon !== undefined) this.scene.fly(lon, lat, 17);
        this.openDevice(device.id);
      },
    );
  }

  /** @param {string} id */
  openDevice(id) {
    this.unit.open(id);
    this.drawAll();
    this.body.scrollTop = 0;
  }

  closeDevice() {
    this.unit.id = "";
    this.drawAll();
  }

  /**
   * Take a signal under hold because of an advisory.
   * @param {string} signal
   * @param {string} advisory
   */
  hold(signal, advisory) {
    this.open("control");
    this.control.beginHold(signal, advisory);
  }

  unitsSwitch() {
    const box = make("input", { type: "checkbox", id: "units-shown" });
    box.checked = this.unitsShown;
    box.addEventListener("change", () => { this.unitsShown = box.checked; this.scene.showUnits(box.checked); });
    return make("div", { class: "check" }, [box, make("label", { for: "units-shown" }, [t("devices.onMap")])]);
  }

  deviceSearch() {
    const input = make("input", { type: "search", "aria-label": t("devices.find"), placeholder: t("devices.find") });
    input.value = this.search;
    input.addEventListener("input", () => { this.search = input.value.trim().toLowerCase(); this.drawBody(); });
    return make("div", { class: "filter" }, [input]);
  }
}
