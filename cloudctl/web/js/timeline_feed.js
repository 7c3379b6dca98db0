// @ts-check
/** The feed of a stored period: the messages of the live feed, steered by play, pause, seek, step and speed. */

import { LiveFeed } from "./feed.js";
import { ticketed } from "./sign_in_session.js";

export class ReplayFeed extends LiveFeed {
  /**
   * @param {number} start UTC epoch s
   * @param {number} end UTC epoch s
   */
  constructor(start, end) {
    super(new URL("api/v1/replay", document.baseURI).href.replace(/^http/, "ws"));
    this.query = `start=${encodeURIComponent(new Date(start * 1000).toISOString())}&end=${encodeURIComponent(new Date(end * 1000).toISOString())}`;
    this.ended = false;
  }

  async open() {
    this.setState("connecting");
    try {
      const address = await ticketed(this.url);
      if (!this.ended) this.connect(`${address}${address.includes("?") ? "&" : "?"}${this.query}`);
    } catch (fault) {
      console.warn("no ticket for the replay", fault);
      this.retry();
    }
  }

  /** A stored period does not come back by itself: who was looking at it decides. */
  retry() {
    if (!this.ended) this.setState("lost");
  }

  stop() {
    this.ended = true;
    this.timers.forEach(clearInterval);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
