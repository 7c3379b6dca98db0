// @ts-check
/** Asks for the name of a private vehicle: for a reason, which is entered in the audit log with who asked. */

import { make, refill } from "./dom.js";
import { clockTime } from "./format.js";
import { t } from "./i18n.js";
import { call } from "./sign_in_api.js";
import { Said, act, field, form, input } from "./work_parts.js";

const LEAST_REASON = 8;

/** @param {number} track id of the road user */
export function askName(track) {
  const said = new Said();
  const reason = input({ type: "text", required: true, minlength: LEAST_REASON, maxlength: 500, autocomplete: "off" });
  const answer = make("output", { class: "unmasked" });
  const dialog = make("dialog", { class: "help narrow", "aria-label": t("unmask.title") });
  refill(dialog, [
    make("header", {}, [make("h2", {}, [t("unmask.title")])]),
    make("p", { class: "hint" }, [t("unmask.hint")]),
    form([field(t("desk.reason"), reason)], t("unmask.ask"), () => said.try(async () => {
      const { subject, until } = await call("POST", "privacy/unmask", { track_id: track, reason: reason.value });
      answer.textContent = t("unmask.is", { name: subject, time: clockTime(Date.parse(until)) });
    })),
    said.element, answer,
    make("div", { class: "acts" }, [act("unmask-close", t("action.close"), () => dialog.close())]),
  ]);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
