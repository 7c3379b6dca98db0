// Photographs every view in both themes and both languages and lets axe look at each; prints what it found as JSON.
// usage: node views.mjs ADDRESS LON LAT SHOTS     (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, lon, lat, shots] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");
const TABS = ["overview", "incidents", "events", "control", "advisories", "buses", "parking", "devices"];
const SETTLE_MS = 150;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const found = { console: [], violations: [], foreign: [], axe: {}, shots: {}, chosen: {} };
for (const [language, locale] of [["zh", "zh-CN"], ["en", "en-US"]]) {
  for (const theme of ["light", "dark"]) await walk(`${theme}-${language}`, locale, theme);
}
await browser.close();
process.stdout.write(JSON.stringify(found));

async function walk(name, locale, colorScheme) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  watch(page);
  await page.goto(`${address}/#map=16.6/${lat}/${lon}`);
  await page.waitForFunction(() => Number(document.querySelectorAll("#status b")[2]?.textContent) > 0);
  for (const tab of TABS) {
    await page.click(`#tab-${tab}`);
    await page.waitForTimeout(SETTLE_MS);
    await look(page, `tab-${tab}`, name);
  }
  await page.click("#tab-parking");
  await page.locator("#panel-body button.item").first().click();
  await page.waitForSelector(".in-hand:not([hidden])");
  await look(page, "lot", name);
  await page.click("#tab-incidents");
  await page.locator("#panel-body button.item").first().click();
  await look(page, "incident", name);
  await page.click("#tab-overview");
  for (const [depth, zoom] of [["city", 12.6], ["corridor", 15], ["intersection", 17.4]]) {
    await page.evaluate((hash) => { location.hash = hash; }, `#map=${zoom}/${lat}/${lon}`);
    await page.waitForTimeout(900);
    await look(page, depth, name);
  }
  await page.locator("#map").focus();
  await page.keyboard.press("x");
  await page.waitForSelector("#card:not([hidden])");
  found.chosen[name] = await page.locator("#card").innerText();
  await look(page, "card", name);
  for (const [view, key] of [["filters", "v"], ["keys", "?"]]) {
    await page.locator("#map").focus();
    await page.keyboard.press(key);
    await look(page, view, name);
    await page.keyboard.press("Escape");
  }
  await page.locator("#map").focus();
  await page.keyboard.press("w");
  await page.waitForTimeout(SETTLE_MS);
  await look(page, "wall", name);
  found.violations.push(...await page.evaluate(() => globalThis.violations));
  await context.close();
}

async function look(page, view, name) {
  const picture = await page.screenshot({ path: join(shots, `view-${view}-${name}.png`) });
  found.shots[`${view} ${name}`] = picture.length;
  // contrast differs by theme, structure does not differ by language: two walks see every rule at work
  if (name === "light-zh" || name === "dark-en") found.axe[`${view} ${name}`] = await axe(page);
}

function watch(page) {
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== new URL(address).origin && !["data:", "blob:", "about:"].includes(protocol)) found.foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !/GPU stall|WebGL|GL Driver|404 \(Not Found\)|503 \(Service Unavailable\)/.test(message.text())) found.console.push(message.text());
  });
  page.on("pageerror", (fault) => found.console.push(String(fault)));
  page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
}

async function axe(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.route("**/axe.js", (route) => route.fulfill({ path: axePath, contentType: "text/javascript" }));
    await page.addScriptTag({ url: "/axe.js" });
  }
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).slice(0, 3).join(" | ")}`);
  });
}
