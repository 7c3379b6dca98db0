// @ts-check
/** The live feed: one WebSocket that comes back by itself. */

import { ServerClock } from "./clock.js";
import { decodeFrame } from "./frames.js";

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15000;
const PING_EVERY_MS = 5000;
const PAINT_EVERY_MS = 5000;
const MOST_PAINTS = 80;

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
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {View | null} */
    this.view = null;
    this.retryMs = RETRY_FIRST_MS;
    /** @type {number[]} */
    this.paints = [];
    this.refused = 0;
    setInterval(() => this.ping(), PING_EVERY_MS);
    setInterval(() => this.reportPaints(), PAINT_EVERY_MS);
  }

  open() {
    this.setState("connecting");
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.retryMs = RETRY_FIRST_MS;
      this.setState("open");
      this.ping();
      if (this.view) this.send({ type: "view", ...this.view });
    });
    socket.addEventListener("message", (event) => this.take(event.data));
    socket.addEventListener("close", () => this.comeBack(socket));
  }

  /**
   * Say what is looked at; said again after every reconnect.
   * @param {View} view
   */
  look(view) {
    this.view = view;
    this.send({ type: "view", ...view });
  }

  /**
   * Note that a frame is on screen.
   * @param {number} ageMs age of its content
   */
  painted(ageMs) {
    if (this.paints.length < MOST_PAINTS) this.paints.push(Math.max(0, Math.round(ageMs)));
  }

  /** @param {WebSocket} socket */
  comeBack(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
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
        this.takeText(JSON.parse(data));
      }
    } catch (fault) {
      this.refused += 1;
      console.warn("message of the live feed refused", fault);
    }
  }

  /** @param {{type: string, t: number, server_time_ms: number}} message */
  takeText(message) {
    if (message.type === "pong") {
      this.clock.take(message.t, message.server_time_ms, Date.now());
    } else {
      this.dispatchEvent(new CustomEvent("text", { detail: message }));
    }
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
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** @param {"connecting" | "open" | "lost"} state */
  setState(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
