// @ts-check
/** What the feed's texts said last; panels and card draw from here. */

/** @typedef {{incident_id: string, kind: string, started: number, updated: number, lon: number, lat: number, link: number, link_id: string, confidence: number, evidence: string, tracks: number[]}} Incident */
import { WorkState } from "./work_state.js";

/** @typedef {{id: string, kind: string, target: string, created: number, valid_until: number, reason: string, reason_code: string, lon: number, lat: number, content: Record<string, unknown>}} Advisory */
/** @typedef {{id: string, name_zh: string, name_en: string, lon: number, lat: number, capacity: number | null, occupied: number | null, updated: number | null}} Lot */
/** @typedef {{id: string, kind: string, lon: number | null, lat: number | null, online: boolean, last_seen: number | null, rates: Record<string, number>, refused: Record<string, number>, clock_offset_ms: number | null, latency_ms_p50: number | null}} Device */

/**
 * @typedef {object} Status
 * @property {number} server_time_ms
 * @property {boolean} broker
 * @property {number | null} picture_age_ms
 * @property {number | null} movers in the whole city
 * @property {number[]} kinds of them by kind
 * @property {number | null} terminals of them with a vehicle terminal; a stored moment does not say
 * @property {Record<string, {p50: number | null, p99: number | null}>} latency_ms
 * @property {Record<string, {ready: boolean, age_ms: number}>} processes
 */

const MOST_ADVISORIES = 200;

export class State {
  constructor() {
    /** @type {Incident[]} */
    this.incidents = [];
    /** @type {Advisory[]} the newest first */
    this.advisories = [];
    /** @type {Lot[]} */
    this.lots = [];
    /** @type {Device[]} */
    this.devices = [];
    /** @type {import("./bus_layer.js").Bus[]} */
    this.buses = [];
    /** @type {import("./recommendation_panel.js").Recommended} */
    this.recommended = { items: [], control: [] };
    /** @type {Status | null} */
    this.status = null;
    this.work = new WorkState();
  }

  /** The newest advisory to a device. @param {string} device */
  adviceTo(device) {
    return this.advisories.find(({ target }) => device !== "" && target.endsWith(`:${device}`)) ?? null;
  }

  /** Forget what belongs to one moment: another one is going to be shown. */
  clear() {
    this.incidents = [];
    this.advisories = [];
    this.recommended = { items: [], control: [] };
    this.status = null;
  }

  /**
   * Take one text of the feed; returns its part, null for one that this page does not know.
   * @param {{type: string} & Record<string, unknown>} message
   */
  take(message) {
    switch (message.type) {
      case "incidents":
        this.incidents = /** @type {Incident[]} */ (message.items).toSorted((a, b) => b.started - a.started);
        return message.type;
      case "advisories": {
        const known = new Set(this.advisories.map(({ id }) => id));
        const fresh = /** @type {Advisory[]} */ (message.items).filter(({ id }) => !known.has(id)).reverse();
        this.advisories = [...fresh, ...this.advisories].slice(0, MOST_ADVISORIES);
        return message.type;
      }
      case "parking":
        this.lots = /** @type {Lot[]} */ (message.lots);
        return message.type;
      case "devices":
        this.devices = /** @type {Device[]} */ (message.devices);
        return message.type;
      case "transit":
        this.buses = /** @type {import("./bus_layer.js").Bus[]} */ (message.buses);
        return message.type;
      case "recommendations":
        this.recommended = /** @type {import("./recommendation_panel.js").Recommended} */ (/** @type {unknown} */ (message));
        return message.type;
      case "status":
        this.status = /** @type {Status} */ (/** @type {unknown} */ (message));
        return message.type;
      default:
        return this.work.take(message);
    }
  }
}
