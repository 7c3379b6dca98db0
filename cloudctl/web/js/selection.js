// @ts-check
/** What the user chose on the map: one road user, intersection or link; its card, its trail, following it. */

import { Card } from "./card.js";
import { iconSize } from "./mover_layer.js";
import { Trail } from "./trail.js";

/** @typedef {import("./card.js").Chosen} Chosen */

/**
 * @typedef {object} Scene what can be chosen
 * @property {import("../vendor/maplibre-gl.mjs").Map} map
 * @property {import("./plane.js").Plane} plane
 * @property {import("./mover_store.js").MoverStore} movers
 * @property {import("./mover_layer.js").MoverLayer} layer
 * @property {import("./signals.js").Signals} signals
 * @property {import("./links.js").LinkLevels} levels
 * @property {() => number} serverNow ms
 * @property {() => number | null} pictureAge ms
 * @property {(row: number) => {id: string, name_zh: string, name_en: string}} linkOf
 * @property {(lon: number, lat: number, zoom?: number) => void} fly
 * @property {(signal: string) => import("./recommendation_panel.js").Recommendation | null} recommended
 * @property {(signal: string) => string | null} controlOf what a controller does with it
 * @property {((signal: string) => void) | null} hold take a signal under hold, where one may
 * @property {(device: string) => import("./state.js").Advisory | null} adviceTo the newest that a vehicle got
 * @property {() => void} cleared called when nothing is chosen any more
 */

const REACH_PX = 14;
const TRAIL_S = 120;

export class Selection {
  /** @param {Scene} scene */
  constructor(scene) {
    this.scene = scene;
    /** @type {Chosen | null} */
    this.chosen = null;
    this.following = false;
    /** @type {import("./card.js").Detail | null} */
    this.detail = null;
    this.trail = new Trail(scene.map);
    this.card = new Card({
      close: () => this.choose(null),
      follow: (on) => { this.following = on; this.drawCard(); },
      locate: (lon, lat) => scene.fly(lon, lat, Math.max(17, scene.map.getZoom())),
    });
  }

  /** @param {{lngLat: {lng: number, lat: number}, point: {x: number, y: number}}} event */
  click(event) {
    const metresPerPixel = 1 / (this.scene.plane.mercatorPerMetre * 512 * 2 ** this.scene.map.getZoom());
    const reach = Math.max(REACH_PX, iconSize(this.scene.map.getZoom())) * metresPerPixel;
    const row = this.scene.movers.nearest(event.lngLat.lng, event.lngLat.lat, reach, (slot) => this.scene.layer.shows(slot));
    if (row >= 0) {
      this.choose({ kind: "mover", id: this.scene.movers.idAt(row) });
      return;
    }
    const place = this.signalNear(event.point);
    if (place) {
      this.choose({ kind: "signal", row: place.row });
      return;
    }
    const { x, y } = event.point;
    const found = this.scene.map.queryRenderedFeatures([[x - 5, y - 5], [x + 5, y + 5]], { layers: ["road-fill"] })[0];
    this.choose(typeof found?.id === "number" ? { kind: "link", row: found.id } : null);
  }

  /** @param {{x: number, y: number}} point */
  signalNear(point) {
    const zoom = this.scene.map.getZoom();
    if (zoom < 13.6) return null;
    const reach = zoom < 15 ? 12 : zoom < 16.3 ? 26 : 80;
    return this.scene.signals.places.find((place) => {
      const at = this.scene.map.project([place.lon, place.lat]);
      return Math.hypot(at.x - point.x, at.y - point.y) < reach;
    }) ?? null;
  }

  /** @param {Chosen | null} chosen */
  choose(chosen) {
    this.chosen = chosen;
    this.following = false;
    this.detail = null;
    this.scene.layer.selectedId = chosen?.kind === "mover" ? chosen.id : -1;
    this.trail.clear();
    this.scene.layer.redraw();
    if (chosen) {
      this.drawCard();
      this.readDetail();
    } else {
      this.card.hide();
      this.scene.cleared();
    }
  }

  drawCard() {
    const { chosen } = this;
    if (!chosen) return;
    if (chosen.kind === "signal") {
      const place = this.scene.signals.places[chosen.row];
      this.card.showSignal(place, this.scene.signals, this.scene.serverNow(), this.scene.recommended(place.id), this.scene.controlOf(place.id), this.scene.hold);
    }
    else if (chosen.kind === "link") this.card.showLink(this.scene.linkOf(chosen.row), this.scene.levels.find(chosen.row));
    else {
      const row = this.scene.movers.rowOf(chosen.id);
      if (row < 0) this.card.showGone(chosen.id);
      else this.card.showMover(this.scene.movers.get(row), this.detail, this.scene.pictureAge() ?? 0, this.following, this.scene.adviceTo(this.detail?.device ?? ""));
    }
  }

  /** Ask for lane, source and stored trail of the chosen road user. */
  async readDetail() {
    const { chosen } = this;
    if (chosen?.kind !== "mover" || this.scene.movers.rowOf(chosen.id) < 0) return;
    // lane and source are at hand; the store may take a moment
    if (!this.detail) await this.fetchDetail(chosen, 0);
    await this.fetchDetail(chosen, TRAIL_S);
  }

  /**
   * @param {Chosen & {kind: "mover"}} chosen
   * @param {number} seconds
   */
  async fetchDetail(chosen, seconds) {
    const answer = await fetch(`api/v1/tracks/${chosen.id}?trail_seconds=${seconds}`).catch(() => null);
    if (!answer?.ok) return;
    const detail = await answer.json();
    if (this.chosen !== chosen) return;
    this.detail = detail;
    if (seconds > 0) this.trail.setStored(detail.trail);
    this.drawCard();
  }

  follow() {
    if (this.chosen?.kind !== "mover") return;
    const row = this.scene.movers.rowOf(this.chosen.id);
    if (row < 0) return;
    const { lon, lat } = this.scene.movers.get(row);
    this.trail.add(lon, lat);
    if (this.following) this.scene.map.easeTo({ center: [lon, lat], duration: this.scene.movers.glides ? 250 : 0, easing: (part) => part });
  }
}
