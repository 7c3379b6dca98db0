// @ts-check
/** What the account pages share: language, theme, and telling why something was refused. */

import { byId } from "./dom.js";
import { currentLanguage, fillPage, setLanguage, t } from "./i18n.js";
import { Refusal } from "./sign_in_api.js";
import { chosenTheme, storeTheme } from "./theme.js";

/** @param {() => void} redraw */
export function startFrame(redraw) {
  const root = document.documentElement;
  root.dataset.theme = chosenTheme();
  byId("theme", HTMLElement).onclick = () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    storeTheme(root.dataset.theme === "dark" ? "dark" : "light");
  };
  byId("language", HTMLElement).onclick = () => {
    setLanguage(currentLanguage() === "zh" ? "en" : "zh");
    fillPage();
    redraw();
  };
  fillPage();
}

/** @param {string} text empty takes it away */
export function tellRefusal(text) {
  const place = byId("refusal", HTMLElement);
  place.textContent = text;
  place.hidden = text === "";
}

/**
 * Text for a fault of a call.
 * @param {unknown} fault
 */
export function reasonOf(fault) {
  if (!(fault instanceof Refusal)) return t("account.noAnswer");
  if (fault.status === 429) return t("account.wait", { n: fault.wait });
  if (fault.status === 401) return t("account.refused");
  if (fault.status === 503) return t("account.down");
  return t("account.wrong", { detail: fault.message });
}
