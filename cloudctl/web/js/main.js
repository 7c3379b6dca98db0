// @ts-check
/** Start of the page: reads the network's tables, opens the map and the feed, and ties the parts together. */

import { App } from "./app.js";
import { fillPage } from "./i18n.js";
import { enter } from "./sign_in_session.js";
import { chosenTheme } from "./theme.js";

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
fillPage();
await enter();
const [overview, signals, groups, links] = await Promise.all([
  read("api/v1/network"), read("api/v1/network/signals"), read("api/v1/network/groups"), read("api/v1/network/links"),
]);
const app = new App(overview, signals.signals, groups, links);
app.start();
