// @ts-check
/** Devices, silent roadside units first, with a search; and the one that is open. */

import { DevicePanel } from "./device_panel.js";
import { button, icon, make } from "./dom.js";
import { count, duration } from "./format.js";
import { t } from "./i18n.js";
import { rank } from "./panel_parts.js";
import { select } from "./work_parts.js";

const SHOWN = 80;
/** An offset that is worth a word. */
const CLOCK_MS = 100;

export class DeviceList {
  /**
   * @param {import("./panels.js").Scene} scene
   * @param {() => void} redraw the list
   * @param {() => void} redrawAll the panel with what stands above the list
   */
  constructor(scene, redraw, redrawAll) {
    this.scene = scene;
    this.redraw = redraw;
    this.redrawAll = redrawAll;
    this.search = "";
    this.which = "all";
    this.unitsShown = false;
    this.unit = new DevicePanel(() => this.close());
  }

  head() {
    return [this.unitsSwitch(), make("div", { class: "filter" }, [this.stateFilter(), this.deviceSearch()]), ...(this.unit.id ? [this.unit.element] : [])];
  }

  list() {
    const { devices } = this.scene.state;
    if (devices.length === 0) return [make("p", { class: "empty" }, [t("devices.empty")])];
    const found = devices.filter((device) => device.id.toLowerCase().includes(this.search) && this.wants(device)).toSorted((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
    const online = devices.filter((device) => device.online).length;
    const rows = found.slice(0, SHOWN).map((device) => make("li", {}, [this.device(device)]));
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
    if (Math.abs(device.clock_offset_ms ?? 0) >= CLOCK_MS) more.push(t("device.clock", { ms: Math.round(device.clock_offset_ms ?? 0) }));
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
        this.open(device.id);
      },
    );
  }

  stateFilter() {
    const options = /** @type {[string, string][]} */ (["all", "online", "offline", "troubled"].map((which) => [which, t(`which.${which}`)]));
    return select(options, this.which, t("devices.which"), (value) => { this.which = value; this.redraw(); });
  }

  /** @param {import("./state.js").Device} device */
  wants(device) {
    if (this.which === "troubled") return rank(device) === 0 || Object.values(device.refused).some((many) => many > 0) || Math.abs(device.clock_offset_ms ?? 0) >= CLOCK_MS;
    return this.which === "all" || device.online === (this.which === "online");
  }

  /** @param {string} id */
  open(id) {
    this.unit.open(id);
    this.redrawAll();
    this.unit.element.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.unit.id = "";
    this.redrawAll();
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
    input.addEventListener("input", () => { this.search = input.value.trim().toLowerCase(); this.redraw(); });
    return input;
  }
}
