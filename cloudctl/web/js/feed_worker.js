// @ts-check
/**
 * The sockets of the live feed, in a thread of their own: a browser takes a frame out of a socket in dozens of pieces,
 * which would each cost the page's main thread a task. The page gets whole messages, one lot at a time.
 */

import { Backlog } from "./feed_backlog.js";

/** @typedef {{number: number, open?: string, send?: string, close?: true, ready?: true}} Order */
/** @typedef {{number: number, state?: "open" | "closed", code?: number, messages?: (string | ArrayBuffer)[], pong?: string, at?: number}} Report */

/** @typedef {{socket: WebSocket, backlog: Backlog, ready: boolean}} Line */

/** How the answer to a question for the time begins. */
const PONG = '{"type":"pong"';

/** @type {Map<number, Line>} */
const lines = new Map();

addEventListener("message", ({ data }) => obey(data));

/** @param {Order} order */
function obey({ number, open, send, close, ready }) {
  if (open !== undefined) lines.set(number, lineTo(number, open));
  const line = lines.get(number);
  if (!line) return;
  if (send !== undefined && line.socket.readyState === WebSocket.OPEN) line.socket.send(send);
  if (close) line.socket.close();
  if (ready) {
    line.ready = true;
    pass(number, line);
  }
}

/**
 * @param {number} number
 * @param {string} url
 */
function lineTo(number, url) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const line = { socket, backlog: new Backlog(), ready: false };
  socket.addEventListener("open", () => report({ number, state: "open" }));
  socket.addEventListener("message", ({ data }) => {
    // an answer that waited for a busy page would tell a wrong time
    if (typeof data === "string" && data.startsWith(PONG)) {
      report({ number, pong: data, at: Date.now() });
      return;
    }
    line.backlog.add(data);
    pass(number, line);
  });
  socket.addEventListener("close", ({ code }) => {
    lines.delete(number);
    report({ number, state: "closed", code });
  });
  return line;
}

/**
 * Hand over what waits, where the page is done with the lot before.
 * @param {number} number
 * @param {Line} line
 */
function pass(number, line) {
  if (!line.ready || line.backlog.empty) return;
  line.ready = false;
  const messages = line.backlog.take();
  report({ number, messages }, messages.filter((message) => message instanceof ArrayBuffer));
}

/**
 * @param {Report} message
 * @param {ArrayBuffer[]} [transfer]
 */
function report(message, transfer = []) {
  postMessage(message, { transfer });
}
