// @ts-check
/** Names of the links by row, as the live frames number them. */

import { nameOf } from "./i18n.js";

/** @typedef {{id: string[], name_zh: string[], name_en: string[]}} Links */

export class LinkTable {
  /** @param {Links} links */
  constructor(links) {
    this.links = links;
  }

  /** @param {number} row */
  of(row) {
    return { id: this.links.id[row] ?? "", name_zh: this.links.name_zh[row] ?? "", name_en: this.links.name_en[row] ?? "" };
  }

  /** @param {number} row of no link: "" */
  nameOf(row) {
    return row < 0 || row >= this.links.id.length ? "" : nameOf(this.of(row));
  }
}
