// @ts-check
/** The sign-in page: name and password, the provider's button, or a one-time link behind the # of the address. */

import { byId } from "./dom.js";
import { t } from "./i18n.js";
import { Refusal, call } from "./sign_in_api.js";
import { reasonOf, startFrame, tellRefusal } from "./sign_in_frame.js";

const fragment = new URLSearchParams(location.hash.slice(1));
const link = fragment.get("link");
// the secret leaves the address bar and the history at once
history.replaceState(null, "", location.pathname);
// a link pasted into this very page changes nothing but the part behind the #
addEventListener("hashchange", () => location.reload());

const form = byId("sign-in", HTMLFormElement);
const nameField = byId("name", HTMLInputElement);
const passwordField = byId("password", HTMLInputElement);
const go = byId("go", HTMLButtonElement);
/** @type {string | null} name of the account that a link is for; null where it makes the first administrator */
let invited = null;
let linkSpent = false;

startFrame(draw);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
await Promise.all([offer(), look()]);

async function offer() {
  const { mode, provider } = await call("GET", "sign-in");
  if (mode === "open") location.replace("./");
  const button = byId("provider", HTMLAnchorElement);
  button.hidden = provider === null || link !== null;
  button.textContent = provider ?? "";
}

async function look() {
  if (link !== null) {
    try {
      invited = (await call("POST", "sign-in/link", { link })).name;
    } catch (fault) {
      linkSpent = fault instanceof Refusal && fault.status === 401;
      if (!linkSpent) tellRefusal(reasonOf(fault));
    }
  }
  draw();
  if (fragment.get("refused") !== null) tellRefusal(t("account.providerRefused"));
  (link !== null && invited !== null ? passwordField : nameField).focus();
}

function draw() {
  const choosing = link !== null && !linkSpent;
  const first = choosing && invited === null;
  const key = first ? "account.first" : choosing ? "account.choose" : "account.signIn";
  byId("heading", HTMLElement).textContent = t(key);
  go.textContent = t(choosing ? "account.save" : "account.signIn");
  byId("password-label", HTMLElement).textContent = t(choosing ? "account.newPassword" : "account.password");
  passwordField.autocomplete = choosing ? "new-password" : "current-password";
  if (choosing && invited !== null) nameField.value = invited;
  nameField.readOnly = choosing && !first;
  const hint = byId("hint", HTMLElement);
  const text = linkSpent ? t("account.linkSpent") : choosing ? t("account.rules") : isSecureContext ? "" : t("account.needsTls");
  hint.textContent = text;
  hint.hidden = text === "";
}

async function submit() {
  tellRefusal("");
  const name = nameField.value.trim();
  const password = passwordField.value;
  if (name === "" || password === "") {
    tellRefusal(t("account.empty"));
    (name === "" ? nameField : passwordField).focus();
    return;
  }
  go.disabled = true;
  try {
    if (link !== null && !linkSpent) await call("POST", "sign-in/password", { link, password, name: invited === null ? name : null });
    else await call("POST", "sign-in", { name, password });
    location.assign("./");
  } catch (fault) {
    tellRefusal(reasonOf(fault));
    passwordField.select();
    passwordField.focus();
  } finally {
    go.disabled = false;
  }
}
