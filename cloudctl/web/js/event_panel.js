// @ts-check
/** Events that an operator publishes: the form, and who got them. */

import { make } from "./dom.js";
import { clockTime, duration } from "./format.js";
import { currentLanguage, member, t } from "./i18n.js";
import { group } from "./panel_parts.js";
import { call } from "./sign_in_api.js";
import { Said, act, field, form, input, note, select } from "./work_parts.js";

/** @typedef {import("./work_state.js").Work} Work */
/** @typedef {{code: number, name_zh: string, name_en: string}} EventType */

const MINUTES = [15, 30, 60, 120, 480, 1440];

export class EventPanel {
  /**
   * @param {import("./panels.js").Scene} scene
   * @param {() => void} redraw
   */
  constructor(scene, redraw) {
    this.scene = scene;
    this.redraw = redraw;
    this.said = new Said();
    /** @type {EventType[]} */
    this.types = [];
    /** @type {Work | null} event that is being edited */
    this.edited = null;
    this.type = select([], "", "", () => {});
    this.lon = input({ type: "number", step: "any", min: -180, max: 180, required: true });
    this.lat = input({ type: "number", step: "any", min: -90, max: 90, required: true });
    this.radius = input({ type: "number", min: 10, max: 6500, required: true }, "500");
    this.links = input({ type: "text", autocomplete: "off" });
    this.minutes = select([], "60", "", () => {});
    this.text = make("textarea", { maxlength: 500, rows: 3, required: true });
    for (const control of [this.lon, this.lat, this.radius]) control.addEventListener("input", () => this.sketch());
  }

  head() {
    this.fill();
    const place = make("div", { class: "pair" }, [field(t("event.lon"), this.lon), field(t("event.lat"), this.lat)]);
    return [group(t(this.edited ? "event.editTitle" : "event.newTitle"), [
      form([
        field(t("event.type"), this.type), place,
        make("div", { class: "acts" }, [act("pick", t("work.pick"), () => this.pick())]),
        make("div", { class: "pair" }, [field(t("event.radius"), this.radius), field(t("event.minutes"), this.minutes)]),
        field(t("event.links"), this.links), field(t("event.text"), this.text),
      ], t(this.edited ? "event.save" : "event.publish"), () => this.send()),
      ...(this.edited ? [act("edit-stop", t("event.stopEdit"), () => this.edit(null))] : []),
      this.said.element,
    ])];
  }

  fill() {
    const minutes = this.minutes.value || "60";
    this.minutes.replaceChildren(...MINUTES.map((value) => make("option", { value, selected: String(value) === minutes }, [duration(value * 60)])));
    const type = this.type.value;
    this.type.replaceChildren(...this.types.map((each) => make("option", { value: each.code, selected: String(each.code) === type }, [`${each.code} ${nameOfType(each)}`])));
    if (this.types.length === 0) this.readTypes();
  }

  async readTypes() {
    const found = await call("GET", "operator-event-types").catch(() => null);
    if (!found) return;
    this.types = found.items;
    this.fill();
    this.redraw();
  }

  pick() {
    this.scene.map.pick((lon, lat) => {
      this.lon.value = String(lon);
      this.lat.value = String(lat);
      this.sketch();
      this.text.focus();
    });
  }

  sketch() {
    const [lon, lat, radius] = [this.lon, this.lat, this.radius].map((control) => Number(control.value));
    this.scene.map.sketch(this.lon.value && this.lat.value && radius > 0 ? [lon, lat, radius] : null);
  }

  async send() {
    const wanted = {
      event_type: Number(this.type.value), lon: Number(this.lon.value), lat: Number(this.lat.value), radius_m: Number(this.radius.value),
      links: this.links.value.split(/[\s,;]+/).filter(Boolean), text: this.text.value, minutes: Number(this.minutes.value),
    };
    const path = this.edited ? `operator-events/${this.edited.id}` : "operator-events";
    if (await this.said.try(() => call(this.edited ? "PUT" : "POST", path, wanted), t("event.sent"))) {
      this.text.value = "";
      this.scene.map.sketch(null);
      if (this.edited) this.edit(null);
    }
  }

  /** @param {Work | null} event */
  edit(event) {
    this.edited = event;
    if (event) {
      const { content } = event;
      this.type.value = String(content.event_type);
      this.lon.value = String(content.lon);
      this.lat.value = String(content.lat);
      this.radius.value = String(content.radius_m);
      this.links.value = content.links.join(" ");
      this.text.value = content.text;
    }
    this.scene.redrawPanel();
  }

  list() {
    const { events } = this.scene.work.work;
    if (events.length === 0) return [note([t("event.none")])];
    return [make("ul", { class: "list" }, events.map((event) => make("li", {}, [this.item(event)])))];
  }

  /** @param {Work} event */
  item(event) {
    const { content, result } = event;
    const type = this.types.find(({ code }) => code === content.event_type);
    const open = event.status === "active";
    const when = open ? t("desk.until", { time: clockTime(event.until * 1000) }) : t("event.over", { time: clockTime((event.ended ?? event.until) * 1000) });
    return make("article", { class: open ? "work-item" : "work-item over" }, [
      make("header", {}, [make("b", {}, [`${content.event_type} ${type ? nameOfType(type) : ""}`]), make("span", { class: "side" }, [when])]),
      make("p", {}, [content.text, make("small", {}, [` — ${event.created_name}`])]),
      make("div", { class: "reach" }, [...units(result.units ?? {}), ...vehicles(result.vehicles ?? {})]),
      make("div", { class: "acts" }, [
        act(`see-${event.id}`, t("action.locate"), () => this.scene.fly(content.lon, content.lat, 15)),
        ...(open ? [act(`edit-${event.id}`, t("event.edit"), () => this.edit(event)), act(`end-${event.id}`, t("event.end"), () => this.said.try(() => call("DELETE", `operator-events/${event.id}`)))] : []),
      ]),
    ]);
  }
}

/** @param {EventType} type */
function nameOfType(type) {
  return currentLanguage() === "zh" ? type.name_zh : type.name_en;
}

/** @param {Record<string, string>} found */
function units(found) {
  const names = Object.entries(found);
  if (names.length === 0) return [make("span", { class: "reached" }, [t("event.noUnit")])];
  return names.map(([name, status]) => make("span", { class: `reached ${status}` }, [`${name}: ${member("delivery", status)}`]));
}

/** @param {Record<string, number>} found */
function vehicles(found) {
  return Object.entries(found).map(([status, many]) => make("span", { class: `reached ${status}` }, [t("event.vehicles", { count: many, status: member("delivery", status) })]));
}
