// @ts-check
/** The live feed: one WebSocket that comes back by itself. */

import { ServerClock } from "./clock.js";
import { FeedSocket } from "./feed_socket.js";
import { decodeFrame } from "./frames.js";
import { leave, ticketed } from "./sign_in_session.js";

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15000;
const PING_EVERY_MS = 5000;
const PAINT_EVERY_MS = 5000;
const MOST_PAINTS = 80;
/** Close code of a feed whose session is over. */
const SIGNED_OUT = 4401;

/** @typedef {{box: [number, number, number, number], zoom: number, layers?: string[]}} View */

/**
 * Events: `frame` (detail: Frame), `text` (detail: parsed JSON), `state` (detail: "connecting" | "open" | "lost").
 */
export class LiveFeed extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    this.clock = new ServerClock();
    /** @type {"connecting" | "open" | "lost"} */
    this.state = "connecting";
    /** @type {FeedSocket | null} */
    this.socket = null;
    /** Somebody draws what comes. */
    this.heard = false;
    /** @type {View | null} */
    this.view = null;
    this.retryMs = RETRY_FIRST_MS;
    /** @type {number[]} */
    this.paints = [];
    this.refused = 0;
    this.timers = [setInterval(() => this.ping(), PING_EVERY_MS), setInterval(() => this.reportPaints(), PAINT_EVERY_MS)];
  }

  async open() {
    this.setState("connecting");
    try {
      this.connect(await ticketed(this.url));
    } catch (fault) {
      console.warn("no ticket for the live feed", fault);
      this.retry();
    }
  }

  /** @param {string} url */
  connect(url) {
    const socket = new FeedSocket(url);
    this.socket = socket;
    if (this.heard) socket.listen();
    socket.addEventListener("open", () => {
      this.retryMs = RETRY_FIRST_MS;
      this.setState("open");
      this.ping();
      if (this.view) this.look(this.view);
    });
    socket.addEventListener("pong", (event) => this.takeTime(/** @type {CustomEvent<{text: string, at: number}>} */ (event).detail));
    socket.addEventListener("message", (event) => this.take(/** @type {CustomEvent} */ (event).detail));
    socket.addEventListener("close", (event) => (/** @type {CustomEvent<number>} */ (event).detail === SIGNED_OUT ? leave() : this.comeBack(socket)));
  }

  /** Give out what comes from now on, and what has come already. */
  listen() {
    if (this.heard) return;
    this.heard = true;
    this.socket?.listen();
  }

  /**
   * Say what is looked at; said again after every reconnect.
   * @param {View} view
   */
  look(view) {
    this.view = view;
    this.send({ type: "view", deltas: true, ...view });
  }

  /** Ask for keys and whole frames once more: what came before was drawn over. */
  lookAnew() {
    if (this.view) this.send({ type: "view", deltas: true, anew: true, ...this.view });
  }

  /**
   * Note that a frame is on screen.
   * @param {number} ageMs age of its content
   */
  painted(ageMs) {
    if (this.paints.length < MOST_PAINTS) this.paints.push(Math.max(0, Math.round(ageMs)));
  }

  /** Close and stay closed until `open`. */
  rest() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }

  /** @param {FeedSocket} socket */
  comeBack(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.retry();
  }

  retry() {
    this.setState("lost");
    setTimeout(() => this.open(), this.retryMs * (0.7 + 0.6 * Math.random()));
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MOST_MS);
  }

  /** @param {unknown} data */
  take(data) {
    try {
      if (data instanceof ArrayBuffer) {
        this.dispatchEvent(new CustomEvent("frame", { detail: decodeFrame(data) }));
      } else if (typeof data === "string") {
        this.dispatchEvent(new CustomEvent("text", { detail: JSON.parse(data) }));
      }
    } catch (fault) {
      this.refused += 1;
      console.warn("message of the live feed refused", fault);
    }
  }

  /** @param {{text: string, at: number}} answer to a question for the time, and when it came, ms */
  takeTime({ text, at }) {
    const { t, server_time_ms: serverTime } = JSON.parse(text);
    this.clock.take(t, serverTime, at);
  }

  ping() {
    this.send({ type: "ping", t: Date.now() });
  }

  reportPaints() {
    if (this.paints.length === 0) return;
    this.send({ type: "paint", ages_ms: this.paints });
    this.paints = [];
  }

  /** @param {object} message */
  send(message) {
    if (this.socket?.isOpen) this.socket.send(JSON.stringify(message));
  }

  /** @param {"connecting" | "open" | "lost"} state */
  setState(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
