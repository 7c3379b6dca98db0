// @ts-check
/** The server's clock as seen from here: offset from the fastest of the last round trips. */

const KEPT = 8;

export class ServerClock {
  constructor() {
    /** @type {{rtt: number, offset: number}[]} */
    this.samples = [];
    this.offset = 0;
  }

  /**
   * Take one round trip; all in ms.
   * @param {number} askedAt local time of the question
   * @param {number} serverTime server's time in the answer
   * @param {number} answeredAt local time of the answer
   */
  take(askedAt, serverTime, answeredAt) {
    const rtt = answeredAt - askedAt;
    this.samples = [...this.samples.slice(1 - KEPT), { rtt, offset: serverTime + rtt / 2 - answeredAt }];
    this.offset = this.samples.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best)).offset;
  }

  /** UTC epoch of the server now, ms. */
  now() {
    return Date.now() + this.offset;
  }
}
