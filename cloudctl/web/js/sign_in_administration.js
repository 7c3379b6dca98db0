// @ts-check
/** Accounts and API tokens, for administrators. */

import { byId, button, make, refill } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./sign_in_api.js";
import { PEOPLE, PROGRAMS, chosenRoles, field, names, roleBoxes, roleNames, when } from "./sign_in_parts.js";

/** @typedef {{id: string, name: string, full_name: string, roles: string[], organisation: string, districts: string[], lines: string[], disabled: boolean, has_password: boolean}} User */
/** @typedef {{id: string, name: string, roles: string[], lines: string[], expires: string, used: string | null}} Token */
/** @typedef {(deed: () => Promise<void>) => Promise<void>} Act */

/** @type {string} id of the account whose roles are being changed */
let changing = "";
/** @type {{users: string, tokens: string}} what is shown this once */
const shown = { users: "", tokens: "" };

/**
 * @param {User[]} users
 * @param {Act} act
 */
export function drawUsers(users, act) {
  const heads = ["account.name", "account.roles", "account.state", "account.actions"].map((key) => make("th", { scope: "col" }, [t(key)]));
  const rows = users.map((user) => make("tr", {}, [
    make("td", {}, [user.full_name ? `${user.name} (${user.full_name})` : user.name]),
    make("td", {}, [user.id === changing ? userForm(user, act) : roleNames(user.roles)]),
    make("td", {}, [t(user.disabled ? "account.disabled" : user.has_password ? "account.active" : "account.invited")]),
    make("td", {}, [make("div", { class: "fields" }, userActions(user, users, act))]),
  ]));
  refill(byId("users", HTMLElement), [
    make("h2", {}, [t("account.users")]),
    ...once("users", "account.linkOnce"),
    make("table", {}, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)]),
    newUserForm(act),
  ]);
}

/**
 * @param {User} user
 * @param {User[]} users
 * @param {Act} act
 */
function userActions(user, users, act) {
  return [
    button({ class: "quiet", "data-key": `change-${user.id}` }, [t("account.change")], () => {
      changing = changing === user.id ? "" : user.id;
      drawUsers(users, act);
    }),
    button({ class: "quiet", "data-key": `link-${user.id}` }, [t("account.newLink")], () => act(async () => {
      shown.users = (await call("POST", `users/${user.id}/link`)).link;
    })),
    button({ class: "quiet", "data-key": `out-${user.id}` }, [t("account.signOut")], () => act(() => call("POST", `users/${user.id}/sign-out`))),
    button({ class: "quiet", "data-key": `off-${user.id}` }, [t(user.disabled ? "account.enable" : "account.disable")], () => act(() => put(user, { disabled: !user.disabled }))),
  ];
}

/**
 * @param {User} user
 * @param {object} changes
 */
function put(user, changes) {
  const { full_name, roles, organisation, districts, lines, disabled } = user;
  return call("PUT", `users/${user.id}`, { full_name, roles, organisation, districts, lines, disabled, ...changes });
}

/**
 * @param {User} user
 * @param {Act} act
 */
function userForm(user, act) {
  const lines = field(t("account.lines"), { value: user.lines.join(" ") });
  const districts = field(t("account.districts"), { value: user.districts.join(" ") });
  const form = make("form", { class: "fields" }, [
    roleBoxes(PEOPLE, user.roles), districts.row, lines.row,
    make("button", { type: "submit", class: "primary" }, [t("account.save")]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => {
      await put(user, { roles: chosenRoles(form), lines: names(lines.input.value), districts: names(districts.input.value) });
      changing = "";
    });
  });
  return form;
}

/** @param {Act} act */
function newUserForm(act) {
  const name = field(t("account.name"), { id: "new-user", required: true });
  const fullName = field(t("account.fullName"), {});
  const lines = field(t("account.lines"), {});
  const form = make("form", { class: "fields", id: "user-form" }, [
    name.row, fullName.row, lines.row, roleBoxes(PEOPLE, ["police_viewer"]),
    make("button", { type: "submit", class: "primary" }, [t("account.invite")]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => {
      const wish = { name: name.input.value.trim(), full_name: fullName.input.value.trim(), roles: chosenRoles(form), lines: names(lines.input.value) };
      shown.users = (await call("POST", "users", wish)).link;
    });
  });
  return form;
}

/**
 * @param {Token[]} tokens
 * @param {Act} act
 */
export function drawTokens(tokens, act) {
  const heads = ["account.name", "account.roles", "account.lines", "account.expires", "account.actions"].map((key) => make("th", { scope: "col" }, [t(key)]));
  const rows = tokens.map((token) => make("tr", {}, [
    make("td", {}, [token.name]),
    make("td", {}, [roleNames(token.roles)]),
    make("td", {}, [token.lines.join(" ")]),
    make("td", {}, [when(token.expires)]),
    make("td", {}, [button({ class: "quiet", "data-key": token.id }, [t("account.revoke")], () => act(() => call("DELETE", `tokens/${token.id}`)))]),
  ]));
  refill(byId("tokens", HTMLElement), [
    make("h2", {}, [t("account.tokens")]),
    ...once("tokens", "account.tokenOnce"),
    make("table", {}, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)]),
    newTokenForm(act),
  ]);
}

/** @param {Act} act */
function newTokenForm(act) {
  const name = field(t("account.name"), { id: "new-token", required: true });
  const lines = field(t("account.lines"), {});
  const days = field(t("account.days"), { type: "number", min: "1", max: "730", value: "90" });
  const form = make("form", { class: "fields", id: "token-form" }, [
    name.row, lines.row, days.row, roleBoxes(PROGRAMS, ["picture_reader"]),
    make("button", { type: "submit", class: "primary" }, [t("account.issue")]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => {
      const wish = { name: name.input.value.trim(), roles: chosenRoles(form), lines: names(lines.input.value), days: Number(days.input.value) };
      shown.tokens = (await call("POST", "tokens", wish)).token;
    });
  });
  return form;
}

/**
 * @param {"users" | "tokens"} part
 * @param {string} key
 */
function once(part, key) {
  return shown[part] === "" ? [] : [make("p", { class: "hint" }, [t(key)]), make("p", { class: "once", role: "status", id: `once-${part}` }, [shown[part]])];
}
