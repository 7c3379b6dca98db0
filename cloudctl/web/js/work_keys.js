// @ts-check
/** Commands by keyboard; `?` lists them. A key does nothing while somebody writes. */

import { byId, button, icon, make, refill } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {{key: string, text: string, act: () => void}} Command */

export class Keys {
  /** @param {() => Command[]} commands those that are open to the user now */
  constructor(commands) {
    this.commands = commands;
    this.help = byId("help", HTMLDialogElement);
    document.addEventListener("keydown", (event) => this.press(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || writes(event.target)) return;
    if (event.key === "?") {
      this.show();
      return;
    }
    // a button that has the focus keeps its own key
    if (event.key === " " && event.target instanceof HTMLButtonElement) return;
    const command = this.commands().find(({ key }) => key === event.key);
    if (!command || this.help.open) return;
    event.preventDefault();
    command.act();
  }

  show() {
    const rows = [{ key: "?", text: t("keys.help") }, ...this.commands()].map(({ key, text }) => make("tr", {}, [make("td", {}, [make("kbd", {}, [key === " " ? t("keys.space") : key])]), make("td", {}, [text])]));
    const half = Math.ceil(rows.length / 2);
    refill(this.help, [
      make("header", {}, [make("h2", {}, [t("keys.title")]), button({ class: "close", "aria-label": t("action.close") }, [icon("close")], () => this.help.close())]),
      make("div", { class: "columns" }, [rows.slice(0, half), rows.slice(half)].map((part) => make("table", { class: "figure-table" }, [make("tbody", {}, part)]))),
    ]);
    this.help.setAttribute("aria-label", t("keys.title"));
    this.help.showModal();
  }
}

/** @param {EventTarget | null} target */
function writes(target) {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "range");
}
