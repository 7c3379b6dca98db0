// @ts-check
/** Parts of the account pages. */

import { make } from "./dom.js";
import { currentLanguage, member, t } from "./i18n.js";

export const PEOPLE = ["police_viewer", "police_operator", "signal_engineer", "bus_dispatcher", "device_administrator", "auditor", "data_desk", "administrator"];
export const PROGRAMS = [...PEOPLE, "picture_reader", "parking_reporter", "ride_requester"];

/**
 * A moment in the reader's own time.
 * @param {string} iso
 */
export function when(iso) {
  return new Date(iso).toLocaleString(currentLanguage() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string[]} roles */
export function roleNames(roles) {
  return roles.map((role) => member("role", role)).join(", ");
}

/**
 * Check boxes for roles.
 * @param {string[]} roles
 * @param {string[]} chosen
 */
export function roleBoxes(roles, chosen) {
  const boxes = roles.map((role) => make("label", {}, [
    make("input", { type: "checkbox", name: "role", value: role, checked: chosen.includes(role) }), member("role", role),
  ]));
  return make("fieldset", {}, [make("legend", {}, [t("account.roles")]), ...boxes]);
}

/** @param {HTMLElement} form */
export function chosenRoles(form) {
  return [...form.querySelectorAll("input[name=role]")].flatMap((box) => (box instanceof HTMLInputElement && box.checked ? [box.value] : []));
}

/**
 * A labelled text field.
 * @param {string} label
 * @param {Record<string, string | boolean>} attributes
 */
export function field(label, attributes) {
  const input = make("input", { autocomplete: "off", ...attributes });
  return { row: make("label", {}, [label, input]), input };
}

/**
 * Names separated by commas or spaces.
 * @param {string} text
 */
export function names(text) {
  return text.split(/[\s,，、]+/).filter((name) => name !== "");
}
