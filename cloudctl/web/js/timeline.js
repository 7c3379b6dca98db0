// @ts-check
/** The one time line: live, paused, or any stored moment at 0.25 to 16 times its pace; and what can be exported. */

import { wholePicture } from "./map_view.js";
import { byId, button, make, refill } from "./dom.js";
import { clockTime, utcTime } from "./format.js";
import { t } from "./i18n.js";
import { MomentField } from "./moment_field.js";
import { call } from "./sign_in_api.js";
import { may } from "./sign_in_session.js";
import { ReplayFeed } from "./timeline_feed.js";
import { select } from "./work_parts.js";

/**
 * @typedef {object} Stage what the time line acts on
 * @property {import("./feed.js").LiveFeed} live
 * @property {() => HTMLCanvasElement | null} names canvas with the names over the map
 * @property {import("../vendor/maplibre-gl.mjs").Map} map
 * @property {(feed: import("./feed.js").LiveFeed) => void} hear frames and texts of a feed are drawn from now on
 * @property {() => void} clear forget what is drawn
 * @property {() => number} serverNow ms
 */
/** @typedef {{time: number, start: number, end: number, playing: boolean, speed: number, waiting: boolean}} ReplayStatus */

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
const BACK_S = 900;
const AHEAD_S = 900;
const LAG_S = 20;
const STEP_S = 5;
const EXPORT_S = 300;
const EVENTS_BACK_S = 6 * 3600;

export class Timeline {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.bar = byId("timeline", HTMLElement);
    this.banner = byId("not-live", HTMLElement);
    this.menu = byId("export-menu", HTMLElement);
    /** @type {"live" | "paused" | "replay"} */
    this.mode = "live";
    /** @type {ReplayFeed | null} */
    this.replay = null;
    /** @type {ReplayStatus | null} */
    this.status = null;
    this.pausedAt = 0;
    this.sliding = false;
    this.slider = make("input", { type: "range", step: 1, class: "slider" });
    this.slider.addEventListener("input", () => { this.sliding = true; this.moment.textContent = clockTime(Number(this.slider.value) * 1000); });
    this.slider.addEventListener("change", () => { this.sliding = false; this.say({ type: "seek", time: Number(this.slider.value) }); });
    this.moment = make("output", { class: "moment" });
    this.when = new MomentField((at) => this.go(at));
    addEventListener("hashchange", () => this.followLink());
  }

  get isLive() {
    return this.mode === "live";
  }

  /** Go to the moment that the address names, if it names one. */
  followLink() {
    const named = new URLSearchParams(location.hash.slice(1)).get("t");
    const at = named ? Date.parse(named) / 1000 : NaN;
    if (Number.isFinite(at) && may("see_history") && may("see_trajectories") && Math.abs(at - (this.status?.time ?? 0)) > 1) this.go(at);
  }

  /** @param {number} at UTC epoch s */
  go(at) {
    const { status, replay } = this;
    if (replay && status && at >= status.start && at < status.end) {
      this.say({ type: "seek", time: at });
      return;
    }
    this.stopReplay();
    const end = Math.min(at + AHEAD_S, this.stage.serverNow() / 1000 - LAG_S);
    const feed = new ReplayFeed(Math.min(at, end - 1) - BACK_S, end);
    this.replay = feed;
    this.mode = "replay";
    this.stage.live.rest();
    this.stage.clear();
    this.stage.hear(feed);
    feed.addEventListener("text", (event) => this.take(/** @type {CustomEvent} */ (event).detail));
    feed.addEventListener("state", () => { if (feed === this.replay) this.draw(); });
    const begin = () => { if (feed.state === "open") { feed.removeEventListener("state", begin); this.say({ type: "seek", time: at }); this.say({ type: "play" }); } };
    feed.addEventListener("state", begin);
    if (this.stage.live.view) feed.look(this.stage.live.view);
    feed.open();
    this.draw();
  }

  /** @param {{type: string} & Record<string, unknown>} message */
  take(message) {
    if (message.type !== "replay") return;
    const before = this.status;
    this.status = /** @type {ReplayStatus} */ (/** @type {unknown} */ (message));
    if (!before || before.playing !== this.status.playing || before.speed !== this.status.speed || before.start !== this.status.start) this.draw();
    else this.tick();
  }

  /** Freeze the picture, or let it go on. */
  toggle() {
    if (this.mode === "replay") this.say({ type: this.status?.playing ? "pause" : "play" });
    else if (this.mode === "live") {
      this.mode = "paused";
      this.pausedAt = this.stage.serverNow();
      this.stage.live.rest();
      this.draw();
    } else this.goLive();
  }

  goLive() {
    if (this.isLive) return;
    this.stopReplay();
    this.mode = "live";
    this.stage.clear();
    this.stage.hear(this.stage.live);
    this.stage.live.open();
    this.setLink(null);
    this.draw();
  }

  stopReplay() {
    this.replay?.stop();
    this.replay = null;
    this.status = null;
  }

  /** The moment on screen, UTC epoch s. */
  now() {
    if (this.mode === "replay") return this.status?.time ?? this.stage.serverNow() / 1000;
    return (this.mode === "paused" ? this.pausedAt : this.stage.serverNow()) / 1000;
  }

  /**
   * Jump to the start of the next stored incident, or of the one before.
   * @param {number} step
   */
  async jump(step) {
    const at = this.now();
    const query = new URLSearchParams({ start: new Date((at - EVENTS_BACK_S) * 1000).toISOString(), end: new Date((at + EVENTS_BACK_S) * 1000).toISOString(), limit: "5000" });
    const found = await call("GET", `history/incidents?${query}`).catch(() => null);
    /** @type {number[]} */
    const times = (found?.items ?? []).map((/** @type {{started: string}} */ each) => Date.parse(each.started) / 1000).toSorted((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    const next = step > 0 ? times.find((time) => time > at + 3) : times.findLast((time) => time < at - 3);
    if (next !== undefined) this.go(next - 2);
    else byId("announcer", HTMLElement).textContent = t("time.noEvent");
  }

  /** @param {object} message */
  say(message) {
    this.replay?.send(message);
  }

  draw() {
    const replays = may("see_history") && may("see_trajectories");
    const running = this.mode === "live" || (this.mode === "replay" && this.status?.playing === true);
    const speeds = /** @type {[string, string][]} */ (SPEEDS.map((speed) => [String(speed), `${speed}×`]));
    const controls = [
      this.knob("toggle", t(running ? "time.pause" : "time.play"), running ? "❚❚" : "▶", () => this.toggle()),
      this.knob("live", t("time.live"), t("time.live"), () => this.goLive(), this.isLive),
    ];
    if (replays) {
      controls.push(
        this.knob("previous", t("time.previous"), "|◀", () => this.jump(-1)),
        this.knob("back", t("time.back"), t("time.back"), () => (this.replay ? this.say({ type: "step", seconds: -STEP_S }) : this.go(this.now() - LAG_S - STEP_S))),
      );
      if (this.mode === "replay") {
        controls.push(this.knob("forward", t("time.forward"), t("time.forward"), () => this.say({ type: "step", seconds: STEP_S })));
        controls.push(this.knob("next", t("time.next"), "▶|", () => this.jump(1)));
      }
      this.slider.setAttribute("aria-label", t("time.slider"));
    }
    const more = [];
    if (this.mode === "replay") {
      this.slider.min = String(Math.ceil(this.status?.start ?? 0));
      this.slider.max = String(Math.floor(this.status?.end ?? 1));
      more.push(this.slider, this.moment, select(speeds, String(this.status?.speed ?? 1), t("time.speed"), (value) => this.say({ type: "speed", value: Number(value) })));
    }
    if (replays) more.push(this.when.elements());
    more.push(this.knob("link", t("time.link"), t("time.link"), () => this.copyLink()));
    more.push(this.knob("export", t("time.export"), t("time.export"), () => { this.menu.hidden = !this.menu.hidden; this.drawMenu(); }));
    refill(this.bar, [...controls, ...more]);
    this.tick();
  }

  tick() {
    this.banner.hidden = this.isLive;
    document.documentElement.dataset.time = this.mode;
    if (this.isLive) return;
    const at = this.now();
    if (!this.sliding) {
      this.slider.value = String(at);
      this.moment.textContent = clockTime(at * 1000);
    }
    const lost = this.mode === "replay" && this.replay?.state === "lost";
    const text = lost ? t("time.ended") : t(this.mode === "paused" ? "time.frozen" : "time.stored", { time: utcTime(at * 1000) });
    if (this.banner.textContent !== text) this.banner.textContent = text;
  }

  /**
   * @param {string} key
   * @param {string} label
   * @param {string} face
   * @param {() => void} act
   * @param {boolean} [pressed]
   */
  knob(key, label, face, act, pressed) {
    return button({ class: "knob", "data-key": `time-${key}`, "aria-label": label, title: label, "aria-pressed": pressed === undefined ? null : String(pressed) }, [face], act);
  }

  /** @param {number | null} at UTC epoch s */
  setLink(at) {
    const parts = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith("t="));
    if (at !== null) parts.push(`t=${new Date(at * 1000).toISOString()}`);
    history.replaceState(null, "", `#${parts.join("&")}`);
  }

  /** Put the moment into the address, and the address into the clipboard. */
  async copyLink() {
    this.setLink(this.now());
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    byId("announcer", HTMLElement).textContent = t("time.copied");
  }

  drawMenu() {
    const acts = [this.knob("png", "PNG", "PNG", () => this.exportPicture())];
    if (may("export")) {
      for (const [content, permission] of [["tracks", "see_trajectories"], ["incidents", "see_history"], ["states", "see_history"]]) {
        if (!may(permission)) continue;
        const name = t(`export.${content}`);
        acts.push(this.knob(`csv-${content}`, `${name} CSV`, `${name} CSV`, () => this.exportStored(content, "csv")));
        if (content === "tracks") acts.push(this.knob("mf", `${name} MF-JSON`, `${name} MF-JSON`, () => this.exportStored(content, "mf-json")));
      }
    }
    refill(this.menu, acts);
  }

  exportPicture() {
    const { map } = this.stage;
    map.once("render", () => wholePicture(map, this.stage.names()).toBlob((blob) => {
      if (blob) download(URL.createObjectURL(blob), `map-${new Date(this.now() * 1000).toISOString().replaceAll(":", "")}.png`);
    }));
    map.triggerRepaint();
  }

  /**
   * The last five minutes before the moment on screen, in the box on screen.
   * @param {string} content
   * @param {string} format
   */
  exportStored(content, format) {
    const at = this.now();
    const box = this.stage.map.getBounds();
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((degrees) => degrees.toFixed(6)).join(",");
    const query = new URLSearchParams({ start: new Date((at - EXPORT_S) * 1000).toISOString(), end: new Date(at * 1000).toISOString(), purpose: t("export.purpose"), format, bbox });
    download(`api/v1/exports/${content}?${query}`, "");
  }
}

/**
 * @param {string} href
 * @param {string} name
 */
function download(href, name) {
  const link = make("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
