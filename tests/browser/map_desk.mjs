// Filters, depths, saved views, wall mode and keys of the map in a real Chromium; prints what it found as one JSON object.
// usage: node map_desk.mjs ADDRESS LON LAT SHOTS     (run from cloudctl/web, whose node_modules it uses)
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
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const found = { foreign: [], errors: [], axe: {} };
const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: "en-US", colorScheme: "dark", reducedMotion: "reduce" });
const page = await context.newPage();
page.on("request", (request) => {
  const { protocol, origin } = new URL(request.url());
  if (origin !== new URL(address).origin && protocol !== "data:" && protocol !== "blob:") found.foreign.push(request.url());
});
page.on("pageerror", (fault) => found.errors.push(String(fault)));
await page.goto(`${address}/#map=17.2/${lat}/${lon}`);
await inView((count) => count > 20);

// who vanished from the picture vanishes from the screen
found.counts = [await inView((count) => count === 40), await inView((count) => count === 15)];
await inView((count) => count === 40);

const plain = await pixels();
await page.keyboard.press("d");
found.densityHash = await hash();
await page.waitForTimeout(900);
found.densityPixels = (await pixels()) - plain;
await shot("density-dark-en");
await page.keyboard.press("d");
found.plainHash = await hash();

await page.keyboard.press("v");
found.boxOpen = await page.locator("#filters").isVisible();
found.focusInBox = await page.evaluate(() => document.getElementById("filters").contains(document.activeElement));
await page.locator("#filters label", { hasText: /^Car$/ }).click();
await page.locator("#filters label", { hasText: /^Incidents$/ }).click();
found.filteredHash = await hash();
found.incidentHidden = await page.locator(".marker.incident").first().isHidden();
found.axe.filters = await axe();
await shot("filters-dark-en");
await page.getByLabel("Name of the view").fill("Centre without cars");
await page.keyboard.press("Enter");
found.saved = await page.locator("#filters li").allInnerTexts();
await page.keyboard.press("Escape");
found.boxClosed = await page.locator("#filters").isHidden();
found.focusBack = await page.evaluate(() => document.activeElement?.id);

// the same address shows the same in another page
const twin = await context.newPage();
await twin.goto(page.url());
await twin.waitForFunction(() => document.querySelector("#depths button"));
await twin.keyboard.press("v");
found.twinCar = await twin.locator("#filters label", { hasText: /^Car$/ }).locator("input").isChecked();
found.twinBus = await twin.locator("#filters label", { hasText: /^Bus$/ }).locator("input").isChecked();
await twin.close();

found.depths = [];
for (const key of ["c", "r", "i", "u"]) {
  await page.keyboard.press(key);
  await page.waitForTimeout(900);
  found.depths.push(await page.evaluate(() => document.body.dataset.depth));
  await shot(`depth-${key}-dark-en`);
}
await page.keyboard.press("]");
await page.waitForTimeout(400);
found.viewBack = await hash();
await page.keyboard.press("x");
await page.waitForTimeout(300);
found.chosen = await page.locator("#card").innerText();
await page.keyboard.press("?");
found.help = await page.locator("dialog[open]").innerText();
await page.keyboard.press("Escape");

await page.keyboard.press("w");
await page.waitForTimeout(800);
found.wall = await page.evaluate(() => ({
  on: document.body.classList.contains("wall"),
  controls: [...document.querySelectorAll("button, input, select")].filter((each) => each.checkVisibility() && !each.closest("[inert]")).map((each) => each.className || each.id),
  age: /\d\.\d s/.test(document.getElementById("status").innerText),
  type: Number.parseFloat(getComputedStyle(document.querySelector(".figures dd")).fontSize),
}));
found.axe.wall = await axe();
await shot("wall-dark-en");
await page.keyboard.press("w");
await page.keyboard.press("g");
await page.keyboard.press("t");
await page.waitForTimeout(1500);
found.language = await page.evaluate(() => document.documentElement.lang);
found.theme = await page.evaluate(() => document.documentElement.dataset.theme);
await page.keyboard.press("v");
await shot("filters-light-zh");
found.axe.light = await axe();
await browser.close();
process.stdout.write(JSON.stringify(found));

async function hash() {
  return page.evaluate(() => location.hash);
}

// waits until the number of road users in view suits; gives it
async function inView(suits) {
  for (let turn = 0; turn < 150; turn += 1) {
    const count = await page.evaluate(() => Number(document.querySelectorAll("#status b")[2]?.textContent ?? 0));
    if (suits(count)) return count;
    await page.waitForTimeout(150);
  }
  return -1;
}

// bright pixels of the movers' own canvas
async function pixels() {
  const png = await page.locator("canvas.movers").screenshot();
  return png.length;
}

async function axe() {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.route("**/axe.js", (route) => route.fulfill({ path: axePath, contentType: "text/javascript" }));
    await page.addScriptTag({ url: "/axe.js" });
  }
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(".map-area", { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).slice(0, 3).join(" | ")}`);
  });
}

async function shot(name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}
