// @ts-check
/** Bottom line and alarm line: connection, age of the data, latency to the screen, platform time. */

import { byId, make, refill } from "./dom.js";
import { clockTime, count, utcTime } from "./format.js";
import { t } from "./i18n.js";

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

/** @param {Reading} reading */
export function drawStatus(reading) {
  const { status } = reading;
  const connected = reading.link === "open" && status?.broker !== false;
  const processes = Object.entries(status?.processes ?? {});
  const text = reading.link !== "open" ? t(`status.${reading.link}`) : connected ? t("status.open") : t("status.broker");
  const age = reading.ageMs === null ? "–" : `${(reading.ageMs / 1000).toFixed(1)} s`;
  refill(byId("status", HTMLElement), [
    make("span", { "data-grade": connected ? "" : "alert" }, [make("span", { class: connected ? "dot good" : "dot bad" }), text]),
    figure(t("status.age"), age, gradeOf(reading.ageMs)),
    figure(t("status.latency"), reading.p95 === null ? "–" : `${Math.round(reading.p95)} ms`),
    figure(t("status.movers"), count(reading.inView)),
    ...(processes.length ? [make("span", {}, [`${t("status.processes")} `, ...processes.flatMap(([name, { ready }]) => [make("span", { class: ready ? "dot good" : "dot bad" }), `${name}  `])])] : []),
    figure(t("status.time"), utcTime(reading.serverNow), "", "push"),
  ]);
  byId("clock", HTMLElement).textContent = clockTime(reading.serverNow);
  drawAlarm(reading, connected);
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
 * @param {string} label
 * @param {string} value
 * @param {string} [grade]
 * @param {string} [style]
 */
function figure(label, value, grade = "", style = "") {
  return make("span", { "data-grade": grade, class: style }, [`${label} `, make("b", {}, [value])]);
}
