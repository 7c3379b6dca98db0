// @ts-check
/** Districts that one may choose as the region: names and outlines, read when they are first needed. */

/** @typedef {import("./mover_filter.js").Corner} Corner */
/** @typedef {import("geojson").Feature<import("geojson").MultiPolygon, {district: string, ring: Corner[]}>} District */

export class Districts {
  /** @param {() => void} changed they are known now */
  constructor(changed) {
    this.changed = changed;
    /** @type {District[]} */
    this.all = [];
    this.asked = false;
  }

  /** Read them once; where that fails the next call tries again. */
  async load() {
    if (this.asked) return;
    this.asked = true;
    const answer = await fetch("api/v1/districts").catch(() => null);
    if (!answer?.ok) {
      this.asked = false;
      return;
    }
    this.all = (await answer.json()).features;
    this.changed();
  }

  /** @param {string} name */
  named(name) {
    return name === "" ? undefined : this.all.find((each) => each.properties.district === name);
  }
}
