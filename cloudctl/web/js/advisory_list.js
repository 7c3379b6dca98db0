// @ts-check
/** The advisories that were given last, those with the same cause together. */

import { button, icon, make } from "./dom.js";
import { duration } from "./format.js";
import { member, t } from "./i18n.js";
import { adviceText, byCause } from "./panel_parts.js";
import { phrase } from "./phrases.js";

const KINDS = ["glosa", "congestion", "diversion", "bus_priority", "parking", "event", "bus_hold", "bus_speed", "bus_skip", "bus_short_turn", "bus_swap", "bus_connection"];
const SHOWN = 60;

export class AdvisoryList {
  /**
   * @param {import("./panels.js").Scene} scene
   * @param {() => void} redraw
   */
  constructor(scene, redraw) {
    this.scene = scene;
    this.redraw = redraw;
    this.kind = "";
  }

  list() {
    const wanted = this.scene.state.advisories.filter(({ kind }) => this.kind === "" || kind === this.kind);
    const shown = byCause(wanted).slice(0, SHOWN);
    if (shown.length === 0) return [make("p", { class: "empty" }, [t("advisories.empty")])];
    const now = this.scene.serverNow() / 1000;
    return [make("ul", { class: "list" }, shown.map(([advisory, ...others]) => make("li", {}, [button(
      { class: "item", "data-key": advisory.id, title: phrase(advisory.reason) },
      [make("span", { class: "sign" }, [icon("advisories")]), make("span", { class: "title" }, [member("advisory", advisory.kind)]),
        make("span", { class: "side" }, [t("device.seen", { time: duration(now - advisory.created) })]),
        make("span", { class: "more" }, [adviceText(advisory), ...(others.length ? [` · ${t("advisories.others", { count: others.length })}`] : [])])],
      () => this.scene.showAdvice(advisory),
    )])))];
  }

  head() {
    const options = ["", ...KINDS].map((kind) => make("option", { value: kind, selected: kind === this.kind }, [kind ? t(`advisory.${kind}`) : t("advisories.all")]));
    const select = make("select", { "aria-label": t("advisories.filter") }, options);
    select.addEventListener("change", () => { this.kind = select.value; this.redraw(); });
    return [make("div", { class: "filter" }, [select])];
  }
}
