// @ts-check
/** What the panels are put together from: order of devices, causes of advisories, bars, sections. */

import { make } from "./dom.js";
import { count, duration, kmh } from "./format.js";
import { member, t, told } from "./i18n.js";

/** @typedef {import("./state.js").Advisory} Advisory */

/**
 * A roadside unit that is silent comes first; a vehicle that has gone is no fault and comes last.
 * @param {import("./state.js").Device} device
 */
export function rank(device) {
  if (device.kind === "obu") return device.online ? 2 : 3;
  return device.online ? 1 : 0;
}

/**
 * Advisories with the same cause, the newest first, share an entry.
 * @param {Advisory[]} advisories
 * @returns {Advisory[][]}
 */
export function byCause(advisories) {
  /** @type {Map<string, Advisory[]>} */
  const found = new Map();
  for (const advisory of advisories) {
    const cause = `${advisory.kind} ${advisory.reason}`;
    const known = found.get(cause);
    if (known) known.push(advisory);
    else found.set(cause, [advisory]);
  }
  return [...found.values()];
}

/** @param {string} target kind:id */
function nameOfTarget(target) {
  const name = target.replace(/^\w+:/, "");
  return name === "anonymous" ? t("target.anonymous") : name;
}

/**
 * To whom an advisory goes, with its kind.
 * @param {string} target kind:id
 */
export function targetText(target) {
  return `${told("target", target.split(":", 1)[0])} ${nameOfTarget(target)}`;
}

/**
 * One line of what an advisory says, and to whom.
 * @param {Advisory} advisory
 */
export function adviceText(advisory) {
  const target = nameOfTarget(advisory.target);
  const said = gist(advisory);
  return said ? `${target} · ${said}` : target;
}

/**
 * The same with its kind instead.
 * @param {Advisory} advisory
 */
export function adviceLine(advisory) {
  const kind = member("advisory", advisory.kind);
  const said = gist(advisory);
  return said ? `${kind} ${said}` : kind;
}

/**
 * What the feed says of the answer to an advisory.
 * @param {Advisory} advisory
 */
export function adviceAnswer(advisory) {
  const { status } = advisory.content;
  return typeof status === "string" ? member("delivery", status) : t("delivery.sent");
}

/** @param {Advisory} advisory */
function gist({ content }) {
  /** @param {string} name */
  const number = (name) => (typeof content[name] === "number" ? Number(content[name]) : null);
  const [low, high, saves, free] = [number("speed_min_mps"), number("speed_max_mps"), number("saves_s"), number("free")];
  if (low !== null && high !== null) return t("advice.speed", { min: kmh(low), max: kmh(high) });
  if (saves !== null) return t("advice.saves", { time: duration(saves) });
  if (free !== null) return t("advice.free", { free });
  return "";
}

/**
 * @param {string} title
 * @param {Node[]} children
 */
export function group(title, children) {
  return make("section", { class: "group" }, [make("h3", {}, [title]), ...children]);
}

/**
 * Label, bar and number: three cells.
 * @param {(Node | string)[]} label
 * @param {number} value
 * @param {number} most
 * @param {string} style
 */
export function bar(label, value, most, style) {
  const fill = make("i", { class: style });
  fill.style.width = `${most > 0 ? (100 * value) / most : 0}%`;
  return [make("span", {}, label), make("span", { class: "bar" }, [fill]), make("span", { class: "num" }, [count(value)])];
}
