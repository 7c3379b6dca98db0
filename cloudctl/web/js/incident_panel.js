// @ts-check
/** The incident list of the desk: by priority, floods folded, with what was done; and one incident in hand. */

import { button, icon, make, refill } from "./dom.js";
import { clockTime, duration } from "./format.js";
import { member, t } from "./i18n.js";
import { phrase } from "./phrases.js";
import { call } from "./sign_in_api.js";
import { may, whoAmI } from "./sign_in_session.js";
import { Said, act, field, form, input, note, select } from "./work_parts.js";

/** @typedef {import("./state.js").Incident} Incident */
/** @typedef {import("./work_state.js").Handled} Handled */
/** @typedef {{incident: Incident, handled: Handled | null, count: number}} Row */

const KINDS = [
  "wrong_way", "pedestrian_on_carriageway", "animal_on_carriageway", "blocked_lane", "debris", "stopped_vehicle", "illegal_parking",
  "near_miss", "red_light_passage", "sudden_braking", "fast_vehicle", "slow_vehicle", "congestion", "congestion_tail", "spill_back",
];
const MUTE_MINUTES = [10, 30, 60, 240];
const SOUND_STORED = "v2x.sound";

export class IncidentPanel {
  /**
   * @param {import("./panels.js").Scene} scene
   * @param {() => void} redraw
   */
  constructor(scene, redraw) {
    this.scene = scene;
    this.redraw = redraw;
    this.kind = "";
    this.which = "all";
    this.selected = "";
    /** @type {Set<string>} groups that are unfolded */
    this.unfolded = new Set();
    this.said = new Said();
    this.hand = make("section", { class: "in-hand", hidden: true });
    this.muting = false;
  }

  get desk() {
    return may("handle_incidents");
  }

  head() {
    const kinds = /** @type {[string, string][]} */ ([["", t("desk.allKinds")], ...KINDS.map((kind) => [kind, member("incident", kind)])]);
    const filters = [select(kinds, this.kind, t("desk.kind"), (value) => { this.kind = value; this.redraw(); })];
    if (!this.desk) return [make("div", { class: "filter" }, filters), this.hand];
    const which = /** @type {[string, string][]} */ (["all", "open", "mine", "muted"].map((name) => [name, t(`show.${name}`)]));
    filters.push(select(which, this.which, t("desk.which"), (value) => { this.which = value; this.redraw(); }));
    return [make("div", { class: "filter" }, filters), this.soundSwitch(), this.hand];
  }

  soundSwitch() {
    const box = make("input", { type: "checkbox", id: "sound" });
    box.checked = soundWanted();
    box.addEventListener("change", () => localStorage.setItem(SOUND_STORED, box.checked ? "on" : "off"));
    return make("div", { class: "check" }, [box, make("label", { for: "sound" }, [t("desk.sound")])]);
  }

  /** Incidents that are shown, folded, the most urgent first. @returns {Row[]} */
  rows() {
    const { incidents } = this.scene.state;
    const { work } = this.scene;
    const wanted = incidents.filter((incident) => (this.kind === "" || incident.kind === this.kind) && this.wants(work.handled(incident.incident_id)));
    /** @type {Map<string, Row>} */
    const groups = new Map();
    /** @type {Row[]} */
    const rows = [];
    for (const incident of wanted) {
      const handled = work.handled(incident.incident_id);
      const leader = handled?.group ?? incident.incident_id;
      const known = groups.get(leader);
      if (known) {
        known.count += 1;
        if ((handled?.priority ?? 4) < (known.handled?.priority ?? 4)) Object.assign(known, { incident, handled });
        if (!this.unfolded.has(leader)) continue;
      }
      const row = { incident, handled, count: 1 };
      if (!known) groups.set(leader, row);
      rows.push(row);
    }
    return rows.toSorted((a, b) => order(a) - order(b) || b.incident.started - a.incident.started);
  }

  /** @param {Handled | null} handled */
  wants(handled) {
    if (this.which === "muted") return handled?.mute != null;
    if (handled?.mute != null) return false;
    if (this.which === "open") return !handled?.acknowledged;
    return this.which !== "mine" || handled?.assignee === whoAmI()?.name;
  }

  list() {
    const mutes = this.desk && this.which === "muted" ? this.scene.work.desk.mutes.map((mute) => this.mute(mute)) : [];
    const rows = this.rows();
    const away = this.desk && !this.scene.work.desk.reachable ? [note([t("desk.away")])] : [];
    if (rows.length === 0) return [...away, ...mutes, note([t("incidents.empty")])];
    return [...away, ...mutes, make("ul", { class: "list" }, rows.map((row) => make("li", {}, this.row(row))))];
  }

  /** @param {Row} row */
  row({ incident, handled, count }) {
    const since = duration(this.scene.serverNow() / 1000 - incident.started);
    const priority = handled?.priority ?? 0;
    const sign = make("span", { class: `sign ${priority ? `prio prio-${priority}` : "alert"}`, title: priority ? t(`prio.${priority}`) : null }, priority ? [String(priority)] : [icon("incidents")]);
    const marks = [
      priority ? t(`prio.${priority}`) : "",
      this.scene.linkName(incident.link),
      t("incidents.confidence", { value: Math.round(incident.confidence * 100) }),
      handled?.acknowledged ? t("desk.seenBy", { name: handled.acknowledged_name ?? "" }) : "",
      handled?.assignee ? t("desk.with", { name: handled.assignee }) : "",
      handled?.last_note ? `“${handled.last_note}”` : "",
    ].filter(Boolean).join(" · ");
    const pieces = [button(
      { class: handled?.acknowledged ? "item seen" : "item", "data-key": incident.incident_id, title: phrase(incident.evidence), "aria-pressed": String(this.selected === incident.incident_id) },
      [sign, make("span", { class: "title" }, [member("incident", incident.kind)]),
        make("span", { class: "side" }, [t("incidents.since", { time: since })]), make("span", { class: "more" }, [marks])],
      () => this.take(incident),
    )];
    if (count > 1) {
      const leader = handled?.group ?? incident.incident_id;
      const open = this.unfolded.has(leader);
      pieces.push(button({ class: "fold", "data-key": `fold-${leader}`, "aria-expanded": String(open) }, [t(open ? "desk.fold" : "desk.unfold", { count: count - 1 })], () => {
        if (!this.unfolded.delete(leader)) this.unfolded.add(leader);
        this.redraw();
      }));
    }
    return pieces;
  }

  /** @param {import("./work_state.js").Mute} mute */
  mute(mute) {
    const what = [mute.kind ? member("incident", mute.kind) : t("desk.allKinds"), mute.radius_m ? t("desk.around", { metres: Math.round(mute.radius_m) }) : ""].filter(Boolean).join(" · ");
    return make("div", { class: "muted-rule" }, [
      make("span", {}, [make("b", {}, [what]), ` ${mute.reason} · ${mute.created_name} · ${t("desk.until", { time: clockTime(mute.expires * 1000) })}`]),
      act(`lift-${mute.id}`, t("desk.lift"), () => this.said.try(() => call("DELETE", `incident-mutes/${mute.id}`))),
    ]);
  }

  /** @param {Incident} incident */
  take(incident) {
    this.scene.fly(incident.lon, incident.lat, 16.5);
    this.selected = incident.incident_id;
    this.muting = false;
    this.drawHand();
    this.redraw();
  }

  chosen() {
    return this.scene.state.incidents.find(({ incident_id: id }) => id === this.selected) ?? null;
  }

  /** One incident in hand: acts, what was done so far, a note. It stays while the list below changes. */
  drawHand() {
    const incident = this.chosen();
    this.hand.hidden = incident === null;
    if (!incident) return;
    const acts = make("ol", { class: "done-acts" });
    const text = input({ type: "text", maxlength: 2000, id: "incident-note", autocomplete: "off" });
    const assignee = input({ type: "text", maxlength: 120, autocomplete: "off" }, whoAmI()?.name ?? "");
    refill(this.hand, [
      make("h3", {}, [member("incident", incident.kind), " ", make("small", {}, [this.scene.linkName(incident.link)])]),
      make("p", { class: "evidence" }, [phrase(incident.evidence)]),
      make("div", { class: "acts" }, [
        ...(this.desk ? [
          act("hand-ack", t("desk.ack"), () => this.acknowledge(), "main"),
          act("hand-mute", t("desk.mute"), () => { this.muting = !this.muting; this.drawHand(); }),
        ] : []),
        act("hand-close", t("action.close"), () => { this.selected = ""; this.drawHand(); this.redraw(); }),
      ]),
      ...(this.desk ? [
        ...(this.muting ? [this.muteForm(incident)] : []),
        form([field(t("desk.assignee"), assignee)], t("desk.assign"), () => this.assign(assignee.value), "row"),
        form([field(t("desk.note"), text)], t("desk.write"), () => this.write(text.value), "row"),
        this.said.element,
        acts,
      ] : []),
    ]);
    if (this.desk) this.showActs(acts, incident.incident_id);
  }

  /** @param {Incident} incident */
  muteForm(incident) {
    const minutes = select(MUTE_MINUTES.map((value) => [String(value), duration(value * 60)]), "30", t("desk.howLong"), () => {});
    const area = select([["here", t("desk.muteHere")], ["kind", t("desk.muteKind")], ["place", t("desk.mutePlace")]], "here", t("desk.muteWhat"), () => {});
    const reason = input({ type: "text", required: true, maxlength: 120 });
    return form([field(t("desk.muteWhat"), area), field(t("desk.howLong"), minutes), field(t("desk.reason"), reason)], t("desk.mute"), async () => {
      const place = area.value === "kind" ? {} : { lon: incident.lon, lat: incident.lat, radius_m: 300 };
      const kind = area.value === "place" ? {} : { kind: incident.kind };
      const wanted = { ...place, ...kind, minutes: Number(minutes.value), reason: reason.value };
      if (await this.said.try(() => call("POST", "incident-mutes", wanted))) { this.muting = false; this.drawHand(); }
    });
  }

  /**
   * @param {HTMLElement} list
   * @param {string} id
   */
  async showActs(list, id) {
    const found = await call("GET", `incident-desk/${encodeURIComponent(id)}/acts`).catch(() => ({ items: [] }));
    if (this.selected !== id) return;
    refill(list, found.items.map((/** @type {{time: string, name: string, act: string, text: string}} */ done) => make("li", {}, [
      make("time", { datetime: done.time }, [clockTime(Date.parse(done.time))]), ` ${done.name} · ${t(`act.${done.act}`)} ${done.text}`,
    ])));
  }

  async acknowledge() {
    const id = this.selected;
    if (id) await this.acted(() => call("POST", `incident-desk/${encodeURIComponent(id)}/acknowledge`));
  }

  /** @param {string} name */
  async assign(name) {
    const id = this.selected;
    if (id) await this.acted(() => call("PUT", `incident-desk/${encodeURIComponent(id)}/assignee`, { assignee: name.trim() || null }));
  }

  /** @param {string} text */
  async write(text) {
    const id = this.selected;
    if (id && text.trim()) await this.acted(() => call("POST", `incident-desk/${encodeURIComponent(id)}/notes`, { text }));
  }

  /** @param {() => Promise<unknown>} wanted */
  async acted(wanted) {
    if (await this.said.try(wanted)) this.drawHand();
  }

  /**
   * Take the next or the previous incident of the list.
   * @param {number} step
   */
  step(step) {
    const rows = this.rows();
    if (rows.length === 0) return;
    const at = rows.findIndex(({ incident }) => incident.incident_id === this.selected);
    const next = at < 0 ? 0 : (at + step + rows.length) % rows.length;
    this.take(rows[next].incident);
    document.querySelector(`[data-key="${CSS.escape(rows[next].incident.incident_id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  /** Incidents that want somebody: neither acknowledged nor muted. */
  waiting() {
    const { incidents } = this.scene.state;
    if (!this.desk) return incidents.length;
    return incidents.filter(({ incident_id: id }) => {
      const handled = this.scene.work.handled(id);
      return !handled?.acknowledged && handled?.mute == null;
    }).length;
  }
}

/** @param {Row} row */
function order({ handled }) {
  return (handled?.priority ?? 5) + (handled?.acknowledged ? 10 : 0) + (handled?.mute != null ? 100 : 0);
}

function soundWanted() {
  return localStorage.getItem(SOUND_STORED) === "on";
}

/** Ring once where somebody asked for it; a browser that was not touched yet stays silent. */
export function ring() {
  if (!soundWanted()) return;
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 880 });
  const gain = new GainNode(context, { gain: 0.08 });
  tone.connect(gain).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.18);
  tone.addEventListener("ended", () => context.close());
}
