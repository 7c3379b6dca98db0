// What a picture costs the page: CPU time of its main thread and bytes to the GPU, printed as one JSON object.
// usage: node map_cost.mjs ADDRESS SECONDS HASH     (run from cloudctl/web, whose node_modules it uses)
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [address, seconds, hash] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { chromium } = require("playwright-core");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
  ],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
await page.addInitScript(() => {
  globalThis.counted = { uploads: 0, bytes: 0, draws: 0, pictures: 0, keys: 0, entries: 0, received: 0 };
  const { counted } = globalThis;
  const { bufferData, drawArraysInstanced } = WebGL2RenderingContext.prototype;
  const ours = (gl) => gl.canvas.classList?.contains("movers");
  WebGL2RenderingContext.prototype.bufferData = function (target, data, ...more) {
    if (ours(this)) {
      counted.uploads += 1;
      counted.bytes += typeof data === "number" ? data : data.byteLength;
    }
    return bufferData.call(this, target, data, ...more);
  };
  WebGL2RenderingContext.prototype.drawArraysInstanced = function (...all) {
    if (ours(this)) counted.draws += 1;
    return drawArraysInstanced.apply(this, all);
  };
  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => {
        if (!(data instanceof ArrayBuffer)) return;
        const kind = new DataView(data).getUint16(6, true);
        if (kind >= 10 && kind <= 12) counted.received += data.byteLength;
        if (kind === 10) counted.keys += 1;
        if (kind === 11) counted.entries += 1;
        if (kind === 12 || kind === 1) counted.pictures += 1;
      });
    }
  };
});
const opened = performance.now();
await page.goto(`${address}/#${hash}`);
await page.waitForFunction(() => globalThis.counted.draws > 0 && /\d{3}/.test(document.querySelectorAll("#status b")[2]?.textContent ?? ""), null, { timeout: 60000 });
const firstPicture = performance.now() - opened;
await page.waitForTimeout(6000);

const devtools = await page.context().newCDPSession(page);
await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
const before = await reading();
await page.waitForTimeout(Number(seconds) * 1000);
const after = await reading();
const status = await page.evaluate(() => [...document.querySelectorAll("#status b")].map((each) => each.textContent));
await browser.close();
const spent = Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));
process.stdout.write(JSON.stringify({ ...spent, firstPicture, status }));

async function reading() {
  const { metrics } = await devtools.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  const counted = await page.evaluate(() => ({ ...globalThis.counted }));
  return {
    ...counted, taskMs: value("TaskDuration") * 1000, scriptMs: value("ScriptDuration") * 1000,
    layoutMs: (value("LayoutDuration") + value("RecalcStyleDuration")) * 1000, heap: value("JSHeapUsedSize"),
  };
}
