"""The last gate before the database: what of a batch may be stored, and under which name.

It works inside the transaction that stores the batch and reads the register there. A withdrawal takes the same lock, so
that a batch is either stored before it, and erased with the rest, or meets the register that no longer has the vehicle.

| vehicle | tracks | requests, answers, advice | refused messages |
|---|---|---|---|
| public (contract, duty) | with device | as they came | as they came |
| agreed to storage | link kept apart, in v2x_private | under the pseudonym of the day | without payload |
| any other | without device | withheld; advice without name | without name and payload |
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import psycopg

from cloudctl.advice.advisory import Advisory
from cloudctl.privacy.keys import WITHHELD, KeyRing
from cloudctl.privacy.pseudonyms import PREFIX, pseudonym
from cloudctl.privacy.register import NOTHING, Grant, Register
from cloudctl.privacy.scrub import ANONYMOUS, names_in, rename, rename_text
from cloudctl.privacy.standings import LOCK_KEY, find_version, load_register
from cloudctl.publish.frames import Frame, FrameKind
from cloudctl.store.batch_parse import Event, ParsedBatch
from cloudctl.store.event_rows import DeadLetterMessage, DeviceEvent, DeviceNow, DevicesNow, Observation
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.withheld import WithheldEvent, withheld_key, write_note

OWNER_COLUMN = "owner"
"""Column of trajectory frames: row of the terminal whose vehicle agreed to storage, -1 for all others."""
_RELAYED = ("rsu_bsm", "rsu_vir", "rsu_psm", "rsu_vpm", "rsu_clpmm", "rsu_rsc")
"""Streams of roadside units that carry names of vehicles."""
_OF_VEHICLES = frozenset({"BSM", "VIR", "PSM", "VPM", "CLPMM", "RSC"})


class StoreGate:
    """Goes through one batch after the other; called with the connection that is about to store it."""

    def __init__(self, keys: KeyRing, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock
        self._register = Register()
        self._used: dict[str, str] = {}
        self._now = 0.0

    def __call__(self, connection: psycopg.Connection, batch: ParsedBatch) -> Counter[str]:
        """Take out of the batch what may not be stored, and rename what may not be named. Gives what was done."""
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (LOCK_KEY,))
        self._now = self._clock()
        self.refresh(connection)
        self._used.clear()
        self._pass_events(batch)
        done = Counter(observations_withheld=self._pass_observations(batch))
        batch.devices = [(self._pass_devices(connection, now), received) for now, received in batch.devices]
        batch.frames = self._pass_frames(connection, batch.frames)
        self._enter_pseudonyms(connection)
        return done

    def refresh(self, connection: psycopg.Connection) -> None:
        """Read the register where it changed, so that `admits` knows of it before the next batch."""
        if find_version(connection) != self._register.version:
            self._register = load_register(connection)

    def admits(self, topic: str) -> bool:
        """Tell whether a message may be put on disk: not the events of a vehicle of which nothing is to be stored.

        Any thread may ask. Before the register is read everything is admitted, and the gate decides later.
        """
        levels = topic.split("/")
        if len(levels) < 4 or levels[:2] != ["V2X", "OBU"] or self._register.version < 0:
            return True
        grant = self._register.grant(levels[2], self._clock())
        return grant.public or grant.storage

    def note_of(self, event: SpoolRecord) -> bytes:
        """Give the note that is put on disk in place of an event that is not admitted; any thread may ask."""
        return write_note(event, self._keys.key(WITHHELD))

    def _pass_events(self, batch: ParsedBatch) -> None:
        """Put a note in the place of what may not be stored."""
        events, batch.events = batch.events, {}
        for key, event in events.values():
            passed = self._pass_event(event)
            if passed is None:
                key = withheld_key(key, self._keys.key(WITHHELD))  # noqa: PLW2901  # the note's key in place of its
                passed = WithheldEvent(event.stream if isinstance(event, DeviceEvent) else "other")
            batch.events[key.key] = (key, passed)
        for answered, answer in batch.acknowledgements.items():
            if answer.stream.startswith("obu_"):
                batch.acknowledgements[answered] = answer._replace(device=self._name(answer.device))

    def _pass_event(self, event: Event) -> Event | None:
        if isinstance(event, DeviceEvent):
            return self._pass_device_event(event)
        if isinstance(event, Advisory):
            return self._pass_advisory(event)
        return self._pass_letter(event) if isinstance(event, DeadLetterMessage) else event

    def _pass_device_event(self, event: DeviceEvent) -> DeviceEvent | None:
        own = event.stream.startswith("obu_")
        if not own and event.stream not in _RELAYED:
            return event
        payload = (event.payload or "").encode()
        named = {event.device} if own else set()
        named |= names_in(payload) - ({event.device} if not own else set())
        grants = {name: self._grant(name) for name in named}
        if event.payload is not None and all(grant.public for grant in grants.values()):
            return event
        if (own and not self._grant(event.device).storage) or event.payload is None:
            return event if own and self._grant(event.device).public else None
        new_names = {name: self._name(name) for name, grant in grants.items() if not grant.public}
        text = msgspec.json.encode(rename(msgspec.json.decode(payload), new_names)).decode()
        device = self._name(event.device) if own else event.device
        return event._replace(device=device, payload=text, raw=None)

    def _pass_advisory(self, advisory: Advisory) -> Advisory:
        kind, _, name = advisory.target.partition(":")
        named = {name} if kind == "obu" and name != ANONYMOUS else set()
        vehicle = advisory.content.get("vehicle")
        if isinstance(vehicle, str) and vehicle != ANONYMOUS:
            named.add(vehicle)
        new_names = {each: self._name(each) for each in named if not self._grant(each).public}
        if not new_names:
            return advisory
        content = rename(advisory.content, new_names)
        return msgspec.structs.replace(
            advisory,
            target=f"{kind}:{new_names.get(name, name)}",
            reason=rename_text(advisory.reason, new_names),
            content=content if isinstance(content, dict) else {},
        )

    def _pass_letter(self, letter: DeadLetterMessage) -> DeadLetterMessage:
        levels = letter.topic.replace(".", "/").split("/")
        own = levels[2] if levels[:2] == ["V2X", "OBU"] and len(levels) > 2 else ""
        if own == ANONYMOUS or (not own and not _OF_VEHICLES.intersection(levels)):
            return letter
        named = {own} if own else set(names_in(letter.payload))
        new_names = {name: self._name(name) for name in named if not self._grant(name).public}
        if (named or not letter.payload) and not new_names:
            return letter
        topic = rename_text(letter.topic, new_names) if own else letter.topic
        detail = rename_text(letter.detail, new_names)
        return msgspec.structs.replace(letter, topic=topic, detail=detail, payload_b64="")

    def _pass_observations(self, batch: ParsedBatch) -> int:
        kept = [each for each in batch.observations if self._may_keep(each)]
        withheld = len(batch.observations) - len(kept)
        batch.observations = kept
        return withheld

    def _may_keep(self, observation: Observation) -> bool:
        if observation.stream.startswith("obu_"):
            return self._grant(observation.device).public
        if observation.stream not in _RELAYED:
            return True
        named = names_in(observation.payload)
        return bool(named) and all(self._grant(name).public for name in named)

    def _pass_devices(self, connection: psycopg.Connection, now: DevicesNow) -> DevicesNow:
        """Leave out private vehicles; the rows of those that agreed to storage are kept apart."""
        apart = [each for each in now.devices if each.kind == "obu" and self._is_linked(each)]
        connection.cursor().executemany(
            "INSERT INTO v2x_private.device_row (session, device, subject) SELECT %s, %s, %s"
            " WHERE NOT EXISTS (SELECT FROM v2x_private.erased_row WHERE session = %s AND device = %s)"
            " ON CONFLICT DO NOTHING",
            [(now.epoch, each.row, each.id, now.epoch, each.row) for each in apart],
        )
        devices = [each for each in now.devices if each.kind != "obu" or self._grant(each.id).public]
        return msgspec.structs.replace(now, devices=devices)

    def _is_linked(self, device: DeviceNow) -> bool:
        grant = self._grant(device.id)
        return device.row is not None and grant.storage and not grant.public

    def _pass_frames(self, connection: psycopg.Connection, frames: list[Frame]) -> list[Frame]:
        """Keep the link from track to vehicle apart, and drop points of vehicles that are to be forgotten."""
        if not any(frame.kind is FrameKind.TRAJECTORY for frame in frames):
            return frames
        erased: set[tuple[int, int]] = set(
            connection.execute("SELECT session, device FROM v2x_private.erased_row").fetchall()
        )
        passed = [_without(frame, erased) if frame.kind is FrameKind.TRAJECTORY else frame for frame in frames]
        links = _links(passed)
        if links:
            connection.execute(
                "INSERT INTO v2x_private.track_row (session, track_id, device, first_t)"
                " SELECT s, k, d, to_timestamp(t) FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::float8[])"
                " AS n (s, k, d, t) ON CONFLICT DO NOTHING",
                ([*(list(column) for column in zip(*((*key, t) for key, t in links.items()), strict=True))]),
            )
        return passed

    def _enter_pseudonyms(self, connection: psycopg.Connection) -> None:
        day = datetime.fromtimestamp(self._now, UTC).date()
        connection.cursor().executemany(
            "INSERT INTO v2x_private.pseudonym (day, pseudonym, subject) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [(day, name, subject) for subject, name in self._used.items()],
        )

    def _grant(self, name: str) -> Grant:
        return self._register.grant(name, self._now) if name else NOTHING

    def _name(self, subject: str) -> str:
        """Give what a vehicle is called in the store."""
        grant = self._grant(subject)
        if grant.public or subject.startswith(PREFIX) or subject == ANONYMOUS:
            return subject
        if not grant.storage:
            return ANONYMOUS
        if subject not in self._used:
            self._used[subject] = pseudonym(self._keys, subject, self._now)
        return self._used[subject]


def _without(frame: Frame, erased: set[tuple[int, int]]) -> Frame:
    if OWNER_COLUMN not in frame.columns or not erased:
        return frame
    rows = np.array([device for session, device in erased if session == frame.epoch], np.int32)
    keep = ~np.isin(frame.column(OWNER_COLUMN), rows)
    return frame if keep.all() else replace(frame, columns={k: v[keep] for k, v in frame.columns.items()})


def _links(frames: list[Frame]) -> dict[tuple[int, int, int], float]:
    """First time of each (session, track, device) that frames tell of."""
    found: dict[tuple[int, int, int], float] = {}
    for frame in frames:
        if frame.kind is FrameKind.TRAJECTORY and OWNER_COLUMN in frame.columns:
            owner = frame.column(OWNER_COLUMN)
            owned = np.flatnonzero(owner >= 0)
            for track, device in zip(frame.column("id")[owned].tolist(), owner[owned].tolist(), strict=True):
                found.setdefault((frame.epoch, track, device), frame.time)
    return found
