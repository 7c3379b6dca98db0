// @ts-check
/** The account's corner of the map page: who acts, the way to the account, sign-out; the demo says what it is. */

import { byId, button, make, refill } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./sign_in_api.js";
import { leave, whoAmI } from "./sign_in_session.js";

/** Draw the corner in the present language. */
export function drawAccount() {
  const me = whoAmI();
  const corner = byId("account", HTMLElement);
  if (me === null) return;
  if (me.mode === "open") {
    refill(corner, [make("span", { class: "demo-mark", title: t("account.demoTitle") }, [t("account.demo")])]);
    return;
  }
  refill(corner, [
    make("a", { class: "quiet who", href: "account", title: t("account.own"), "data-key": "account" }, [me.name]),
    button({ class: "quiet", id: "sign-out", "data-key": "sign-out" }, [t("account.signOut")], () => signOut()),
  ]);
}

async function signOut() {
  await call("POST", "sign-out").catch(() => null);
  await leave();
}
