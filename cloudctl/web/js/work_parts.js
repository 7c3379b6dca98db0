// @ts-check
/** What the panels of desk work share: fields, buttons that act, the line that says what went wrong. */

import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { Refusal } from "./sign_in_api.js";

/**
 * A labelled control.
 * @param {string} label
 * @param {HTMLElement} control
 */
export function field(label, control) {
  return make("label", { class: "field" }, [make("span", {}, [label]), control]);
}

/**
 * @param {Record<string, string | number | boolean | null>} attributes
 * @param {string} [value]
 */
export function input(attributes, value = "") {
  const element = make("input", attributes);
  element.value = value;
  return element;
}

/**
 * @param {[string, string][]} options value and text
 * @param {string} chosen
 * @param {string} label
 * @param {(value: string) => void} changed
 */
export function select(options, chosen, label, changed) {
  const element = make("select", { "aria-label": label }, options.map(([value, text]) => make("option", { value, selected: value === chosen }, [text])));
  element.addEventListener("change", () => changed(element.value));
  return element;
}

/** Says in one line what came of the last act. */
export class Said {
  constructor() {
    this.element = make("p", { class: "said", role: "status" });
  }

  /**
   * Act, and say what went wrong where something does. Gives whether it went well.
   * @param {() => Promise<unknown>} act
   * @param {string} [done] said where it goes well
   */
  async try(act, done = "") {
    this.say("");
    try {
      await act();
      this.say(done);
      return true;
    } catch (fault) {
      this.say(fault instanceof Refusal ? t("work.refused", { detail: fault.message }) : t("account.noAnswer"), true);
      return false;
    }
  }

  /**
   * @param {string} text
   * @param {boolean} [bad]
   */
  say(text, bad = false) {
    this.element.textContent = text;
    this.element.classList.toggle("bad", bad);
  }
}

/**
 * A form whose one button acts; Enter does too.
 * @param {(Node | string)[]} children
 * @param {string} label of the button
 * @param {() => void} act
 * @param {string} [style] `row` puts the button beside the field
 */
export function form(children, label, act, style = "") {
  const element = make("form", { class: `work-form ${style}` }, [...children, make("div", { class: "acts" }, [make("button", { class: "main", type: "submit" }, [label])])]);
  element.addEventListener("submit", (event) => { event.preventDefault(); act(); });
  return element;
}

/**
 * @param {string} key
 * @param {string} label
 * @param {() => void} act
 * @param {string} [style]
 */
export function act(key, label, act, style = "quiet") {
  return button({ class: style, "data-key": key }, [label], act);
}

/** @param {(Node | string)[]} pieces */
export function note(pieces) {
  return make("p", { class: "empty" }, pieces);
}
