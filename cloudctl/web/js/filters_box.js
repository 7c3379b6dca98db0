// @ts-check
/** The box over the map with layers, kinds of road users and saved views. */

import { byId, button, make, refill } from "./dom.js";
import { LAYERS } from "./filters_state.js";
import { t } from "./i18n.js";
import { safeLevels, storeSafeLevels } from "./theme.js";

/** @typedef {import("./saved_views.js").SavedView} SavedView */

/**
 * @typedef {object} Acts
 * @property {import("./filters_state.js").Filters} filters
 * @property {import("./saved_views.js").SavedViews} views
 * @property {(view: SavedView) => void} show
 * @property {() => void} wall
 * @property {() => void} recolour draw all in the colours that are chosen now
 */

const KINDS = [1, 2, 3, 4, 5, 6, 7, 8, 0];

export class FiltersBox {
  /** @param {Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.element = byId("filters", HTMLElement);
    this.opener = byId("filters-open", HTMLElement);
    this.opener.onclick = () => this.toggle();
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle(false);
    });
    acts.filters.addEventListener("change", () => this.draw());
  }

  /** @param {boolean} [open] */
  toggle(open = Boolean(this.element.hidden)) {
    this.element.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    this.draw();
    if (open) this.element.querySelector("input")?.focus();
    else this.opener.focus();
  }

  draw() {
    if (this.element.hidden) return;
    const { filters } = this.acts;
    refill(this.element, [
      make("h3", {}, [t("filters.layers")]),
      ...LAYERS.map((layer) => check(`layer.${layer}`, t(`layer.${layer}`), filters.layers.has(layer), () => filters.toggleLayer(layer))),
      make("h3", {}, [t("filters.kinds")]),
      make("div", { class: "kinds" }, KINDS.map((kind) => check(`kind.${kind}`, t(`kind.${kind}`), (filters.kinds & (1 << kind)) !== 0, () => filters.toggleKind(kind)))),
      check("terminals", t("filters.terminals"), filters.terminals, () => filters.toggleTerminals()),
      check("safe", t("filters.safe"), safeLevels(), () => { storeSafeLevels(!safeLevels()); this.acts.recolour(); }),
      button({ class: "quiet", "data-key": "reset" }, [t("filters.reset")], () => filters.reset()),
      make("h3", {}, [t("views.title")]),
      this.list(),
      this.form(),
      button({ class: "quiet", "data-key": "wall" }, [t("views.wall")], () => this.acts.wall()),
    ]);
  }

  list() {
    const { views } = this.acts.views;
    if (views.length === 0) return make("p", { class: "empty" }, [t("views.empty")]);
    return make("ul", {}, views.map((view) => make("li", {}, [
      button({ class: "quiet", "data-key": `view ${view.name}` }, [view.name], () => this.acts.show(view)),
      button({ class: "quiet", "aria-label": t("views.drop", { name: view.name }), title: t("views.drop", { name: view.name }) }, ["×"], () => {
        this.acts.views.drop(view.name);
        this.draw();
      }),
    ])));
  }

  form() {
    const name = make("input", { "aria-label": t("views.name"), placeholder: t("views.name"), maxlength: 60, "data-key": "view-name" });
    const form = make("form", {}, [name, make("button", { class: "quiet", type: "submit" }, [t("views.keep")])]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.acts.views.keep(name.value);
      this.draw();
    });
    return form;
  }
}

/**
 * @param {string} key
 * @param {string} label
 * @param {boolean} on
 * @param {() => void} act
 */
function check(key, label, on, act) {
  const input = make("input", { type: "checkbox", checked: on, "data-key": key });
  input.addEventListener("change", act);
  return make("label", {}, [input, label]);
}
