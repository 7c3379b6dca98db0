// @ts-check
/** Who is signed in, what he may do, and what the page hides from him. */

/**
 * @typedef {object} Me
 * @property {"accounts" | "open"} mode
 * @property {string} id
 * @property {string} name
 * @property {string[]} roles
 * @property {string[]} permissions
 * @property {string} organisation
 * @property {string[]} districts
 * @property {string[]} lines
 * @property {string} session
 */

const STAY_EVERY_MS = 4 * 60_000;
const SIGN_IN = "sign-in";

/** @type {Me | null} */
let me = null;

/** @param {string} permission */
export function may(permission) {
  return me?.permissions.includes(permission) ?? false;
}

/** @returns {Me | null} */
export function whoAmI() {
  return me;
}

/** Go to the sign-in page; the promise never ends, so that nothing else of this page runs. @returns {Promise<never>} */
export function leave() {
  location.assign(SIGN_IN);
  return new Promise(() => {});
}

/**
 * Learn who is signed in; without anybody the page leaves for the sign-in page.
 * @returns {Promise<Me>}
 */
export async function enter() {
  const answer = await fetch("api/v1/me");
  if (answer.status === 401) return leave();
  if (!answer.ok) throw new Error(`api/v1/me: ${answer.status}`);
  /** @type {Me} */
  const found = await answer.json();
  me = found;
  hideForbidden(found.permissions);
  if (found.mode === "accounts") setInterval(() => stay(), STAY_EVERY_MS);
  return found;
}

/**
 * Hide whatever needs a permission that is missing: `data-permission="..."`, now and whenever it is added later.
 * @param {string[]} permissions
 */
function hideForbidden(permissions) {
  const others = permissions.map((permission) => `:not([data-permission="${permission}"])`).join("");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`[data-permission]${others} { display: none !important; }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/** A page that is looked at keeps its session. */
async function stay() {
  if (document.hidden) return;
  const answer = await fetch("api/v1/me").catch(() => null);
  if (answer?.status === 401) await leave();
}

/**
 * Address of the live feed with a fresh ticket, where one is needed.
 * @param {string} url
 * @returns {Promise<string>}
 */
export async function ticketed(url) {
  if (me?.mode !== "accounts") return url;
  const answer = await fetch("api/v1/live/ticket", { method: "POST" });
  if (answer.status === 401) return leave();
  if (!answer.ok) throw new Error(`api/v1/live/ticket: ${answer.status}`);
  const { ticket } = await answer.json();
  return `${url}?ticket=${encodeURIComponent(ticket)}`;
}
