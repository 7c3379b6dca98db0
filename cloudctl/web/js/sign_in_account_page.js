// @ts-check
/** The account page: own sessions and password; for administrators accounts and API tokens too. */

import { byId, button, make, refill } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./sign_in_api.js";
import { drawTokens, drawUsers } from "./sign_in_administration.js";
import { reasonOf, startFrame, tellRefusal } from "./sign_in_frame.js";
import { enter, leave, may } from "./sign_in_session.js";
import { when } from "./sign_in_parts.js";

/** @typedef {{id: string, created: string, seen: string, address: string, agent: string, current: boolean}} Session */

startFrame(() => drawAll());
await enter();
await drawAll();

async function drawAll() {
  drawPassword();
  await attempt(async () => {
    drawSessions(await call("GET", "me/sessions"));
    if (!may("manage_users")) return;
    drawUsers(await call("GET", "users"), act);
    drawTokens(await call("GET", "tokens"), act);
  });
}

/**
 * Do something, tell a refusal, and draw what came of it.
 * @param {() => Promise<void>} deed
 */
async function act(deed) {
  if (await attempt(deed)) await drawAll();
}

/** @param {() => Promise<void>} deed */
async function attempt(deed) {
  tellRefusal("");
  try {
    await deed();
    return true;
  } catch (fault) {
    tellRefusal(reasonOf(fault));
    return false;
  }
}

/** @param {Session[]} sessions */
function drawSessions(sessions) {
  const rows = sessions.map((session) => make("tr", {}, [
    make("td", {}, [when(session.seen)]),
    make("td", {}, [session.address]),
    make("td", {}, [session.agent]),
    make("td", {}, [session.current ? t("account.thisSession") : button(
      { class: "quiet", "data-key": session.id }, [t("account.endSession")],
      () => act(() => call("DELETE", `me/sessions/${session.id}`)),
    )]),
  ]));
  const heads = ["account.lastSeen", "account.address", "account.browser", "account.actions"].map((key) => make("th", { scope: "col" }, [t(key)]));
  refill(byId("sessions", HTMLElement), [
    make("h2", {}, [t("account.sessions")]),
    make("table", {}, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)]),
    make("div", { class: "fields" }, [button({ class: "secondary", id: "sign-out-everywhere" }, [t("account.everywhere")], () => attempt(async () => {
      await call("POST", "sign-out/everywhere");
      await leave();
    }))]),
  ]);
}

function drawPassword() {
  const old = make("input", { type: "password", autocomplete: "current-password", id: "old-password" });
  const fresh = make("input", { type: "password", autocomplete: "new-password", id: "new-password" });
  const form = make("form", { class: "fields" }, [
    make("label", {}, [t("account.oldPassword"), old]),
    make("label", {}, [t("account.newPassword"), fresh]),
    make("button", { type: "submit", class: "primary" }, [t("account.save")]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => {
      await call("PUT", "me/password", { old: old.value, new: fresh.value });
      byId("notice", HTMLElement).textContent = t("account.changed");
    });
  });
  refill(byId("own-password", HTMLElement), [
    make("h2", {}, [t("account.choose")]), make("p", { class: "hint" }, [t("account.rules")]), form,
  ]);
}
