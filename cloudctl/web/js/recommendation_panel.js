// @ts-check
/** What the platform recommends to signals: phase, why, what it saves, how sure; and taking a signal under hold instead. */

import { button, make } from "./dom.js";
import { clockTime } from "./format.js";
import { member, nameOf, t } from "./i18n.js";
import { group } from "./panel_parts.js";
import { phrase } from "./phrases.js";
import { note } from "./work_parts.js";

const SHOWN = 20;

/**
 * @typedef {object} Recommendation
 * @property {string} signal
 * @property {string} mode recommended, plan or held
 * @property {string} reason code
 * @property {string} detail one sentence with figures
 * @property {number | null} stage counted from 0
 * @property {number[]} phases PhaseIDs that are green in it
 * @property {number} until UTC epoch s
 * @property {number} saving_s vehicle seconds over the next minute
 * @property {number} confidence 0..1
 */

/** @typedef {{items: Recommendation[], control: {signal: string, status: string}[]}} Recommended */
/** @typedef {{id: string, name_zh: string, name_en: string, lon: number, lat: number}} Signal */

export class RecommendationPanel {
  /**
   * @param {Signal[]} signals
   * @param {import("./state.js").State} state
   * @param {(lon: number, lat: number) => void} fly
   * @param {(signal: string) => void} hold
   */
  constructor(signals, state, fly, hold) {
    this.signals = new Map(signals.map((signal) => [signal.id, signal]));
    this.state = state;
    this.fly = fly;
    this.hold = hold;
  }

  get items() {
    return this.state.recommended.items;
  }

  /** What the controller of a signal does with what it is told, null where it takes nothing. @param {string} signal */
  controlOf(signal) {
    return this.state.recommended.control.find((each) => each.signal === signal)?.status ?? null;
  }

  /** @param {string} signal */
  of(signal) {
    return this.items.find((item) => item.signal === signal) ?? null;
  }

  /** The signals where something better than the plan is known, the most saving first. */
  list() {
    const better = this.items.filter(({ mode }) => mode === "recommended").toSorted((a, b) => b.saving_s - a.saving_s);
    const rest = this.items.length - better.length;
    const rows = better.slice(0, SHOWN).map((item) => make("li", {}, [this.row(item)]));
    return group(t("recommend.title"), [
      ...(rows.length ? [make("ul", { class: "list" }, rows)] : [note([t("recommend.none")])]),
      ...(rest > 0 ? [make("p", { class: "hint" }, [t("recommend.rest", { count: rest })])] : []),
    ]);
  }

  /** @param {Recommendation} item */
  row(item) {
    const place = this.signals.get(item.signal);
    return make("article", { class: "work-item" }, [
      make("header", {}, [make("b", {}, [place ? nameOf(place) : item.signal]), make("span", { class: "side" }, [saving(item)])]),
      make("p", { title: phrase(item.detail) }, [phases(item), " · ", member("reason", item.reason)]),
      make("div", { class: "sure" }, [
        meter(item.confidence), make("small", {}, [t("recommend.sure", { value: Math.round(item.confidence * 100) })]),
        ...this.acts(item, place),
      ]),
    ]);
  }

  /**
   * @param {Recommendation} item
   * @param {Signal | undefined} place
   */
  acts(item, place) {
    const show = place ? [button({ class: "quiet", "data-key": `recommend-see-${item.signal}` }, [t("action.locate")], () => this.fly(place.lon, place.lat))] : [];
    return [...show, button({ class: "quiet", "data-key": `recommend-hold-${item.signal}` }, [t("hold.take")], () => this.hold(item.signal))];
  }
}

/**
 * The same for the card of one signal.
 * @param {Recommendation} item
 * @param {string | null} control what its controller does
 */
export function recommendationRows(item, control) {
  return [
    [t("recommend.what"), item.mode === "recommended" ? phases(item) : t(`mode.${item.mode === "held" ? "held" : "plan"}`)],
    [t("advice.why"), member("reason", item.reason)],
    ...(item.mode === "recommended" ? [[t("recommend.saving"), saving(item)], [t("advice.until"), clockTime(item.until * 1000)]] : []),
    [t("card.confidence"), `${Math.round(item.confidence * 100)}%`],
    ...(control ? [[t("recommend.control"), member("control", control)]] : []),
  ];
}

/** What a stage that has to come anyway costs is no saving. @param {Recommendation} item */
function saving(item) {
  return item.saving_s > 0 ? t("recommend.saves", { seconds: Math.round(item.saving_s) }) : "–";
}

/** @param {Recommendation} item */
function phases(item) {
  return t("recommend.phases", { stage: (item.stage ?? 0) + 1, phases: item.phases.join(", ") || "–" });
}

/** @param {number} share 0..1 */
function meter(share) {
  const fill = make("i");
  fill.style.width = `${Math.round(100 * share)}%`;
  return make("span", { class: "bar", "aria-hidden": "true" }, [fill]);
}
