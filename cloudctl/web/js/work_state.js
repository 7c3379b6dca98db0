// @ts-check
/** Desk work as the feed last told of it: incidents in hand, mutes, events, holds, corridors. */

/**
 * @typedef {object} Handled an incident at the desk
 * @property {string} incident_id
 * @property {number} priority 1 critical .. 4 low
 * @property {string} group
 * @property {number | null} mute
 * @property {string} [acknowledged_name]
 * @property {number | null} [acknowledged] UTC epoch s
 * @property {string | null} [assignee]
 * @property {number} [notes]
 * @property {string | null} [last_note]
 */

/** @typedef {{id: number, kind: string | null, lon: number | null, lat: number | null, radius_m: number | null, reason: string, created_name: string, expires: number}} Mute */
/** @typedef {{items: Handled[], mutes: Mute[], reachable: boolean}} DeskView */

/**
 * @typedef {object} Work what an operator asked for; times UTC epoch s
 * @property {string} id
 * @property {string} status
 * @property {number} revision
 * @property {any} content
 * @property {any} result
 * @property {number} created
 * @property {string} created_name
 * @property {number} until
 * @property {number | null} ended
 */

export class WorkState {
  constructor() {
    /** @type {DeskView} */
    this.desk = { items: [], mutes: [], reachable: true };
    /** @type {Record<"events" | "holds" | "corridors", Work[]>} */
    this.work = { events: [], holds: [], corridors: [] };
  }

  /**
   * Take one text of the feed; gives its part, null where it is none of desk work.
   * @param {{type: string} & Record<string, unknown>} message
   */
  take(message) {
    if (message.type === "desk") this.desk = /** @type {DeskView} */ (/** @type {unknown} */ (message));
    else if (message.type === "events" || message.type === "holds" || message.type === "corridors") {
      this.work[message.type] = /** @type {Work[]} */ (message.items);
    } else return null;
    return message.type;
  }

  /** @param {string} id */
  handled(id) {
    return this.desk.items.find(({ incident_id: known }) => known === id) ?? null;
  }
}
