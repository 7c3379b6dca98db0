// Drives sign-in and the account pages in a real Chromium and prints what it found as one JSON object.
// usage: node sign_in.mjs ADDRESS LINK SHOTS     (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, link, shots] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");
const PASSWORD = "correct horse battery staple";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const found = { foreign: [], console: [], violations: [], axe: {}, texts: {} };
const chief = await open("zh-CN", "light");

// nobody is signed in: the map leads to the sign-in page
await chief.goto(address);
await chief.waitForURL(/sign-in$/);
await chief.waitForSelector("#sign-in");
found.sentAway = new URL(chief.url()).pathname;
await look(chief, "sign-in");

// the first administrator, by keyboard alone
await chief.goto(link);
await chief.waitForFunction(() => document.querySelector("#heading")?.textContent?.includes("首位"));
found.secretLeft = chief.url();
await look(chief, "first-administrator");
await chief.keyboard.type("chief");
await chief.keyboard.press("Tab");
await chief.keyboard.type("short");
await chief.keyboard.press("Enter");
await chief.waitForSelector("#refusal:not([hidden])");
found.refusedPassword = await chief.locator("#refusal").innerText();
await chief.locator("#password").fill(PASSWORD);
await chief.keyboard.press("Enter");
await chief.waitForSelector("#sign-out");
found.inside = new URL(chief.url()).pathname;
found.cookies = (await chief.context().cookies()).map(({ name, secure, httpOnly, sameSite, domain, path }) => ({ name, secure, httpOnly, sameSite, domain, path }));
found.scriptSees = await chief.evaluate(() => document.cookie);
await chief.waitForFunction(() => /已连接/.test(document.querySelector("#status")?.textContent ?? ""), null, { timeout: 20000 });
found.chiefTabs = await chief.locator("[role=tab]").evaluateAll((tabs) => tabs.map((tab) => tab.id));
found.chiefTracks = await chief.evaluate(async () => (await fetch("api/v1/tracks")).status);
await shot(chief, "map-administrator");

// a feed without a ticket, and one with a ticket that was used
found.noTicket = await chief.evaluate(feed, "");
found.ticket = await chief.evaluate(async () => (await (await fetch("api/v1/live/ticket", { method: "POST" })).json()).ticket);
found.withTicket = await chief.evaluate(feed, found.ticket);
found.usedTicket = await chief.evaluate(feed, found.ticket);

// accounts
await chief.click("a.who");
await chief.waitForSelector("#users table");
await chief.fill("#new-user", "li.wei");
await chief.locator("#user-form button[type=submit]").click();
await chief.waitForSelector("#once-users");
const invitation = await chief.locator("#once-users").innerText();
await chief.fill("#new-token", "gis");
await chief.locator("#token-form button[type=submit]").click();
await chief.waitForSelector("#once-tokens");
found.token = (await chief.locator("#once-tokens").innerText()).slice(0, 4);
await look(chief, "accounts");

// the invited viewer, in a browser of his own
const viewer = await open("en-US", "dark");
await viewer.goto(invitation);
await viewer.waitForFunction(() => document.querySelector("#name")?.readOnly);
await viewer.fill("#password", PASSWORD);
await viewer.keyboard.press("Enter");
await viewer.waitForSelector("#sign-out");
found.viewerTabs = await viewer.locator("[role=tab]").evaluateAll((tabs) => tabs.map((tab) => tab.id));
found.viewerDevices = await viewer.evaluate(async () => (await fetch("api/v1/devices")).status);
found.hiddenLater = await viewer.evaluate(() => {
  const button = document.createElement("button");
  button.dataset.permission = "manage_users";
  button.textContent = "x";
  document.body.append(button);
  return button.checkVisibility();
});
await viewer.goto(`${address}account`);
await viewer.waitForSelector("#sessions table");
found.viewerSeesUsers = await viewer.locator("#users").isVisible();

// his link is spent
const late = await open("en-US", "light");
await late.goto(invitation);
await late.waitForSelector("#hint:not([hidden])");
found.spent = await late.locator("#hint").innerText();
await late.fill("#name", "li.wei");
await late.fill("#password", "wrong");
await late.keyboard.press("Enter");
await late.waitForSelector("#refusal:not([hidden])");
found.wrong = await late.locator("#refusal").innerText();

// the page of another site: its form and its socket get nowhere
const foreign = await late.context().newPage();
await foreign.goto("data:text/html,<title>elsewhere</title>");
found.crossSite = await foreign.evaluate(async (url) => {
  const answer = await fetch(`${url}api/v1/sign-out`, { method: "POST", credentials: "include", mode: "no-cors" }).catch(() => null);
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}api/v1/live`);
  const opened = await new Promise((done) => { socket.onopen = () => done(true); socket.onerror = () => done(false); });
  return { type: answer?.type ?? "none", opened };
}, address);

// signed out everywhere: the open map notices
const second = await viewer.context().newPage();
watch(second);
await second.goto(address);
await second.waitForSelector("#sign-out");
await viewer.click("#sign-out-everywhere");
await viewer.waitForURL(/sign-in$/);
await second.waitForURL(/sign-in$/, { timeout: 30000 });
found.feedClosed = true;

await chief.goto(address);
await chief.waitForSelector("#sign-out");
await chief.focus("#sign-out");
await chief.keyboard.press("Enter");
await chief.waitForURL(/sign-in$/);
found.afterSignOut = await chief.evaluate(async () => (await fetch("api/v1/me")).status);

await browser.close();
process.stdout.write(JSON.stringify(found));

async function open(locale, colorScheme) {
  const context = await browser.newContext({ locale, colorScheme, viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  watch(page);
  return page;
}

function watch(page) {
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) found.foreign.push(request.url());
  });
  page.on("console", (message) => {
    // a refusal is what some steps are about: Chromium logs each as an error of the network
    if (["error", "warning"].includes(message.type()) && !/Failed to load resource|WebSocket connection|Bad response code: 401/.test(message.text())) found.console.push(message.text());
    if (/Content Security Policy/i.test(message.text())) found.violations.push(message.text());
  });
  page.on("pageerror", (fault) => found.console.push(String(fault)));
}

/** Look at a view in both themes and both languages. */
async function look(page, name) {
  for (const language of ["zh", "en"]) {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((wanted) => {
        if (document.documentElement.dataset.theme !== wanted) document.querySelector("#theme").click();
      }, theme);
      const shownLanguage = (await page.evaluate(() => document.documentElement.lang)).slice(0, 2);
      if (shownLanguage !== language) {
        await page.click("#language");
        await page.waitForTimeout(300);
      }
      found.axe[`${name} ${theme} ${language}`] = await axe(page);
      found.texts[`${name} ${language}`] = await page.locator("main").innerText();
      await shot(page, `${name}-${theme}-${language}`);
    }
  }
  await page.click("#language");
  await page.click("#theme");
  await page.waitForTimeout(300);
  await page.locator("#name, #new-user").first().focus();
}

async function axe(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(require("node:fs").readFileSync(axePath, "utf-8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

async function shot(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

function feed(ticket) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live${ticket ? `?ticket=${ticket}` : ""}`);
  return new Promise((done) => {
    socket.onopen = () => { socket.close(); done("open"); };
    socket.onerror = () => done("refused");
  });
}
