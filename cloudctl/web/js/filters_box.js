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
 * @property {import("./area_filter.js").AreaFilter} area
 * @property {import("./districts.js").Districts} districts
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
    /** Speeds are being typed: fields that were drawn anew would lose the next click. */
    this.typing = false;
    /** Drawn anew just now: what is being typed stays as it is. */
    this.drawing = false;
    this.bounds = [this.bound(0), this.bound(1)];
    acts.filters.addEventListener("change", () => { if (!this.typing) this.draw(); });
  }

  /** @param {boolean} [open] */
  toggle(open = Boolean(this.element.hidden)) {
    this.element.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    this.draw();
    if (open) void this.acts.districts.load();
    if (open) this.element.querySelector("input")?.focus();
    else this.opener.focus();
  }

  draw() {
    if (this.element.hidden) return;
    const { filters } = this.acts;
    this.drawing = true;
    refill(this.element, [
      make("h3", {}, [t("filters.layers")]),
      ...LAYERS.map((layer) => check(`layer.${layer}`, t(`layer.${layer}`), filters.layers.has(layer), () => filters.toggleLayer(layer))),
      make("h3", {}, [t("filters.kinds")]),
      make("div", { class: "kinds" }, KINDS.map((kind) => check(`kind.${kind}`, t(`kind.${kind}`), (filters.kinds & (1 << kind)) !== 0, () => filters.toggleKind(kind)))),
      check("terminals", t("filters.terminals"), filters.terminals, () => filters.toggleTerminals()),
      ...this.speeds(),
      ...this.region(),
      check("safe", t("filters.safe"), safeLevels(), () => { storeSafeLevels(!safeLevels()); this.acts.recolour(); }),
      button({ class: "quiet", "data-key": "reset" }, [t("filters.reset")], () => filters.reset()),
      make("h3", {}, [t("views.title")]),
      this.list(),
      this.form(),
      button({ class: "quiet", "data-key": "wall" }, [t("views.wall")], () => this.acts.wall()),
    ]);
    this.drawing = false;
  }

  /** @param {number} at 0: least, 1: most */
  bound(at) {
    const input = make("input", { type: "number", min: 0, max: 250, step: 5, "data-key": `speed ${at}` });
    input.addEventListener("change", () => this.takeSpeeds());
    input.addEventListener("blur", () => this.takeSpeeds());
    return input;
  }

  takeSpeeds() {
    const [least, most] = this.bounds.map(read);
    const [least0, most0] = this.acts.filters.speeds;
    if (this.drawing || (least === least0 && most === most0)) return;
    this.typing = true;
    this.acts.filters.setSpeeds([least, most]);
    this.typing = false;
    this.tellSpeeds();
  }

  speeds() {
    this.tellSpeeds();
    const [least, most] = this.bounds;
    least.setAttribute("aria-label", t("filters.speedLeast"));
    most.setAttribute("aria-label", t("filters.speedMost"));
    return [make("h3", {}, [t("filters.speed")]), make("div", { class: "range" }, [least, "–", most, "km/h"])];
  }

  tellSpeeds() {
    this.acts.filters.speeds.forEach((bound, at) => {
      if (!this.drawing || this.bounds[at] !== document.activeElement) this.bounds[at].value = String(bound ?? "");
    });
  }

  region() {
    const { area, filters } = this.acts;
    const acts = area.drawing ? [
      button({ class: "quiet", "data-key": "area-end", disabled: area.corners.length < 3 }, [t("filters.drawn", { count: area.corners.length })], () => area.end()),
      button({ class: "quiet", "data-key": "area-stop" }, [t("filters.stop")], () => area.stop()),
    ] : [
      button({ class: "quiet", "data-key": "area-draw" }, [t("filters.draw")], () => area.begin()),
      button({ class: "quiet", "data-key": "area-screen" }, [t("filters.screen")], () => area.takeScreen()),
      ...(filters.area.length ? [button({ class: "quiet", "data-key": "area-none" }, [t("filters.everywhere")], () => filters.setArea([]))] : []),
    ];
    return [make("h3", {}, [t("filters.region")]), ...this.district(), make("p", { class: "empty", role: "status" }, [this.regionText()]), make("div", { class: "acts" }, acts)];
  }

  regionText() {
    const { area, filters } = this.acts;
    if (area.drawing) return t("filters.drawHint");
    if (filters.district) return t("filters.inDistrict", { name: filters.district });
    return filters.area.length ? t("filters.inArea", { count: filters.area.length }) : t("filters.anywhere");
  }

  /** Choice of a district, where there are any. */
  district() {
    const { area, districts, filters } = this.acts;
    if (districts.all.length === 0 || area.drawing) return [];
    const names = ["", ...districts.all.map((each) => each.properties.district)];
    const options = names.map((name) => make("option", { value: name, selected: name === filters.district }, [name || t("filters.noDistrict")]));
    const select = make("select", { "aria-label": t("filters.district"), "data-key": "district" }, options);
    select.addEventListener("change", () => area.takeDistrict(select.value));
    return [make("div", { class: "filter" }, [select])];
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

/**
 * Bound of a speed; nothing, or what is none, is no bound.
 * @param {HTMLInputElement} input
 */
function read(input) {
  const value = Math.round(input.valueAsNumber);
  return Number.isFinite(value) && value >= 0 && value <= 999 ? value : null;
}
