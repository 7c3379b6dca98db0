// @ts-check
/** Car parks: free places now, and one of them with its outlook: how likely a place is, and how many. */

import { button, icon, make, refill } from "./dom.js";
import { clockTime, duration } from "./format.js";
import { nameOf, t } from "./i18n.js";
import { freePlaces } from "./places.js";
import { call } from "./sign_in_api.js";
import { note } from "./work_parts.js";

/** @typedef {import("./state.js").Lot} Lot */
/** @typedef {{time: string, probability: number, free: number, free_low: number, free_high: number}} Outlook */

const EVERY_MS = 10_000;
const STEPS = 8;

export class ParkingPanel {
  /** @param {import("./panels.js").Scene} scene */
  constructor(scene) {
    this.scene = scene;
    this.chosen = "";
    this.detail = make("section", { class: "in-hand", hidden: true });
    this.timer = 0;
  }

  start() {
    this.stop();
    this.timer = setInterval(() => this.read(), EVERY_MS);
    this.read();
  }

  stop() {
    clearInterval(this.timer);
  }

  head() {
    return [this.detail];
  }

  list() {
    const { lots } = this.scene.state;
    if (lots.length === 0) return [note([t("parking.empty")])];
    return [make("ul", { class: "list" }, lots.map((lot) => make("li", {}, [this.item(lot)])))];
  }

  /** @param {Lot} lot */
  item(lot) {
    const free = freePlaces(lot);
    const age = lot.updated === null ? "" : t("device.seen", { time: duration(this.scene.serverNow() / 1000 - lot.updated) });
    return button(
      { class: "item", "data-key": lot.id, "aria-pressed": String(lot.id === this.chosen) },
      [make("span", { class: "sign" }, [icon("parking")]), make("span", { class: "title" }, [nameOf(lot)]),
        make("span", { class: "side" }, free === null ? [t("parking.unknown")] : [make("span", { class: "big" }, [String(free)]), ` ${t("parking.free")}`]),
        make("span", { class: "more" }, [[t("parking.of", { capacity: lot.capacity ?? "?" }), age].filter(Boolean).join(" · ")])],
      () => {
        this.scene.fly(lot.lon, lot.lat, 16.5);
        this.chosen = lot.id;
        this.drawWaiting(lot);
        this.read();
      },
    );
  }

  /** @param {Lot} lot chosen just now */
  drawWaiting(lot) {
    this.detail.hidden = false;
    refill(this.detail, [make("h3", {}, [nameOf(lot), " ", make("small", {}, [lot.id])]), make("p", { class: "hint waiting" }, ["…"])]);
  }

  /** Ask for the outlook of the chosen lot. */
  async read() {
    const id = this.chosen;
    if (!id) return;
    const lot = await call("GET", `parking/lots/${encodeURIComponent(id)}`).catch(() => null);
    if (id !== this.chosen) return;
    this.detail.hidden = lot === null;
    if (lot) this.draw(lot);
  }

  /** @param {any} lot */
  draw(lot) {
    /** @type {Outlook[]} */
    const outlook = lot.outlook ?? [];
    const price = lot.price ? [t("parking.price", { value: lot.price.per_hour, currency: lot.price.currency })] : [];
    const more = [t("parking.underWay", { count: lot.under_way ?? 0 }), ...price, ...(lot.open === false ? [t("parking.closed")] : [])];
    refill(this.detail, [
      make("h3", {}, [nameOf(lot), " ", make("small", {}, [lot.id])]),
      make("p", { class: "evidence" }, [more.join(" · ")]),
      ...(outlook.length ? [table(outlook)] : [make("p", { class: "hint" }, [t("parking.noOutlook")])]),
      make("div", { class: "acts" }, [button({ class: "quiet", "data-key": "lot-close" }, [t("action.close")], () => {
        this.chosen = "";
        this.detail.hidden = true;
      })]),
    ]);
  }
}

/** @param {Outlook[]} outlook */
function table(outlook) {
  const every = Math.max(1, Math.ceil(outlook.length / STEPS));
  const rows = outlook.filter((_, index) => index % every === 0 || index === outlook.length - 1).map(({ time, probability, free, free_low: low, free_high: high }) => {
    const fill = make("i", { class: probability < 0.3 ? "level-5" : probability < 0.7 ? "level-3" : "level-1" });
    fill.style.width = `${Math.round(100 * probability)}%`;
    return make("tr", {}, [
      make("td", {}, [clockTime(Date.parse(time)).slice(0, 5)]),
      make("td", { class: "likely" }, [make("span", { class: "bar", "aria-hidden": "true" }, [fill]), `${Math.round(100 * probability)}%`]),
      make("td", {}, [`${Math.round(free)}`, make("small", {}, [`${low}–${high}`])]),
    ]);
  });
  const heads = ["parking.when", "parking.chance", "parking.ahead"].map((key) => make("th", { scope: "col" }, [t(key)]));
  return make("table", { class: "figure-table outlook" }, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)]);
}
