// @ts-check
/** The panel that opens first: state of the network, road users in view, signals, latency of every stage. */

import { make } from "./dom.js";
import { count } from "./format.js";
import { t, told } from "./i18n.js";
import { bar, group } from "./panel_parts.js";
import { kindColour } from "./theme.js";

export class OverviewPanel {
  /** @param {import("./panels.js").Scene} scene */
  constructor(scene) {
    this.scene = scene;
  }

  list() {
    const { known, all } = this.scene.groupCounts();
    return [
      this.levels(),
      this.kinds(),
      group(t("overview.signals"), [make("p", { class: "empty" }, [t("overview.signalsKnown", { known: count(known), all: count(all) })])]),
      this.latency(),
    ];
  }

  levels() {
    const counts = this.scene.levelCounts();
    const all = counts.slice(1).reduce((sum, value) => sum + value, 0);
    const rows = [1, 2, 3, 4, 5].flatMap((level) => bar(
      [make("span", { class: `swatch level-${level}` }), t(`level.${level}`)], counts[level], all, `level-${level}`,
    ));
    const note = make("p", { class: "empty" }, [all > 0 ? t("overview.unobserved") : t("overview.none")]);
    return group(t("overview.state"), [make("div", { class: "bars" }, rows), note]);
  }

  kinds() {
    const counts = this.scene.kindCounts();
    const all = Math.max(1, ...counts);
    const rows = counts.flatMap((value, kind) => {
      if (value === 0) return [];
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = kindColour(this.scene.theme(), kind);
      const cells = bar([swatch, t(`kind.${kind}`)], value, all, "");
      const fill = cells[1].firstElementChild;
      if (fill instanceof HTMLElement) fill.style.background = kindColour(this.scene.theme(), kind);
      return cells;
    });
    return group(t("overview.kinds"), rows.length ? [make("div", { class: "bars" }, rows)] : [make("p", { class: "empty" }, [t("overview.none")])]);
  }

  latency() {
    const stages = Object.entries(this.scene.state.status?.latency_ms ?? {});
    if (stages.length === 0) return group(t("overview.latency"), [make("p", { class: "empty" }, [t("overview.none")])]);
    const rows = stages.map(([stage, { p50, p99 }]) => make("tr", {}, [
      make("td", {}, [stageName(stage)]),
      make("td", {}, [`${p50 === null ? "–" : Math.round(p50)} / ${p99 === null ? "–" : Math.round(p99)}`]),
    ]));
    return group(t("overview.latency"), [make("table", { class: "figure-table" }, [make("tbody", {}, rows)])]);
  }
}

/**
 * Process and stage in the page's language; what is not in the table goes by its own name.
 * @param {string} stage
 */
function stageName(stage) {
  return stage.split(".").map((part) => told("stage", part)).join(" · ");
}
