// @ts-check
/** Language of the page: chosen, else the browser's; one table of strings. */

import { STRINGS } from "./strings.js";

/** @typedef {"zh" | "en"} Language */

const STORED = "v2x.language";
/** @type {Language} */
let language = chosen();

/** @returns {Language} */
function chosen() {
  const stored = localStorage.getItem(STORED);
  if (stored === "zh" || stored === "en") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** @returns {Language} */
export function currentLanguage() {
  return language;
}

/** @param {Language} next */
export function setLanguage(next) {
  language = next;
  localStorage.setItem(STORED, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/**
 * Text of a key in the present language.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const pair = STRINGS[key];
  if (!pair) throw new Error(`no string ${key}`);
  return pair[language === "zh" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * Text of `family.member`, or of `family.other` for a member that the table does not know.
 * @param {string} family
 * @param {string} member
 */
export function member(family, member) {
  const key = `${family}.${member}`;
  return t(key in STRINGS ? key : `${family}.other`);
}

/**
 * Text of `family.name`, or the name itself where the table does not know it.
 * @param {string} family
 * @param {string} name
 */
export function told(family, name) {
  const key = `${family}.${name}`;
  return key in STRINGS ? t(key) : name;
}

/**
 * Name of a thing that has one in both languages.
 * @param {{name_zh?: string, name_en?: string, id?: string | number}} thing
 */
export function nameOf(thing) {
  const [first, second] = language === "zh" ? [thing.name_zh, thing.name_en] : [thing.name_en, thing.name_zh];
  return first || second || String(thing.id ?? "");
}

/** Fill the texts of the static page: data-i18n, data-i18n-label (aria-label), data-i18n-title. */
export function fillPage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("app.title");
  for (const element of document.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.getAttribute("data-i18n") ?? "");
  }
  for (const [attribute, target] of [["data-i18n-label", "aria-label"], ["data-i18n-title", "title"], ["data-i18n-placeholder", "placeholder"]]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      element.setAttribute(target, t(element.getAttribute(attribute) ?? ""));
    }
  }
}
