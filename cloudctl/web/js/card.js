// @ts-check
/** The card on the right: one road user, intersection or link. */

import { byId, button, icon, make, refill } from "./dom.js";
import { compass, count, kmh } from "./format.js";
import { nameOf, t } from "./i18n.js";
import { adviceAnswer, adviceLine } from "./panel_parts.js";
import { phrase } from "./phrases.js";
import { recommendationRows } from "./recommendation_panel.js";
import { may } from "./sign_in_session.js";
import { band, countdown } from "./signal_overlay.js";
import { lampOf } from "./signals.js";
import { askName } from "./unmask_dialog.js";

/** @typedef {import("./mover_store.js").Mover} Mover */
/** @typedef {import("./signals.js").SignalPlace} SignalPlace */
/** @typedef {import("./signals.js").Signals} Signals */

/**
 * @typedef {object} Detail answer of /api/v1/tracks/{id}
 * @property {string | null} lane
 * @property {string | null} road_zh
 * @property {string | null} road_en
 * @property {number | null} sigma
 * @property {string | null} device
 * @property {{time: string, lon: number, lat: number, speed: number}[]} trail
 * @property {boolean} trail_complete
 */

/** @typedef {{kind: "mover", id: number} | {kind: "signal", row: number} | {kind: "link", row: number}} Chosen */

const HAS_TERMINAL = 1;
const COASTING = 2;

export class Card {
  /** @param {{close: () => void, follow: (on: boolean) => void, locate: (lon: number, lat: number) => void}} act */
  constructor(act) {
    this.act = act;
    this.element = byId("card", HTMLElement);
    /** @type {HTMLElement | null} control that opened the card and gets focus back */
    this.opener = null;
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.act.close();
    });
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /**
   * @param {string} title
   * @param {string} small
   * @param {(Node | string)[]} content
   */
  show(title, small, content) {
    const close = button({ class: "close", "aria-label": t("action.close"), title: t("action.close"), "data-key": "close" }, [icon("close")], () => this.act.close());
    this.element.hidden = false;
    refill(this.element, [make("header", {}, [make("h2", {}, [title, make("small", {}, [small])]), close]), ...content]);
  }

  /**
   * @param {Mover} mover
   * @param {Detail | null} detail
   * @param {number} pictureAgeMs
   * @param {boolean} following
   * @param {import("./state.js").Advisory | null} advice given to it last
   */
  showMover(mover, detail, pictureAgeMs, following, advice) {
    const terminal = (mover.flags & HAS_TERMINAL) !== 0;
    const source = [detail?.device, t(terminal ? "card.sourceObu" : "card.sourceRsu")].filter(Boolean).join(" · ");
    const road = detail ? nameOf({ name_zh: detail.road_zh ?? "", name_en: detail.road_en ?? "" }) : "";
    const rows = [
      ["card.speed", `${kmh(mover.speed)} ${t("unit.kmh")}`],
      ["card.heading", `${Math.round(mover.heading)}° ${compass(mover.heading)}`],
      ["card.road", road || "–"],
      ["card.lane", detail?.lane ?? "–"],
      ["card.source", source],
      ["card.sigma", detail?.sigma === null || detail?.sigma === undefined ? "–" : `± ${detail.sigma.toFixed(1)} ${t("unit.m")}`],
      ["card.size", `${mover.length.toFixed(1)} × ${mover.width.toFixed(1)} ${t("unit.m")}`],
      ["card.age", `${((mover.ageMs + pictureAgeMs) / 1000).toFixed(1)} s`],
      ...(advice ? [["card.advice", `${adviceLine(advice)} · ${adviceAnswer(advice)}`]] : []),
      ["card.trail", detail ? t("card.trailPoints", { count: count(detail.trail.length) }) : "–"],
    ];
    const notes = [];
    if ((mover.flags & COASTING) !== 0) notes.push(make("p", { class: "note" }, [t("card.coasting")]));
    if (detail && !detail.trail_complete) notes.push(make("p", { class: "note" }, [t("card.trailOffline")]));
    this.show(t(`kind.${mover.kind}`), `${t("card.id")} ${mover.id}`, [
      list(rows),
      ...notes,
      make("footer", {}, [
        button({ class: "quiet", "aria-pressed": String(following), "data-key": "follow" }, [t(following ? "action.unfollow" : "action.follow")], () => this.act.follow(!following)),
        button({ class: "quiet", "data-key": "locate" }, [t("action.locate")], () => this.act.locate(mover.lon, mover.lat)),
        ...(terminal && may("unmask") ? [button({ class: "quiet", "data-key": "unmask" }, [t("unmask.open")], () => askName(mover.id))] : []),
      ]),
    ]);
  }

  /** @param {number} id */
  showGone(id) {
    this.show(t("card.gone"), `${t("card.id")} ${id}`, []);
  }

  /**
   * @param {SignalPlace} place
   * @param {Signals} signals
   * @param {number} now server time, ms
   * @param {import("./recommendation_panel.js").Recommendation | null} recommended
   * @param {string | null} control what its controller does
   * @param {((signal: string) => void) | null} hold where one may
   */
  showSignal(place, signals, now, recommended, control, hold) {
    /** @type {Map<number, Set<string>>} */
    const turns = new Map();
    for (const approach of signals.approaches) {
      for (const head of approach.heads) {
        if (approach.signal === place.row) turns.set(head.group, new Set([...(turns.get(head.group) ?? []), ...head.turns]));
      }
    }
    const rows = Array.from({ length: place.group_count }, (_, index) => place.group_start + index).map((group) => {
      const light = signals.light(group, now);
      const movement = signals.table.pedestrian[group] ? ["P"] : [...(turns.get(group) ?? [])];
      const lamp = light ? lampOf(light.state) : "dark";
      const known = light !== null && !light.stale;
      const remaining = known ? [countdown(light), " ", make("small", {}, [band(light)])] : [t(light ? "signal.stale" : "signal.none")];
      return make("tr", {}, [
        make("td", {}, [String(signals.table.phase_id[group])]),
        make("td", { class: "words" }, [movement.map((turn) => t(`turn.${turn}`)).join(" ")]),
        make("td", {}, [make("span", { class: `lamp ${known ? lamp : "stale"}` }, [known ? t(`lamp.${lamp}`) : "?"])]),
        make("td", { class: "num" }, remaining),
        make("td", {}, [light ? `${light.confidence}%` : "–"]),
      ]);
    });
    const heads = ["signal.phase", "signal.movement", "signal.light", "signal.remaining", "signal.confidence"].map((key) => make("th", { scope: "col" }, [t(key)]));
    this.show(nameOf(place), `${t("card.signal")} · ${place.id}`, [make("div", { class: "body" }, [
      make("table", { class: "figure-table" }, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)]),
    ]),
    ...(recommended ? [
      make("h3", { class: "card-part" }, [t("recommend.title")]),
      make("dl", {}, recommendationRows(recommended, control).flatMap(([key, value]) => [make("dt", {}, [key]), make("dd", {}, [value])])),
      make("p", { class: "detail" }, [phrase(recommended.detail)]),
    ] : []),
    ...(hold ? [make("footer", {}, [button({ class: "quiet", "data-key": "hold" }, [t("hold.take")], () => hold(place.id))])] : [])]);
  }

  /**
   * @param {{id: string, name_zh: string, name_en: string}} link
   * @param {{level: number, speed: number | null, queue: number | null, flow: number | null, confidence: number} | null} state
   */
  showLink(link, state) {
    const rows = [
      ["card.level", t(`level.${state?.level ?? 0}`)],
      ["card.speed", state?.speed === null || state?.speed === undefined ? "–" : `${kmh(state.speed)} ${t("unit.kmh")}`],
      ["card.queue", state?.queue === null || state?.queue === undefined ? "–" : `${state.queue} ${t("unit.m")}`],
      ["card.flow", state?.flow === null || state?.flow === undefined ? "–" : `${count(state.flow)} ${t("unit.vehh")}`],
      ["card.confidence", state ? `${state.confidence}%` : "–"],
    ];
    this.show(nameOf(link), `${t("card.link")} ${link.id}`, [list(rows)]);
  }
}

/** @param {string[][]} rows key of the label, value */
function list(rows) {
  return make("dl", {}, rows.flatMap(([key, value]) => [make("dt", {}, [t(key)]), make("dd", {}, [value])]));
}

