// @ts-check
/** Numbers and times as people read them. */

import { currentLanguage, t } from "./i18n.js";

/** @type {Record<string, Intl.DateTimeFormat>} made once by language: a formatter costs more than all it formats */
const CLOCKS = {};
const LOCALES = { zh: "zh-CN", en: "en-GB" };

/** @param {number} ms UTC epoch */
export function clockTime(ms) {
  const language = currentLanguage();
  CLOCKS[language] ??= new Intl.DateTimeFormat(LOCALES[language], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return CLOCKS[language].format(ms);
}

/** @param {number} ms UTC epoch */
export function utcTime(ms) {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return t("time.s", { n: Math.max(0, Math.round(seconds)) });
  if (seconds < 5400) return t("time.min", { n: Math.round(seconds / 60) });
  return t("time.h", { n: Math.round(seconds / 3600) });
}

/** @param {number} value */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** @param {number} metresPerSecond */
export function kmh(metresPerSecond) {
  return Math.round(metresPerSecond * 3.6);
}

/** @param {number} degrees clockwise from north */
export function compass(degrees) {
  return t(`compass.${Math.round(degrees / 45) % 8}`);
}
