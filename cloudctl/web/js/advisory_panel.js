// @ts-check
/** One advisory in the card: what, why, to whom, until when, acknowledged or not, and what came of it. */

import { button, make } from "./dom.js";
import { clockTime, duration, kmh } from "./format.js";
import { member, t } from "./i18n.js";
import { adviceText, targetText } from "./panel_parts.js";
import { phrase } from "./phrases.js";
import { call } from "./sign_in_api.js";
import { may } from "./sign_in_session.js";

/** @typedef {import("./state.js").Advisory} Advisory */

/**
 * Show an advisory; what came of it is asked of the store where one may see that.
 * @param {import("./card.js").Card} card
 * @param {Advisory} advisory
 * @param {(signal: string, advisory: string) => void} hold
 */
export async function showAdvisory(card, advisory, hold) {
  const draw = (/** @type {any} */ stored) => card.show(member("advisory", advisory.kind), adviceText(advisory), pieces(advisory, stored, hold));
  draw(null);
  if (!may("see_history")) return;
  const start = new Date((advisory.created - 1) * 1000).toISOString();
  const end = new Date((advisory.created + 1) * 1000).toISOString();
  const query = new URLSearchParams({ start, end, kind: advisory.kind, limit: "1000" });
  const found = await call("GET", `history/advisories?${query}`).catch(() => null);
  const stored = found?.items.find((/** @type {any} */ each) => each.id === advisory.id);
  if (stored && !card.element.hidden) draw(stored);
}

/**
 * @param {Advisory} advisory
 * @param {any} stored
 * @param {(signal: string, advisory: string) => void} hold
 */
function pieces(advisory, stored, hold) {
  const rows = [
    ["advice.to", targetText(advisory.target)],
    ["advice.why", phrase(advisory.reason)],
    ["advice.given", clockTime(advisory.created * 1000)],
    ["advice.until", clockTime(advisory.valid_until * 1000)],
    ["advice.answer", answer(advisory, stored)],
    ["advice.effect", effect(stored)],
    ...gains(advisory),
  ];
  const [kind, signal] = advisory.target.split(/:(.*)/s);
  const acts = kind === "signal" && may("control_signals")
    ? [make("footer", {}, [button({ class: "quiet", "data-key": "hold" }, [t("hold.take")], () => hold(signal, advisory.id))])]
    : [];
  return [make("dl", { class: "wide" }, rows.flatMap(([key, value]) => [make("dt", {}, [t(key)]), make("dd", {}, [value])])), ...acts];
}

/**
 * @param {Advisory} advisory
 * @param {any} stored
 */
function answer(advisory, stored) {
  const said = stored?.answer ?? advisory.content.status;
  if (!said) return t("delivery.sent");
  const when = stored?.answered ? ` ${clockTime(Date.parse(stored.answered))}` : "";
  return member("delivery", String(said)) + when;
}

/**
 * What a way round is worth, who was told, and what came of it.
 * @param {Advisory} advisory
 */
function gains({ content }) {
  /** @type {[string, string][]} */
  const rows = [];
  const { saves_s: saves, told, followed, effect_s: came } = content;
  if (typeof saves === "number") rows.push(["advice.worth", duration(saves)]);
  if (typeof told === "number") rows.push(["advice.told", typeof followed === "number" ? t("advice.toldFollowed", { told, followed }) : String(told)]);
  if (typeof came === "number") rows.push(["advice.came", t("advice.cameSeconds", { seconds: Math.round(came) })]);
  return rows;
}

/** @param {any} stored */
function effect(stored) {
  if (!stored) return "–";
  const speeds = stored.speed_before === null || stored.speed_after === null ? "" : `${kmh(stored.speed_before)} → ${kmh(stored.speed_after)} ${t("unit.kmh")}`;
  const followed = stored.followed === null ? "" : t(stored.followed ? "advice.followed" : "advice.ignored");
  return [followed, speeds].filter(Boolean).join(" · ") || "–";
}
