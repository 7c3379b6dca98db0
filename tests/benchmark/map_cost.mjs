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
const started = await open();
await started.page.context().close();
const { page, firstPicture } = await open();
await page.waitForTimeout(6000);

const devtools = await page.context().newCDPSession(page);
await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
const before = await reading();
await page.waitForTimeout(Number(seconds) * 1000);
const after = await reading();
const status = await page.evaluate(() => [...document.querySelectorAll("#status b")].map((each) => each.textContent));
await browser.close();
const spent = Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));
process.stdout.write(JSON.stringify({ ...spent, firstPicture, firstOfAll: started.firstPicture, status }));

async function reading() {
  const { metrics } = await devtools.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  const counted = await page.evaluate(() => ({ ...globalThis.counted }));
  return {
    ...counted, taskMs: value("TaskDuration") * 1000, scriptMs: value("ScriptDuration") * 1000,
    layoutMs: (value("LayoutDuration") + value("RecalcStyleDuration")) * 1000, heap: value("JSHeapUsedSize"),
  };
}

/** Open the page in a profile of its own, whose cache is empty; gives it once road users are on screen. */
async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  await page.addInitScript(count);
  const began = performance.now();
  await page.goto(`${address}/#${hash}`);
  await page.waitForFunction(() => globalThis.counted.draws > 0 && /\d{3}/.test(document.querySelectorAll("#status b")[2]?.textContent ?? ""), null, { timeout: 60000 });
  return { page, firstPicture: performance.now() - began };
}

/** Runs in the page, before anything of its own. */
function count() {
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
  // the socket lives in a worker, which hands over whole messages
  const Thread = Worker;
  globalThis.Worker = class extends Thread {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => {
        for (const message of Array.isArray(data?.messages) ? data.messages : []) {
          if (!(message instanceof ArrayBuffer)) continue;
          const kind = new DataView(message).getUint16(6, true);
          if (kind >= 10 && kind <= 12) counted.received += message.byteLength;
          if (kind === 10) counted.keys += 1;
          if (kind === 11) counted.entries += 1;
          if (kind === 12 || kind === 1) counted.pictures += 1;
        }
      });
    }
  };
}
