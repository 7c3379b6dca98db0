// Photographs every view in both themes and both languages and lets axe look at each; prints what it found as JSON.
// Theme and language are switched on the open page, as a user does.
// usage: node views.mjs ADDRESS LON LAT SHOTS MOMENT [SETTLE_MS]   (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, lon, lat, shots, moment, settle = "150"] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");
const TABS = ["overview", "incidents", "events", "control", "advisories", "buses", "parking", "devices"];
const SETTLE_MS = Number(settle);
const TILES_MS = SETTLE_MS * 3;
const PATIENCE_MS = 60000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const found = { console: [], violations: [], foreign: [], axe: {}, shots: {}, chosen: {}, words: {} };
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "zh-CN", colorScheme: "light", reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE_MS);
await watch();
await page.goto(`${address}/#map=16.6/${lat}/${lon}`);
await inView();
await addAxe();
const answer = await page.evaluate(async () => (await fetch("api/v1/network/signals")).json());
const signals = answer.signals ?? fail(`no signals: ${JSON.stringify(answer)}`);
const away = (place) => Math.hypot(place.lon - Number(lon), place.lat - Number(lat));
const junction = signals.toSorted((a, b) => away(a) - away(b))[0];

// contrast differs by theme, structure does not differ by language: two walks see every rule at work
await walk("light-zh", true);
await page.click("#theme");
await walk("dark-zh", false);
await page.click("#language");
await walk("dark-en", true);
await page.click("#theme");
await walk("light-en", false);
found.violations.push(...await page.evaluate(() => globalThis.violations));
await browser.close();
process.stdout.write(JSON.stringify(found));

function fail(why) {
  throw new Error(why);
}

async function walk(name, examined) {
  const look = async (view, part) => {
    const picture = await page.screenshot({ path: join(shots, `view-${view}-${name}.png`) });
    found.shots[`${view} ${name}`] = picture.length;
    found.words[`${view} ${name}`] = await page.evaluate(() => document.body.innerText);
    if (examined) found.axe[`${view} ${name}`] = await axe(part);
  };
  await go(16.6, lon, lat);
  for (const tab of TABS) {
    await page.click(`#tab-${tab}`);
    await page.waitForTimeout(SETTLE_MS);
    await look(`tab-${tab}`, tab === "overview" ? "html" : ".stage");
  }
  await details(look);
  await page.click("#tab-overview");
  for (const [depth, zoom] of [["city", 12.6], ["corridor", 15]]) {
    await go(zoom, lon, lat);
    await look(depth, ".map-area");
  }
  await press("d");
  await page.waitForTimeout(TILES_MS);
  await look("density", ".map-area");
  await press("d");
  await go(17.4, junction.lon, junction.lat);
  await look("intersection", ".map-area");
  await press("x");
  await page.waitForSelector("#card .figure-table, #card dl");
  await look("signal", "#card");
  await chooseRoadUser();
  found.chosen[name] = await page.locator("#card").innerText();
  await look("card", "#card");
  for (const [view, key, part] of [["filters", "v", "#filters"], ["keys", "?", "#help"]]) {
    await press(key);
    await look(view, part);
    await page.keyboard.press("Escape");
  }
  await page.locator("#card .close").click();
  await stored(look);
  await go(15, lon, lat);
  await press("w");
  await page.waitForTimeout(SETTLE_MS);
  await look("wall", "html");
  await page.keyboard.press("Escape");
}

// one of each list, opened
async function details(look) {
  await page.click("#tab-incidents");
  await page.locator("#panel-body button.item").first().click();
  await page.waitForSelector(".in-hand:not([hidden])");
  await look("incident", "#panel");
  await page.click("#tab-parking");
  await page.locator("#panel-body button.item").first().click();
  await page.waitForSelector(".in-hand:not([hidden]) table, .in-hand:not([hidden]) .hint:not(.waiting)");
  await look("lot", "#panel");
  await page.locator("[data-key=lot-close]").click();
  await page.click("#tab-advisories");
  await page.locator("#panel-body button.item").first().click();
  await page.waitForSelector("#card dl.wide");
  await page.waitForTimeout(SETTLE_MS);
  await look("advice", "#card");
  await page.locator("#card .close").click();
  await page.click("#tab-devices");
  await page.locator("#panel-body button.item").first().click();
  await page.waitForSelector(".device-detail .figure-table");
  await look("device", "#panel");
  await page.locator("[data-key=device-close]").click();
}

// one that stands or drives slowly is still in the middle when it is chosen there
async function chooseRoadUser() {
  const chosen = () => page.evaluate(() => document.querySelector("#card dl") !== null && document.querySelector("#card .figure-table") === null);
  for (let turn = 0; turn < 20 && !(await chosen()); turn += 1) {
    const box = [lon - 0.004, lat - 0.004, Number(lon) + 0.004, Number(lat) + 0.004].join(",");
    const { items } = await page.evaluate(async (bbox) => (await fetch(`api/v1/tracks?limit=1000&bbox=${bbox}`)).json(), box);
    const slowest = items.toSorted((a, b) => (a.kind === "bus" ? -5 : 0) + a.speed - (b.kind === "bus" ? -5 : 0) - b.speed)[turn % 5];
    if (!slowest) continue;
    await go(18.2, slowest.lon, slowest.lat);
    await press("x");
    await page.waitForTimeout(SETTLE_MS);
  }
  if (!(await chosen())) throw new Error("no road user could be chosen");
}

// a stored moment, and live again
async function stored(look) {
  await page.evaluate((at) => { location.hash = `${location.hash}&t=${at}`; }, moment);
  await page.waitForFunction(() => /2\d{3}-/.test(document.querySelector("#not-live")?.textContent ?? ""));
  await inView();
  await page.waitForTimeout(TILES_MS);
  await look("replay", "html");
  await page.keyboard.press("l");
  await page.waitForFunction(() => document.querySelector("#not-live").hidden);
  await inView();
}

async function press(key) {
  await page.locator("#map").focus();
  await page.keyboard.press(key);
}

async function go(zoom, x, y) {
  await page.evaluate((hash) => { location.hash = hash; }, `#map=${zoom}/${y}/${x}`);
  await page.waitForTimeout(TILES_MS);
}

async function inView() {
  await page.waitForFunction(() => Number(document.querySelectorAll("#status b")[2]?.textContent.replace(/\D/g, "")) > 0);
}

async function watch() {
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== new URL(address).origin && !["data:", "blob:", "about:"].includes(protocol)) found.foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !/GPU stall|WebGL|GL Driver|404 \(Not Found\)|503 \(Service Unavailable\)/.test(message.text())) found.console.push(message.text());
  });
  page.on("pageerror", (fault) => found.console.push(String(fault)));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
}

async function addAxe() {
  await page.route("**/axe.js", (route) => route.fulfill({ path: axePath, contentType: "text/javascript" }));
  await page.addScriptTag({ url: "/axe.js" });
}

async function axe(part) {
  return page.evaluate(async (chosen) => {
    const { violations } = await globalThis.axe.run(chosen === "html" ? document : chosen, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).slice(0, 3).join(" | ")}`);
  }, part);
}
