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
// a district of two parts, as the gateway gives it where the register knows districts
const box = (west, east) => [[west, -0.0006], [east, -0.0006], [east, 0.0006], [west, 0.0006], [west, -0.0006]].map(([dx, dy]) => [Number(lon) + dx, Number(lat) + dy]);
const parts = [box(-0.0011, -0.0004), box(0.0004, 0.0007)];
const ring = [...parts[0].slice(0, -1), parts[0][0], ...parts[1]];
const features = [{ type: "Feature", properties: { district: "岳麓", ring }, geometry: { type: "MultiPolygon", coordinates: parts.map((part) => [part]) } }];
await context.route("**/api/v1/districts", async (route) => {
  await new Promise((done) => setTimeout(done, 500)); // as from afar: it comes while somebody types
  await route.fulfill({ json: { type: "FeatureCollection", features } });
});
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

// mean speed by squares, with and without the road users themselves
found.levelsOnly = await page.locator("#legend").innerText();
await page.keyboard.press("s");
found.speedHash = await hash();
found.speedLegend = await page.locator("#legend").innerText();
await page.waitForTimeout(900);
await shot("speed-dark-en");
await show("layers=speed");
found.squares = await colours();
await show("layers=speed&kinds=8");
found.squaresOfWalkers = await colours();

// who drives slower or faster, or elsewhere, is not drawn and cannot be chosen; a bus stands in the middle
const chosenInMiddle = async () => {
  await page.locator("#map").focus();
  await page.keyboard.press("x");
  await page.waitForTimeout(300);
  const card = (await page.locator("#card").isVisible()) ? await page.locator("#card").innerText() : "";
  if (card) await page.locator("#card .close").click();
  return card;
};
await show("layers=movers&speed=-5");
found.slow = [await painted(), await chosenInMiddle()];
await show("layers=movers&speed=30-60");
found.fast = [await painted(), await chosenInMiddle()];
await page.keyboard.press("v");
await page.getByLabel("Least speed").fill("20");
await page.locator("[data-key=district]").waitFor();
await page.getByLabel("Most speed").fill("10");
await page.keyboard.press("Tab");
found.speedSwapped = await hash();
await page.getByLabel("Least speed").fill("");
await page.getByLabel("Most speed").fill("");
await page.keyboard.press("Tab");
found.speedGone = await hash();
const { x, y, width, height } = await page.locator("#map").boundingBox();
const corner = (dx, dy) => [x + width / 2 + dx, y + height / 2 + dy];
await page.getByRole("button", { name: "Draw a region" }).click();
for (const place of [[-230, -120], [-30, -120], [-30, 120]]) {
  await page.mouse.click(...corner(...place));
  await page.waitForTimeout(600);
}
found.doneButton = await page.locator("[data-key=area-end]").innerText();
await shot("area-dark-en");
await page.mouse.dblclick(...corner(-230, 120));
await page.waitForTimeout(400);
found.areaHash = await hash();
found.areaText = await page.locator("#filters p[role=status]").innerText();
found.axe.area = await axe();
await shot("area-drawn-dark-en");
found.west = [await painted(), await chosenInMiddle()];
await page.getByRole("button", { name: "What is on screen" }).click();
found.screenHash = await hash();
found.screen = [await painted(), await chosenInMiddle()];
await page.getByRole("button", { name: "Everywhere" }).click();
found.areaGone = await hash();
// a district: its outline stands on the map as long as it is chosen
const bare = await lineInk();
await page.getByLabel("District").selectOption("岳麓");
await page.waitForTimeout(700);
found.district = { hash: decodeURIComponent(await hash()), text: await page.locator("#filters p[role=status]").innerText(), ink: (await lineInk()) - bare };
found.district.bus = await chosenInMiddle();
found.district.painted = await painted();
await shot("district-dark-en");
await page.reload();
await inView((count) => count > 10);
await page.waitForTimeout(900);
found.district.again = (await lineInk()) - bare;
await page.keyboard.press("t");
await page.waitForTimeout(1500);
found.district.light = await lineInk([0x1f, 0x6f, 0xd1]);
found.district.between = await lineInk([0x1f, 0x6f, 0xd1], { x: 770, y: 488, width: 130, height: 24 });
await shot("district-light-en");
await page.keyboard.press("t");
await page.waitForTimeout(1500);
await page.keyboard.press("v");
found.axe.district = await axe();
await page.getByLabel("District").selectOption("");
await page.waitForTimeout(700);
found.district.gone = { hash: await hash(), ink: (await lineInk()) - bare };
// corners by keyboard alone: the middle of the map, wherever it was moved
await page.locator("#filters input").first().press("Escape");
await page.keyboard.press("p");
for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft"]) {
  await page.keyboard.press(key);
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
}
await page.keyboard.press("v");
await page.locator("[data-key=area-end]").press("Enter");
found.areaByKeys = await hash();
await page.locator("[data-key=reset]").press("Enter");
await page.locator("[data-key=reset]").press("Escape");
await page.evaluate((hash) => { location.hash = hash; }, `#map=17.2/${lat}/${lon}`);
await page.waitForTimeout(600);
found.resetHash = await hash();

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
await page.keyboard.press("s");
await page.keyboard.press("v");
await page.waitForTimeout(900);
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

// shows what an address says
async function show(conditions) {
  await page.evaluate((hash) => { location.hash = hash; }, `#map=17.2/${lat}/${lon}&${conditions}`);
  await page.waitForTimeout(700);
}

// pixels of the movers' own canvas by colour, read in the task that drew the next picture
function canvasPixels() {
  const canvas = document.querySelector("canvas.movers");
  const gl = canvas.getContext("webgl2");
  return new Promise((resolve) => {
    const stop = setTimeout(() => { delete gl.clear; resolve({}); }, 2000);
    gl.clear = function clear(mask) {
      delete gl.clear;
      gl.clear(mask);
      queueMicrotask(() => {
        clearTimeout(stop);
        const bytes = new Uint8Array(canvas.width * canvas.height * 4);
        gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
        const seen = {};
        for (let at = 0; at < bytes.length; at += 4) {
          if (bytes[at + 3] === 0) continue;
          const key = `${bytes[at]},${bytes[at + 1]},${bytes[at + 2]},${bytes[at + 3]}`;
          seen[key] = (seen[key] ?? 0) + 1;
        }
        resolve(seen);
      });
    };
  });
}

async function painted() {
  return Object.values(await colours()).reduce((sum, many) => sum + many, 0);
}

async function colours() {
  return page.evaluate(canvasPixels);
}
// bright pixels of the movers' own canvas
async function pixels() {
  const png = await page.locator("canvas.movers").screenshot();
  return png.length;
}

// pixels of the map in about the colour of a region's line
async function lineInk(colour = [0x5a, 0xa9, 0xff], clip = undefined) {
  const png = (await (clip ? page.screenshot({ clip }) : page.locator("#map").screenshot())).toString("base64");
  return page.evaluate(async ([data, wanted]) => {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0);
    const { data: seen } = brush.getImageData(0, 0, image.width, image.height);
    let count = 0;
    for (let at = 0; at < seen.length; at += 4) if (wanted.every((part, place) => Math.abs(seen[at + place] - part) < 24)) count += 1;
    return count;
  }, [png, colour]);
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
