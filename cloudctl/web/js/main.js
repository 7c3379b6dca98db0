// @ts-check
/** Start of the page: reads the network's tables, opens the map and the feed, and ties the parts together. */

import { readIcons } from "./dom.js";
import { LiveFeed } from "./feed.js";
import { startFeedWorker } from "./feed_socket.js";
import { fillPage } from "./i18n.js";
import { enter } from "./sign_in_session.js";
import { chosenTheme, showSafeLevels } from "./theme.js";

/**
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

document.documentElement.dataset.theme = chosenTheme();
showSafeLevels();
fillPage();
startFeedWorker();
// the map library is large: while it is read, the rest is on its way
const parts = import("./app.js");
const icons = readIcons().catch((fault) => console.warn("icons are read one by one", fault));
await enter();
const feed = new LiveFeed(new URL("api/v1/live", document.baseURI).href.replace(/^http/, "ws"));
feed.open();
const [{ App }, overview, signals, groups, links] = await Promise.all([
  parts, read("api/v1/network"), read("api/v1/network/signals"), read("api/v1/network/groups"), read("api/v1/network/links"), icons,
]);
const app = new App(overview, signals.signals, groups, links, feed);
app.start();
