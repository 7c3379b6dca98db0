// @ts-check
/** A date and time to fill in, 24 hours whatever the browser's own way is; a button opens the browser's calendar. */

import { button, make } from "./dom.js";
import { t } from "./i18n.js";

const WRITTEN = /^(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?$/;

export class MomentField {
  /** @param {(at: number) => void} take UTC epoch s */
  constructor(take) {
    this.take = take;
    this.text = make("input", { type: "text", class: "when", autocomplete: "off", size: 19, maxlength: 19, placeholder: "YYYY-MM-DD HH:MM:SS", "data-key": "time-when" });
    this.text.addEventListener("change", () => this.read());
    // the browser's own field serves for its calendar alone
    this.calendar = make("input", { type: "datetime-local", step: 1, class: "calendar", tabindex: -1, "aria-hidden": "true" });
    this.calendar.addEventListener("change", () => {
      this.text.value = this.calendar.value.replace("T", " ");
      this.read();
    });
  }

  /** Field, button, and the calendar that it opens; labelled in the page's language. */
  elements() {
    this.text.setAttribute("aria-label", t("time.when"));
    this.text.title = t("time.notRead");
    const open = button({ class: "knob", "data-key": "time-calendar", "aria-label": t("time.calendar"), title: t("time.calendar") }, ["▾"], () => this.calendar.showPicker());
    return make("span", { class: "moment-field" }, [this.text, this.calendar, open]);
  }

  read() {
    const found = WRITTEN.exec(this.text.value.trim());
    const [year, month, day, hour, minute, second = 0] = (found ?? []).slice(1).map((part) => Number(part ?? 0));
    const at = found ? new Date(year, month - 1, day, hour, minute, second).getTime() / 1000 : NaN;
    this.text.setCustomValidity(Number.isFinite(at) ? "" : t("time.notRead"));
    if (Number.isFinite(at)) this.take(at);
    else if (this.text.value) this.text.reportValidity();
  }
}
