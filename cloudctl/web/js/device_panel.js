// @ts-check
/** One device: rate against nominal, gaps, latency, clock, refusals by reason, and its last messages decoded. */

import { make, refill } from "./dom.js";
import { clockTime, count } from "./format.js";
import { t } from "./i18n.js";
import { group } from "./panel_parts.js";
import { call } from "./sign_in_api.js";
import { Said, act, note } from "./work_parts.js";

const FRAMES = 5;
const TEXT_MOST = 4000;

export class DevicePanel {
  /** @param {() => void} close */
  constructor(close) {
    this.close = close;
    this.id = "";
    this.said = new Said();
    this.element = make("section", { class: "device-detail" });
    this.frames = make("div", {});
  }

  /** @param {string} id */
  async open(id) {
    this.id = id;
    this.frames.replaceChildren();
    refill(this.element, [this.title(), note([t("overview.none")])]);
    const { said } = this;
    await said.try(async () => {
      const device = await call("GET", `devices/${encodeURIComponent(id)}`);
      if (this.id === id) this.draw(device);
    });
  }

  title() {
    return make("header", { class: "acts" }, [make("h3", {}, [this.id]), act("device-close", t("action.close"), () => this.close())]);
  }

  /** @param {any} device */
  draw(device) {
    const { health } = device;
    const facts = health ? [
      ["device.state", t(health.online ? "device.online" : "device.offline")],
      ["device.median", health.latency === null ? "–" : `${Math.round(health.latency * 1000)} ms`],
      ["device.offset", health.clock_offset === null ? "–" : `${Math.round(health.clock_offset * 1000)} ms`],
      ["device.lost", count(health.missing)],
      ["device.shed", count(health.shed)],
    ] : [];
    refill(this.element, [
      this.title(), this.said.element,
      make("dl", { class: "facts" }, facts.flatMap(([key, value]) => [make("dt", {}, [t(key)]), make("dd", {}, [value])])),
      certificate(device),
      ...(health ? [this.streams(health.streams), this.refusals(health.refused)] : [note([t("device.unheard")])]),
      make("div", { class: "acts" }, [act("device-frames", t("device.frames"), () => this.readFrames())]),
      this.frames,
    ]);
  }

  /** @param {any[]} streams */
  streams(streams) {
    const head = ["device.stream", "device.now", "device.nominal"].map((key) => make("th", { scope: "col" }, [t(key)]));
    const rows = streams.map((each) => make("tr", { class: each.slow ? "slow" : "" }, [
      make("td", {}, [each.name ?? each.stream]), make("td", {}, [rate(each.rate)]), make("td", {}, [rate(each.nominal)]),
    ]));
    return group(t("device.rates"), [make("table", { class: "figure-table" }, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, rows)])]);
  }

  /** @param {Record<string, number>} refused */
  refusals(refused) {
    const rows = Object.entries(refused).map(([reason, many]) => make("tr", {}, [make("td", {}, [reason]), make("td", {}, [count(many)])]));
    return group(t("device.refusals"), rows.length ? [make("table", { class: "figure-table" }, [make("tbody", {}, rows)])] : [note([t("device.noRefusal")])]);
  }

  async readFrames() {
    const { id } = this;
    await this.said.try(async () => {
      const found = await call("GET", `devices/${encodeURIComponent(id)}/frames?limit=${FRAMES}`);
      if (this.id !== id) return;
      refill(this.frames, found.items.length ? found.items.map(frame) : [note([t("device.noFrame")])]);
    });
  }
}

/**
 * Its certificate: to whom, until when, and whether somebody has to act.
 * @param {any} device
 */
function certificate({ certificate: found, certificates_known: known }) {
  const title = t("certificate.title");
  if (!found) return group(title, [note([t(known ? "certificate.none" : "certificate.unknown")])]);
  const { state, days_left: days } = found;
  const facts = state === "unreadable" ? [] : [
    ["certificate.subject", found.subject],
    ["certificate.issuer", found.issuer],
    ["certificate.until", new Date(found.not_after).toLocaleDateString("sv-SE")],
    ["certificate.left", t("certificate.days", { days: count(Math.max(0, days)) })],
  ];
  return group(title, [
    make("p", { class: state === "valid" ? "certificate" : "certificate alerting", role: state === "valid" ? null : "alert" }, [t(`expiry.${state}`, { days: count(-(days ?? 0)) })]),
    make("dl", { class: "facts" }, facts.flatMap(([key, value]) => [make("dt", {}, [t(key)]), make("dd", {}, [value])])),
  ]);
}

/** @param {any} message */
function frame(message) {
  const when = message.received ? clockTime(Date.parse(message.received)) : "";
  const fit = message.readings.find((/** @type {any} */ each) => each.fits) ?? message.readings.find((/** @type {any} */ each) => each.text !== null);
  return make("details", { class: "frame" }, [
    make("summary", {}, [`${when} ${message.topic} · ${message.size} B · ${message.verdict}${message.reason ? ` (${message.reason})` : ""}`]),
    make("div", { class: "side-by-side" }, [
      make("pre", { tabindex: 0, "aria-label": t("device.bytes") }, [message.payload_hex.slice(0, TEXT_MOST).replace(/(..)/g, "$1 ")]),
      make("pre", { tabindex: 0, "aria-label": t("device.reading") }, [fit ? `${fit.way}\n${fit.text.slice(0, TEXT_MOST)}` : message.detail]),
    ]),
  ]);
}

/** @param {number | null | undefined} value Hz */
function rate(value) {
  return value === null || value === undefined ? "–" : `${value.toFixed(1)} Hz`;
}
