// @ts-check
/** Signals in hand: holds with a second confirmation, and green corridors from A to B. */

import { button, make, refill } from "./dom.js";
import { clockTime, duration } from "./format.js";
import { member, nameOf, t } from "./i18n.js";
import { group } from "./panel_parts.js";
import { call } from "./sign_in_api.js";
import { may } from "./sign_in_session.js";
import { Said, act, field, form, input, note, select } from "./work_parts.js";

/** @typedef {import("./work_state.js").Work} Work */

const MINUTES = [5, 10, 15, 30, 60];

export class CorridorPanel {
  /** @param {import("./panels.js").Scene} scene */
  constructor(scene) {
    this.scene = scene;
    this.said = new Said();
    /** @type {Record<"origin" | "destination", {lon: number, lat: number} | null>} */
    this.ends = { origin: null, destination: null };
    this.signal = input({ type: "text", required: true, list: "signal-names", autocomplete: "off" });
    this.reason = input({ type: "text", required: true, maxlength: 120 });
    this.vehicle = input({ type: "text", maxlength: 64, pattern: "[0-9A-Za-z_\\-]*", autocomplete: "off" });
    this.why = input({ type: "text", required: true, maxlength: 120 });
    this.asked = make("div", { class: "confirm", role: "alertdialog", hidden: true });
    this.advisory = "";
  }

  /**
   * Begin to hold the signal of a bus priority or a recommendation.
   * @param {string} signal
   * @param {string} advisory
   */
  beginHold(signal, advisory) {
    this.signal.value = signal;
    this.advisory = advisory;
    this.reason.focus();
  }

  head() {
    return [...(may("control_signals") ? [this.holdForm()] : []), ...(may("open_corridor") ? [this.corridorForm()] : []), this.said.element];
  }

  holdForm() {
    const minutes = select(MINUTES.map((value) => [String(value), duration(value * 60)]), "10", t("desk.howLong"), () => {});
    const names = make("datalist", { id: "signal-names" }, this.scene.signals.map((place) => make("option", { value: place.id }, [nameOf(place)])));
    return group(t("hold.title"), [
      make("p", { class: "hint" }, [t("hold.hint")]), names,
      form([make("div", { class: "pair" }, [field(t("hold.signal"), this.signal), field(t("desk.howLong"), minutes)]), field(t("desk.reason"), this.reason)], t("hold.propose"), () => this.propose(Number(minutes.value))),
      this.asked,
    ]);
  }

  /** @param {number} minutes */
  async propose(minutes) {
    const wanted = { signal: this.signal.value.trim(), minutes, reason: this.reason.value, advisory: this.advisory || null };
    await this.said.try(async () => {
      const { hold } = await call("POST", "signal-holds", wanted);
      this.ask(hold.id, wanted.signal, minutes);
    });
  }

  /**
   * The second confirmation.
   * @param {string} id
   * @param {string} signal
   * @param {number} minutes
   */
  ask(id, signal, minutes) {
    const close = () => { this.asked.hidden = true; this.signal.focus(); };
    const yes = button({ class: "main danger", "data-key": "confirm" }, [t("hold.confirm")], async () => {
      if (await this.said.try(() => call("POST", `signal-holds/${id}/confirm`), t("hold.stands"))) { this.advisory = ""; close(); }
    });
    const no = act("confirm-no", t("hold.cancel"), () => { call("DELETE", `signal-holds/${id}`).catch(() => {}); close(); });
    this.asked.setAttribute("aria-label", t("hold.confirm"));
    refill(this.asked, [make("p", {}, [t("hold.sure", { signal, time: duration(minutes * 60) })]), make("div", { class: "acts" }, [yes, no])]);
    this.asked.hidden = false;
    yes.focus();
  }

  corridorForm() {
    return group(t("corridor.title"), [
      make("p", { class: "hint" }, [t("corridor.hint")]),
      form([
        make("div", { class: "pair" }, [this.end("origin"), this.end("destination")]),
        make("div", { class: "pair" }, [field(t("corridor.vehicle"), this.vehicle), field(t("desk.reason"), this.why)]),
      ], t("corridor.open"), () => this.open()),
    ]);
  }

  /** @param {"origin" | "destination"} name */
  end(name) {
    const place = input({ type: "text", placeholder: "112.9340, 28.2040", required: true, pattern: "-?\\d+(\\.\\d+)?\\s*,\\s*-?\\d+(\\.\\d+)?", autocomplete: "off" });
    const known = this.ends[name];
    if (known) place.value = `${known.lon}, ${known.lat}`;
    place.addEventListener("input", () => {
      const [lon, lat] = place.value.split(",").map(Number);
      this.ends[name] = Number.isFinite(lon) && Number.isFinite(lat) ? { lon, lat } : null;
    });
    const pick = act(`pick-${name}`, t("work.pick"), () => this.scene.map.pick((lon, lat) => {
      this.ends[name] = { lon, lat };
      place.value = `${lon}, ${lat}`;
      place.focus();
    }));
    return make("div", {}, [field(t(name === "origin" ? "corridor.from" : "corridor.to"), place), pick]);
  }

  async open() {
    const wanted = { ...this.ends, vehicle: this.vehicle.value.trim(), reason: this.why.value };
    await this.said.try(() => call("POST", "corridors", wanted), t("corridor.opened"));
  }

  list() {
    const { holds, corridors } = this.scene.work.work;
    const found = [...corridors.map((each) => this.corridor(each)), ...holds.map((each) => this.hold(each))];
    return found.length ? [make("ul", { class: "list" }, found.map((each) => make("li", {}, [each])))] : [note([t("hold.none")])];
  }

  /** @param {Work} hold */
  hold(hold) {
    const open = hold.status === "active";
    return make("article", { class: open ? "work-item" : "work-item over" }, [
      make("header", {}, [make("b", {}, [t("hold.of", { signal: hold.content.signal })]), make("span", { class: "side" }, [this.when(hold)])]),
      make("p", {}, [hold.content.reason, make("small", {}, [` — ${hold.created_name}`])]),
      make("p", { class: "hint" }, [t("hold.back", { count: hold.result.held_back ?? 0 })]),
      ...(open ? [make("div", { class: "acts" }, [act(`release-${hold.id}`, t("hold.release"), () => this.said.try(() => call("DELETE", `signal-holds/${hold.id}`)))])] : []),
    ]);
  }

  /** @param {Work} corridor */
  corridor(corridor) {
    const open = corridor.status === "active";
    const { result, content } = corridor;
    const now = this.scene.serverNow() / 1000;
    const share = result.length_m ? Math.round((100 * result.along_m) / result.length_m) : 0;
    /** @type {{signal: string, arrival: number, status: string}[]} */
    const stops = result.stops ?? [];
    return make("article", { class: open ? "work-item" : "work-item over" }, [
      make("header", {}, [make("b", {}, [t("corridor.of", { vehicle: content.vehicle || "" }).trim()]), make("span", { class: "side" }, [this.when(corridor)])]),
      make("p", {}, [content.reason, make("small", {}, [` — ${corridor.created_name}`])]),
      ...(open ? [make("p", { class: "hint" }, [t(result.seen ? "corridor.seen" : "corridor.reckoned", { share })])] : []),
      make("ol", { class: "stops" }, stops.map((stop) => make("li", { class: `stop ${stop.status}` }, [
        make("b", {}, [stop.signal]), ` ${clockTime(stop.arrival * 1000)} `,
        open && stop.arrival > now ? `(${duration(stop.arrival - now)}) ` : "", member("passage", stop.status),
      ]))),
      ...(open ? [make("div", { class: "acts" }, [
        act(`see-${corridor.id}`, t("action.locate"), () => this.scene.fly(content.points[0][0], content.points[0][1], 14.5)),
        act(`close-${corridor.id}`, t("corridor.close"), () => this.said.try(() => call("DELETE", `corridors/${corridor.id}`))),
      ])] : []),
    ]);
  }

  /** @param {Work} work */
  when(work) {
    return work.status === "active" ? t("desk.until", { time: clockTime(work.until * 1000) }) : t("event.over", { time: clockTime((work.ended ?? work.until) * 1000) });
  }
}
