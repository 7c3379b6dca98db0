// @ts-check
/** A WebSocket that lives in the worker of feed_worker.js. Events: `open`, `message` (detail: its data), `pong` (detail: text, time of arrival), `close` (detail: its code). */

/** @typedef {import("./feed_worker.js").Report} Report */
/** @typedef {import("./feed_worker.js").Order} Order */

/** @type {Worker | null} */
let worker = null;
/** @type {Map<number, FeedSocket>} */
const sockets = new Map();
let last = 0;

/** Start the worker before it is needed. */
export function startFeedWorker() {
  if (worker) return worker;
  worker = new Worker(new URL("./feed_worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => sockets.get(data.number)?.take(data));
  worker.addEventListener("error", ({ message }) => console.error("worker of the live feed", message));
  return worker;
}

export class FeedSocket extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    last += 1;
    this.number = last;
    this.isOpen = false;
    sockets.set(this.number, this);
    this.order({ open: url });
  }

  /** Take messages from now on; until then they wait in the worker. */
  listen() {
    this.order({ ready: true });
  }

  /** @param {string} text */
  send(text) {
    this.order({ send: text });
  }

  close() {
    this.order({ close: true });
  }

  /** @param {Omit<Order, "number">} order */
  order(order) {
    startFeedWorker().postMessage({ number: this.number, ...order });
  }

  /** @param {Report} report */
  take({ state, code, messages, pong, at }) {
    if (pong !== undefined) this.dispatchEvent(new CustomEvent("pong", { detail: { text: pong, at } }));
    else if (messages) {
      for (const data of messages) this.dispatchEvent(new CustomEvent("message", { detail: data }));
      this.order({ ready: true });
    } else if (state === "open") {
      this.isOpen = true;
      this.dispatchEvent(new Event("open"));
    } else {
      this.isOpen = false;
      sockets.delete(this.number);
      this.dispatchEvent(new CustomEvent("close", { detail: code }));
    }
  }
}
