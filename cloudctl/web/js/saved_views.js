// @ts-check
/** Views that the user keeps in this browser: a name and what stands behind the `#` of the address. */

import { NAMES_IN_ADDRESS } from "./filters_state.js";

const STORED = "v2x.views";
const MOST = 30;
const MOST_NAME = 60;
/** Values of the address that a view holds. */
const HELD = new RegExp(`^(map|${NAMES_IN_ADDRESS.join("|")})=`);

/** @typedef {{name: string, hash: string}} SavedView */

export class SavedViews {
  constructor() {
    /** @type {SavedView[]} */
    this.views = stored();
    this.at = -1;
  }

  /** @param {string} name keep what is on screen now; the same name is replaced */
  keep(name) {
    const short = name.trim().slice(0, MOST_NAME);
    if (!short) return;
    const hash = location.hash.slice(1).split("&").filter((part) => HELD.test(part)).join("&");
    this.views = [...this.views.filter((view) => view.name !== short), { name: short, hash }].slice(-MOST);
    this.store();
  }

  /** @param {string} name */
  drop(name) {
    this.views = this.views.filter((view) => view.name !== name);
    this.store();
  }

  /**
   * Go to the next or the last view in turn; null where there is none.
   * @param {number} step
   * @returns {SavedView | null}
   */
  turn(step) {
    if (this.views.length === 0) return null;
    this.at = this.at < 0 ? (step > 0 ? 0 : this.views.length - 1) : (this.at + step + this.views.length) % this.views.length;
    return this.views[this.at] ?? null;
  }

  store() {
    this.at = -1;
    localStorage.setItem(STORED, JSON.stringify(this.views));
  }
}

/** @returns {SavedView[]} */
function stored() {
  try {
    const views = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(views) ? views.filter(({ name, hash }) => typeof name === "string" && typeof hash === "string" && hash.includes("map=")) : [];
  } catch {
    return [];
  }
}
