// @ts-check
/** What keys and the buttons beside the map do. */

import { byId } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { shownTabs } from "./panels.js";
import { may, whoAmI } from "./sign_in_session.js";

/** @typedef {import("./app.js").App} App */

/**
 * What the keyboard can do now.
 * @param {App} app
 * @returns {import("./work_keys.js").Command[]}
 */
export function commandsOf(app) {
  const tabs = shownTabs().map((tab, index) => ({ key: String(index + 1), text: t("keys.open", { name: t(`nav.${tab}`) }), act: () => { app.panels.open(tab); byId("panel", HTMLElement).focus(); } }));
  const { desk } = app.panels;
  const step = (/** @type {number} */ by) => { if (app.panels.tab !== "incidents") app.panels.open("incidents"); desk.step(by); };
  const handles = may("handle_incidents") ? [
    { key: "a", text: t("keys.ack"), act: () => { desk.acknowledge(); } },
    { key: "m", text: t("keys.mine"), act: () => { desk.assign(whoAmI()?.name ?? ""); } },
    { key: "n", text: t("keys.note"), act: () => document.getElementById("incident-note")?.focus() },
  ] : [];
  return [
    ...tabs,
    { key: "j", text: t("keys.next"), act: () => step(1) },
    { key: "k", text: t("keys.previous"), act: () => step(-1) },
    ...handles,
    { key: " ", text: t("keys.pause"), act: () => app.timeline.toggle() },
    { key: "l", text: t("keys.live"), act: () => app.timeline.goLive() },
    { key: "h", text: t("map.home"), act: () => byId("home", HTMLElement).click() },
    ...app.mapDesk.commands(),
    { key: "+", text: t("map.zoomIn"), act: () => { app.map.zoomIn(); } },
    { key: "-", text: t("map.zoomOut"), act: () => { app.map.zoomOut(); } },
  ];
}

/** @param {App} app */
export function wireButtons(app) {
  byId("zoom-in", HTMLElement).onclick = () => app.map.zoomIn();
  byId("zoom-out", HTMLElement).onclick = () => app.map.zoomOut();
  byId("home", HTMLElement).onclick = () => app.map.fitBounds(app.overview.box, { padding: 24 });
  byId("language", HTMLElement).onclick = () => app.setLanguage(currentLanguage() === "zh" ? "en" : "zh");
  byId("theme", HTMLElement).onclick = () => app.setTheme(app.theme === "dark" ? "light" : "dark");
}
