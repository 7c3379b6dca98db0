// @ts-check
/** The left rail: one panel at a time. Each panel is drawn from the state and mirrors what the map shows. */

import { AdvisoryList } from "./advisory_list.js";
import { BusPanel } from "./bus_panel.js";
import { CorridorPanel } from "./corridor_panel.js";
import { DeviceList } from "./device_list.js";
import { byId, button, icon, make, refill } from "./dom.js";
import { EventPanel } from "./event_panel.js";
import { t } from "./i18n.js";
import { IncidentPanel } from "./incident_panel.js";
import { OverviewPanel } from "./overview_panel.js";
import { ParkingPanel } from "./parking_panel.js";
import { RecommendationPanel } from "./recommendation_panel.js";
import { may } from "./sign_in_session.js";

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
    this.body = byId("panel-body", HTMLElement);
    this.drawnAt = -Infinity;
    this.overview = new OverviewPanel(scene);
    this.advisories = new AdvisoryList(scene, () => this.redraw("advisories"));
    this.devices = new DeviceList(scene, () => this.redraw("devices"), () => this.drawAll());
    this.desk = new IncidentPanel(scene, () => this.redraw("incidents"));
    this.events = new EventPanel(scene, () => this.redraw("events"));
    this.control = new CorridorPanel(scene);
    this.lots = new ParkingPanel(scene);
    this.recommended = new RecommendationPanel(scene.signals, scene.state, (lon, lat) => scene.fly(lon, lat, 17), (signal) => this.hold(signal, ""));
    this.buses = new BusPanel(scene, () => this.redraw("buses"));
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

  /** Draw again in another language, what is open above a list too. */
  translate() {
    this.desk.drawHand();
    this.lots.read();
    this.buses.translate();
    if (this.devices.unit.id) this.devices.unit.open(this.devices.unit.id);
    this.drawAll();
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
      overview: () => this.overview.list(),
      incidents: () => this.desk.list(),
      events: () => this.events.list(),
      control: () => [...this.control.list(), ...(may("control_signals") ? [this.recommended.list()] : [])],
      buses: () => this.buses.list(),
      advisories: () => this.advisories.list(),
      parking: () => this.lots.list(),
      devices: () => this.devices.list(),
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
    const parts = { incidents: this.desk, events: this.events, control: this.control, advisories: this.advisories, buses: this.buses, parking: this.lots, devices: this.devices };
    return this.tab === "overview" ? [] : parts[this.tab].head();
  }

  /**
   * Open an incident that was chosen on the map.
   * @param {string} id
   */
  openIncident(id) {
    const incident = this.scene.state.incidents.find(({ incident_id: known }) => known === id);
    if (!incident) return;
    this.open("incidents");
    this.desk.take(incident);
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
}
