// Drives desk work, buses, devices and the time line in a real Chromium; prints what it found as one JSON object.
// usage: node work_panels.mjs ADDRESS LON LAT SHOTS MOMENT     (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, lon, lat, shots, moment] = process.argv.slice(2);
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
const found = { console: [], violations: [], foreign: [], axe: {} };
const page = await open("zh-CN", "light");
const other = await open("en-US", "dark");

// an incident in hand, by keyboard alone
await page.waitForFunction(() => document.querySelector("#tab-incidents .badge")?.textContent === "1", null, { timeout: 30000 });
await page.keyboard.press("j");
await page.waitForSelector(".in-hand:not([hidden])");
await page.keyboard.press("a");
await page.waitForFunction(() => document.querySelector(".done-acts li"));
await page.keyboard.press("n");
await page.keyboard.type("拖车已出发");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.querySelectorAll(".done-acts li").length === 2);
found.acts = await page.locator(".done-acts").innerText();
await other.waitForFunction(() => !document.querySelector("#tab-incidents .badge"), null, { timeout: 10000 });
await other.click("#tab-incidents");
found.seenByOther = await other.locator("#panel-body .item").first().innerText();
await shot(page, "incidents-light-zh");

// an event from form to delivery
await page.click("#tab-events");
await page.waitForSelector("#panel-body select option[value='401']", { state: "attached" });
await page.selectOption("#panel-body select >> nth=0", "401");
await page.click("[data-key=pick]");
// a marker stands where the event belongs: the click still gives a place
const box = await page.locator(".marker.incident").first().boundingBox();
await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
found.picked = await page.locator("#panel-body input[type=number]").first().inputValue();
await page.fill("#panel-body textarea", "抛洒物，请减速");
await page.click("#panel-body form button[type=submit]");
await page.waitForSelector(".reached.accepted", { timeout: 20000 });
found.event = await page.locator(".work-item").first().innerText();
await shot(page, "events-light-zh");
found.axe.events = await axe(page);
await other.click("#tab-events");
await other.waitForSelector(".reached.accepted");
await page.click(".work-item [data-key^=end-]");
await page.waitForSelector(".work-item.over");

// a hold needs two confirmations
await page.click("#tab-control");
const signals = await page.evaluate(async () => (await (await fetch("api/v1/network/signals")).json()).signals);
await page.locator("#panel-body input[list]").fill(signals[0].id);
await page.locator("#panel-body form").first().locator("input[maxlength='120']").fill("事故处理");
await page.locator("#panel-body form").first().locator("button[type=submit]").click();
await page.waitForSelector(".confirm:not([hidden])");
found.focusOnConfirm = await page.evaluate(() => document.activeElement?.dataset.key);
found.holdsBefore = await page.locator(".work-item").count();
await shot(page, "confirm-light-zh");
found.axe.control = await axe(page);
await page.keyboard.press("Enter");
await page.waitForSelector("[data-key^=release-]");
found.hold = await page.locator(".work-item").first().innerText();

// a corridor across the map
const ends = await page.evaluate(async () => (await (await fetch("api/v1/network")).json()).box);
const forms = page.locator("#panel-body form");
await forms.nth(1).locator("input").nth(0).fill(`${ends[0]}, ${ends[1]}`);
await forms.nth(1).locator("input").nth(1).fill(`${ends[2]}, ${ends[3]}`);
await forms.nth(1).locator("input").nth(3).fill("急救");
await forms.nth(1).locator("button[type=submit]").click();
await page.waitForSelector("[data-key^=close-]");
found.corridor = await page.locator(".work-item").first().innerText();
await page.keyboard.press("h");
await page.waitForTimeout(1500);
await shot(page, "control-light-zh");
await other.click("#tab-control");
await other.waitForSelector("[data-key^=close-]");

// advisory, device, buses
await page.click("#tab-advisories");
await page.locator("#panel-body button.item").first().click();
await page.waitForSelector("#card dl.wide");
found.advisory = await page.locator("#card").innerText();
await page.locator("#card .close").click();
await page.click("#tab-devices");
await page.locator("#panel-body button.item").first().click();
await page.waitForSelector(".device-detail .figure-table");
found.device = await page.locator(".device-detail").innerText();
await shot(page, "device-light-zh");
found.axe.device = await axe(page);
await page.click("#tab-buses");
await page.waitForTimeout(600);
found.buses = await page.locator("#panel-body").innerText();

// the list of keys, and pause
await page.locator("#map").focus();
await page.keyboard.press("?");
found.keys = await page.locator("#help").innerText();
await page.keyboard.press("Escape");
await page.keyboard.press(" ");
found.paused = await page.locator("#not-live").innerText();
await page.keyboard.press("l");
found.liveAgain = await page.locator("#not-live").isHidden();

// a link reproduces a stored moment
await other.goto("about:blank");
await other.goto(`${address}/#map=14/${lat}/${lon}&t=${moment}`);
await other.waitForFunction(() => /2\d{3}-/.test(document.querySelector("#not-live")?.textContent ?? ""), null, { timeout: 20000 });
found.stored = await other.locator("#not-live").innerText();
await other.waitForFunction(() => Number(document.querySelectorAll("#status b")[2]?.textContent) > 0, null, { timeout: 20000 });
await other.waitForFunction((before) => document.querySelector("#not-live").innerText !== before, found.stored, { timeout: 20000 });
found.storedLater = await other.locator("#not-live").innerText();
await shot(other, "replay-dark-en");
found.axe.replay = await axe(other);
await other.click("[data-key=time-export]");
const [file] = await Promise.all([other.waitForEvent("download"), other.click("[data-key=time-png]")]);
found.picture = file.suggestedFilename();
const [table] = await Promise.all([other.waitForEvent("download"), other.click("[data-key=time-csv-incidents]")]);
found.table = table.suggestedFilename();
await other.click("[data-key=time-live]");
await other.waitForFunction(() => document.querySelector("#not-live").hidden);
found.hash = await other.evaluate(() => location.hash);
for (const each of [page, other]) found.violations.push(...await each.evaluate(() => globalThis.violations));
await browser.close();
process.stdout.write(JSON.stringify(found));

async function open(locale, colorScheme) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale, colorScheme, acceptDownloads: true });
  const opened = await context.newPage();
  opened.setDefaultTimeout(20000);
  opened.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== new URL(address).origin && !["data:", "blob:", "about:"].includes(protocol)) found.foreign.push(request.url());
  });
  opened.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !/GPU stall|WebGL|GL Driver|404 \(Not Found\)/.test(message.text())) found.console.push(message.text());
  });
  opened.on("pageerror", (fault) => found.console.push(String(fault)));
  await opened.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await opened.goto(`${address}/#map=16.5/${lat}/${lon}`);
  return opened;
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
  if (shots) await opened.screenshot({ path: join(shots, `work-${name}.png`) });
}
