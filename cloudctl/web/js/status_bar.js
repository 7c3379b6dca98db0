// @ts-check
/** Bottom line and alarm line: connection, age of the data, latency to the screen, platform time. */

import { byId, make, refill } from "./dom.js";
import { clockTime, count, utcTime } from "./format.js";
import { t, told } from "./i18n.js";

/** @typedef {import("./state.js").Status} Status */

const AMBER_MS = 2000;
const RED_MS = 5000;

/**
 * @typedef {object} Reading
 * @property {"connecting" | "open" | "lost"} link
 * @property {Status | null} status
 * @property {number | null} ageMs age of the picture on screen
 * @property {number | null} p95 latency to the screen, ms
 * @property {number} inView
 * @property {number} serverNow ms
 */

/** @param {number | null} ageMs */
export function gradeOf(ageMs) {
  if (ageMs === null || ageMs > RED_MS) return "alert";
  return ageMs > AMBER_MS ? "warn" : "";
}

/** What the line said when it was last built; only its figures change between. */
let drawn = "";

/** @param {Reading} reading */
export function drawStatus(reading) {
  const { status } = reading;
  const connected = reading.link === "open" && status?.broker !== false;
  const processes = Object.entries(status?.processes ?? {});
  const text = reading.link !== "open" ? t(`status.${reading.link}`) : connected ? t("status.open") : t("status.broker");
  const age = reading.ageMs === null ? "–" : `${(reading.ageMs / 1000).toFixed(1)} s`;
  const figures = [
    [age, gradeOf(reading.ageMs)], [reading.p95 === null ? "–" : `${Math.round(reading.p95)} ms`, ""], [count(reading.inView), ""],
    [utcTime(reading.serverNow), ""],
  ];
  const rest = JSON.stringify([text, connected, processes.map(([name, { ready }]) => [name, ready]), t("status.age")]);
  if (rest === drawn) {
    const shown = byId("status", HTMLElement).querySelectorAll("b");
    figures.forEach(([value, grade], at) => change(shown[at], value, grade));
    tellClock(reading.serverNow);
    drawAlarm(reading, connected);
    return;
  }
  drawn = rest;
  refill(byId("status", HTMLElement), [
    make("span", { "data-grade": connected ? "" : "alert" }, [make("span", { class: connected ? "dot good" : "dot bad" }), text]),
    figure(t("status.age"), figures[0][0], figures[0][1]),
    figure(t("status.latency"), figures[1][0]),
    figure(t("status.movers"), figures[2][0]),
    ...(processes.length ? [make("span", {}, [`${t("status.processes")} `, ...processes.map(([name, { ready }]) => make("span", { class: "process" }, [make("span", { class: ready ? "dot good" : "dot bad" }), told("stage", name)]))])] : []),
    figure(t("status.time"), figures[3][0], "", "push"),
  ]);
  tellClock(reading.serverNow);
  drawAlarm(reading, connected);
}

/**
 * Local time, with UTC for who points at it.
 * @param {number} now ms
 */
function tellClock(now) {
  const clock = byId("clock", HTMLElement);
  change(clock, clockTime(now), null);
  clock.title = utcTime(now);
}

/**
 * @param {Reading} reading
 * @param {boolean} connected
 */
function drawAlarm(reading, connected) {
  const alarm = byId("alarm", HTMLElement);
  let text = "";
  if (reading.link === "lost") text = t("status.lost");
  else if (reading.link === "open" && !connected) text = t("status.broker");
  else if (reading.link === "open" && reading.status && reading.ageMs === null) text = t("status.noData");
  else if (reading.link === "open" && gradeOf(reading.ageMs) === "alert" && reading.ageMs !== null) text = t("status.stale");
  if (alarm.textContent !== text) alarm.textContent = text;
  alarm.hidden = text === "";
  alarm.dataset.grade = reading.link === "open" && reading.ageMs === null ? "warn" : "alert";
}

/**
 * @param {HTMLElement} element
 * @param {string} value
 * @param {string | null} grade of the figure around it; null leaves it
 */
function change(element, value, grade) {
  if (element.textContent !== value) element.textContent = value;
  const figureOf = element.parentElement;
  if (grade !== null && figureOf && figureOf.dataset.grade !== grade) figureOf.dataset.grade = grade;
}

/**
 * @param {string} label
 * @param {string} value
 * @param {string} [grade]
 * @param {string} [style]
 */
function figure(label, value, grade = "", style = "") {
  return make("span", { "data-grade": grade, class: style }, [`${label} `, make("b", {}, [value])]);
}
