// @ts-check
/**
 * Sentences of the platform (evidence of incidents, reasons of advice) in the page's language. They come in English; the
 * string table holds each as `phrase.*` with places to fill in, so that the English text itself finds its Chinese.
 */

import { currentLanguage, member, t, told } from "./i18n.js";
import { STRINGS } from "./strings.js";

const FAMILY = "phrase.";
/** Places that hold more than one word. */
const WORDS = new Set(["inner", "kind", "name", "note"]);

/** @type {[string, RegExp][] | null} */
let patterns = null;

/**
 * Give a sentence in the page's language; one that the table does not know stays as it is.
 * @param {string} text
 * @returns {string}
 */
export function phrase(text) {
  if (currentLanguage() === "en") return text;
  patterns ??= Object.entries(STRINGS).filter(([key]) => key.startsWith(FAMILY)).map(([key, [, english]]) => [key.slice(FAMILY.length), pattern(english)]);
  for (const [name, fits] of patterns) {
    const found = fits.exec(text);
    if (found) return t(`phrase.${name}`, filled(found.groups ?? {}));
  }
  return text;
}

/** @param {string} english */
function pattern(english) {
  const escaped = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, (_, name) => `(?<${name}>${WORDS.has(name) ? ".+?" : "\\S+?"})`)}$`, "is");
}

/** @param {Record<string, string>} groups */
function filled(groups) {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => {
    if (name === "inner") return [name, phrase(value)];
    if (name === "kind") return [name, member("incident", value.replaceAll(" ", "_"))];
    return [name, name === "level" ? told("service", value) : value];
  }));
}
