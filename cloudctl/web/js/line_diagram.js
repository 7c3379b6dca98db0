// @ts-check
/** One way of a bus line as a straight line: stops in order, buses where they are, and the headways between them. */

import { make } from "./dom.js";
import { duration } from "./format.js";
import { t } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";
const STOP_PX = 26;
const TOP = 14;
const LINE_X = 92;
const WIDE = 278;
/** Share of the planned headway under which buses bunch, and over which there is a gap. */
const BUNCH = 0.5;
const GAP = 1.5;

/** @typedef {{id: string, name: string, at: number}} Stop at: m from the start */
/** @typedef {{vehicle: string, along: number, lateness: number | null, headway_ahead: number | null, headway_planned: number | null}} Bus */
/** @typedef {{id: string, direction: number, length: number, stops: Stop[], buses: Bus[]}} Pattern */

/**
 * @param {Pattern} pattern
 * @param {string} chosen vehicle
 */
export function lineDiagram(pattern, chosen) {
  const high = TOP * 2 + STOP_PX * Math.max(1, pattern.stops.length - 1);
  const art = element("svg", { viewBox: `0 0 ${WIDE} ${high}`, width: WIDE, height: high, class: "line-diagram", role: "img", "aria-label": t("diagram.of", { count: pattern.buses.length }) });
  const y = placer(pattern.stops);
  art.append(element("line", { x1: LINE_X, x2: LINE_X, y1: TOP, y2: high - TOP, class: "way" }));
  pattern.stops.forEach((stop, index) => {
    art.append(element("circle", { cx: LINE_X, cy: TOP + index * STOP_PX, r: 4, class: "halt" }), text(LINE_X + 14, TOP + index * STOP_PX, stop.name, "name"));
  });
  const buses = pattern.buses.toSorted((a, b) => b.along - a.along);
  buses.forEach((bus, index) => {
    if (index > 0) art.append(...headway(y(buses[index - 1].along), y(bus.along), bus));
  });
  for (const bus of buses) art.append(marker(y(bus.along), bus, bus.vehicle === chosen));
  return make("div", { class: "diagram" }, [art, spoken(pattern, buses)]);
}

/**
 * Stops stand at equal distances; between them buses stand by their share of the way.
 * @param {Stop[]} stops
 * @returns {(along: number) => number}
 */
function placer(stops) {
  return (along) => {
    let next = stops.findIndex(({ at }) => at > along);
    if (next < 0) next = stops.length;
    if (next === 0 || stops.length === 0) return TOP;
    const from = stops[next - 1];
    const to = stops[next];
    return TOP + STOP_PX * (next - 1 + (to && to.at > from.at ? (along - from.at) / (to.at - from.at) : 0));
  };
}

/**
 * @param {number} ahead
 * @param {number} behind
 * @param {Bus} bus the one behind
 */
function headway(ahead, behind, bus) {
  const grade = gradeOf(bus);
  const x = 30;
  return [
    element("path", { d: `M${LINE_X - 12} ${ahead} H${x} V${behind} H${LINE_X - 12}`, class: `headway ${grade}` }),
    text(x - 4, (ahead + behind) / 2, bus.headway_ahead === null ? "?" : duration(bus.headway_ahead), `gap ${grade}`, "end"),
  ];
}

/** @param {Bus} bus */
export function gradeOf({ headway_ahead: now, headway_planned: planned }) {
  if (now === null || !planned) return "";
  return now < BUNCH * planned ? "bunch" : now > GAP * planned ? "wide" : "";
}

/**
 * @param {number} y
 * @param {Bus} bus
 * @param {boolean} chosen
 */
function marker(y, bus, chosen) {
  const box = element("g", { class: `bus ${(bus.lateness ?? 0) > 120 ? "late" : ""} ${chosen ? "chosen" : ""}` });
  box.append(element("rect", { x: LINE_X - 8, y: y - 7, width: 16, height: 14, rx: 4 }), element("title", {}));
  box.lastElementChild?.append(bus.vehicle);
  return box;
}

/**
 * The same in words, for who does not see the drawing.
 * @param {Pattern} pattern
 * @param {Bus[]} buses
 */
function spoken(pattern, buses) {
  return make("ol", { class: "unseen" }, buses.map((bus) => {
    const next = pattern.stops.find(({ at }) => at > bus.along);
    return make("li", {}, [t("diagram.bus", {
      vehicle: bus.vehicle, stop: next?.name ?? "–", headway: bus.headway_ahead === null ? "–" : duration(bus.headway_ahead),
      planned: bus.headway_planned === null ? "–" : duration(bus.headway_planned),
    })]);
  }));
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} style
 * @param {string} [anchor]
 */
function text(x, y, content, style, anchor = "start") {
  const made = element("text", { x, y, class: style, "text-anchor": anchor, "dominant-baseline": "central" });
  made.append(content);
  return made;
}
