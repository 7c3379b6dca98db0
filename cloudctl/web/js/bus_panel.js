// @ts-check
/** Buses that the user may see: line, lateness, headways, next arrivals. */

import { button, icon, make, refill } from "./dom.js";
import { clockTime, duration } from "./format.js";
import { member, t } from "./i18n.js";
import { lineDiagram } from "./line_diagram.js";
import { phrase } from "./phrases.js";
import { call } from "./sign_in_api.js";
import { note, select } from "./work_parts.js";

const EVERY_MS = 3000;
const SHOWN = 80;
const LATE_S = 120;
const REQUESTS = 5;

/** @typedef {{vehicle: string, line: string, lon: number, lat: number, next_stop: string | null, at_stop: boolean, lateness: number | null, headway_ahead: number | null, headway_behind: number | null, headway_planned: number | null, passengers: number | null, capacity: number | null}} Bus */

export class BusPanel {
  /**
   * @param {import("./panels.js").Scene} scene
   * @param {() => void} redraw
   */
  constructor(scene, redraw) {
    this.scene = scene;
    this.redraw = redraw;
    this.line = "";
    /** @type {Bus[]} */
    this.buses = [];
    this.chosen = "";
    this.detail = make("div", { class: "bus-detail" });
    this.ways = make("div", { class: "bus-ways" });
    this.lines = make("div", { class: "filter" });
    this.timer = 0;
  }

  head() {
    return [this.lines, this.ways, this.detail];
  }

  start() {
    this.read();
    this.timer = setInterval(() => this.read(), EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
  }

  /** Draw what is chosen in another language. */
  translate() {
    delete this.lines.dataset.names;
    if (this.buses.length) this.drawLines();
    this.readLine();
    if (this.chosen) this.readOne();
  }

  async read() {
    const found = await call("GET", "transit/buses").catch(() => null);
    if (!found) return;
    this.buses = found.items;
    this.drawLines();
    this.redraw();
    await Promise.all([this.readLine(), this.chosen ? this.readOne() : null]);
  }

  drawLines() {
    const names = [...new Set(this.buses.map(({ line }) => line))].toSorted();
    if (this.lines.dataset.names === names.join("\n")) return;
    this.lines.dataset.names = names.join("\n");
    const options = /** @type {[string, string][]} */ ([["", t("bus.allLines")], ...names.map((name) => [name, name])]);
    this.lines.replaceChildren(select(options, this.line, t("bus.line"), (value) => { this.line = value; this.redraw(); this.readLine(); }));
  }

  /** Draw the ways of the chosen line with their buses. */
  async readLine() {
    const { line } = this;
    const found = line ? await call("GET", `transit/lines/${encodeURIComponent(line)}`).catch(() => null) : null;
    if (line !== this.line) return;
    /** @type {import("./line_diagram.js").Pattern[]} */
    const patterns = found?.patterns.filter((/** @type {any} */ way) => way.buses.length > 0) ?? [];
    this.ways.replaceChildren(...patterns.flatMap((way) => [
      make("h3", {}, [t("diagram.way", { from: way.stops[0]?.name ?? "–", to: way.stops.at(-1)?.name ?? "–" })]), lineDiagram(way, this.chosen),
    ]));
  }

  list() {
    const shown = this.buses.filter(({ line }) => this.line === "" || line === this.line).toSorted((a, b) => (b.lateness ?? 0) - (a.lateness ?? 0));
    if (shown.length === 0) return [note([t("bus.none")])];
    return [make("ul", { class: "list" }, shown.slice(0, SHOWN).map((bus) => make("li", {}, [this.item(bus)])))];
  }

  /** @param {Bus} bus */
  item(bus) {
    const headways = t("bus.headways", { ahead: seconds(bus.headway_ahead), behind: seconds(bus.headway_behind), planned: seconds(bus.headway_planned) });
    const load = bus.passengers === null ? "" : t("bus.load", { count: bus.passengers, most: bus.capacity ?? "?" });
    return button({ class: "item", "data-key": `bus-${bus.vehicle}`, "aria-pressed": String(bus.vehicle === this.chosen) }, [
      make("span", { class: (bus.lateness ?? 0) > LATE_S ? "sign alert" : "sign" }, [icon("buses")]),
      make("span", { class: "title" }, [`${bus.line} · ${bus.vehicle}`]), make("span", { class: "side" }, [lateness(bus.lateness)]),
      make("span", { class: "more" }, [[headways, load].filter(Boolean).join(" · ")]),
    ], () => { this.chosen = bus.vehicle; this.scene.fly(bus.lon, bus.lat, 16); this.readOne(); this.redraw(); });
  }

  async readOne() {
    const vehicle = this.chosen;
    const [bus, requests] = await Promise.all([call("GET", `transit/buses/${encodeURIComponent(vehicle)}`).catch(() => null), this.requests(vehicle)]);
    if (vehicle !== this.chosen) return;
    if (!bus) { this.detail.replaceChildren(); return; }
    /** @type {any[]} */
    const arrivals = bus.arrivals ?? [];
    refill(this.detail, [make("h3", {}, [t("bus.arrivals", { vehicle })]), make("table", { class: "figure-table" }, [make("tbody", {}, arrivals.slice(0, 8).map((each) => make("tr", {}, [
      make("td", {}, [each.stop_name ?? each.name ?? each.stop]), make("td", {}, [clockTime(Date.parse(each.expected))]),
      make("td", {}, [`${clockTime(Date.parse(each.earliest))}–${clockTime(Date.parse(each.latest))}`]),
    ])))]), ...requests]);
  }

  /**
   * What was asked of the signals for a bus lately, and what came of it.
   * @param {string} vehicle
   */
  async requests(vehicle) {
    const found = await call("GET", "transit/priority-requests").catch(() => null);
    /** @type {{vehicle: string, signal: string, requested: string, status: string, gained: number | null, reason: string}[]} */
    const items = (found?.items ?? []).filter((/** @type {any} */ each) => each.vehicle === vehicle).slice(0, REQUESTS);
    if (items.length === 0) return [];
    return [make("h3", {}, [t("bus.priority")]), make("table", { class: "figure-table" }, [make("tbody", {}, items.map((each) => make("tr", { title: phrase(each.reason) }, [
      make("td", {}, [each.signal]), make("td", {}, [clockTime(Date.parse(each.requested))]), make("td", {}, [member("delivery", each.status)]),
      make("td", {}, [each.gained === null ? "–" : t("bus.gained", { time: duration(each.gained) })]),
    ])))])];
  }
}

/** @param {number | null} value s */
function seconds(value) {
  return value === null ? "–" : duration(value);
}

/** @param {number | null} value s behind the timetable */
function lateness(value) {
  if (value === null) return t("bus.unknown");
  if (Math.abs(value) < 30) return t("bus.onTime");
  return t(value > 0 ? "bus.late" : "bus.early", { time: duration(Math.abs(value)) });
}
