// Drives the live map in a real Chromium and prints what it found as one JSON object.
// usage: node live_map.mjs ADDRESS LON LAT SHOTS     (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, lon, lat, shots] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const found = { foreign: [], console: [], violations: [] };
const page = await open("zh-CN", "light");

found.firstPicture = await picture(page);
const before = await page.locator("#map").screenshot();
await page.waitForTimeout(700);
const after = await page.locator("#map").screenshot();
found.moved = !before.equals(after);
await shot(page, "light-zh");

found.zh = await words(page);
await clickMap(page, 0, 0);
await page.waitForFunction(() => document.querySelector("#card h2 small")?.textContent?.endsWith(" 1"));
found.card = await page.locator("#card").innerText();
await page.waitForFunction(() => !/–\s*$/.test(document.querySelector("#card dl dd:nth-of-type(4)")?.textContent ?? "–"));
found.cardWithLane = await page.locator("#card").innerText();
await page.keyboard.press("Tab");
await page.locator("#card .close").click();
found.cardClosed = await page.locator("#card").isHidden();

found.tabs = {};
for (const tab of ["incidents", "advisories", "parking", "devices", "overview"]) {
  await page.click(`#tab-${tab}`);
  found.tabs[tab] = await page.locator("#panel-body").innerText();
}
await page.focus("#tab-overview");
await page.keyboard.press("ArrowDown");
found.keyboardTab = await page.locator("[role=tab][aria-selected=true]").getAttribute("id");

found.axe = { light: await axe(page) };
await page.click("#theme");
await page.waitForTimeout(1200);
found.theme = await page.evaluate(() => document.documentElement.dataset.theme);
found.axe.dark = await axe(page);
await page.click("#language");
await page.waitForTimeout(1200);
found.en = await words(page);
found.pageLanguage = await page.evaluate(() => document.documentElement.lang);
await shot(page, "dark-en");

// the junction beside the movers: its card counts down
await page.evaluate(() => { location.hash = "#map=17/28.204/112.934"; });
await page.waitForTimeout(800);
await page.locator("#tab-incidents").click();
await page.locator("#panel-body button.item").first().click();
await page.waitForTimeout(1500);
found.flown = await page.evaluate(() => location.hash);
const signals = await page.evaluate(async () => (await (await fetch("api/v1/network/signals")).json()).signals);
found.countdown = await countdown(signals[0]);

const reduced = await open("en-US", "dark", { reducedMotion: "reduce" });
found.reduced = await picture(reduced);
found.startsDark = await reduced.evaluate(() => document.documentElement.dataset.theme);
found.startsEnglish = await reduced.evaluate(() => document.documentElement.lang);
// the detectors themselves: a button without a name and an inline style must be found
const heard = [...found.console];
await reduced.evaluate(() => {
  document.querySelector("#zoom-in").removeAttribute("aria-label");
  document.querySelector("#zoom-in").removeAttribute("title");
  const style = document.createElement("style");
  style.textContent = "body { color: red }";
  document.head.append(style);
});
found.seededAxe = await axe(reduced);
found.console = heard;
found.seededViolations = await reduced.evaluate(() => globalThis.violations);
await browser.close();
process.stdout.write(JSON.stringify(found));

async function open(locale, colorScheme, more = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale, colorScheme, ...more });
  const opened = await context.newPage();
  opened.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== new URL(address).origin && protocol !== "data:" && protocol !== "blob:") found.foreign.push(request.url());
  });
  opened.on("console", (message) => {
    // This gateway has no database: what it keeps, such as notes on an incident, is answered with 503.
    const stored = /503/.test(message.text()) && /\/(tracks\/\d+\?trail_seconds=|incident-desk\/)/.test(message.location().url);
    if (["error", "warning"].includes(message.type()) && !stored && !/GPU stall|WebGL|GL Driver/.test(message.text())) found.console.push(`${message.text()} ${message.location().url}`);
  });
  opened.on("pageerror", (fault) => found.console.push(String(fault)));
  await opened.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await opened.goto(`${address}/#map=17.2/${lat}/${lon}`);
  return opened;
}

// waits until the status bar tells of movers on screen; gives their number
async function picture(opened) {
  await opened.waitForFunction(() => /\d{2}/.test(document.querySelectorAll("#status b")[2]?.textContent ?? ""), null, { timeout: 30000 });
  await opened.waitForTimeout(1500);
  found.violations.push(...await opened.evaluate(() => globalThis.violations));
  return opened.evaluate(() => Number(document.querySelectorAll("#status b")[2].textContent));
}

async function clickMap(opened, dx, dy) {
  const box = await opened.locator("#map").boundingBox();
  await opened.mouse.click(box.x + box.width / 2 + dx, box.y + box.height / 2 + dy);
}

async function countdown(signal) {
  await page.evaluate(([x, y]) => { location.hash = `#map=17/${y}/${x}`; }, [signal.lon, signal.lat]);
  await page.waitForTimeout(1000);
  await clickMap(page, 0, 0);
  await page.waitForFunction(() => document.querySelector("#card td.num"));
  const seconds = [];
  for (let turn = 0; turn < 8; turn += 1) {
    seconds.push(await page.locator("#card td.num").first().innerText());
    await page.waitForTimeout(500);
  }
  await shot(page, "signal-dark-en");
  return seconds;
}

async function words(opened) {
  return opened.evaluate(() => {
    const spoken = [document.body.innerText];
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
      if (element.closest(".maplibregl-control-container")) continue;
      for (const name of ["aria-label", "title", "placeholder"]) spoken.push(element.getAttribute(name) ?? "");
    }
    return spoken.join("\n");
  });
}

async function axe(opened) {
  if (!(await opened.evaluate(() => "axe" in globalThis))) {
    await opened.route("**/axe.js", (route) => route.fulfill({ path: axePath, contentType: "text/javascript" }));
    await opened.addScriptTag({ url: "/axe.js" });
  }
  return opened.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).slice(0, 3).join(" | ")}`);
  });
}

async function shot(opened, name) {
  if (shots) await opened.screenshot({ path: join(shots, `${name}.png`) });
}
