"""Store one batch of spooled messages in one transaction; a batch that comes again leaves no second trace."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import LiteralString, TypeVar

import psycopg

from cloudctl.advice.advisory import Advisory
from cloudctl.publish.frames import Frame, FrameKind
from cloudctl.store import event_tables
from cloudctl.store.batch_parse import REFUSED, Event, ParsedBatch, parse_batch, refusal
from cloudctl.store.errors import CountError
from cloudctl.store.event_rows import DeadLetterMessage, DeviceEvent, IncidentMessage, event_key
from cloudctl.store.frame_ledger import FrameKey, Gap, GapTracker, enter_frames, load_tracker, write_gaps
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.state_rows import (
    LINK_COLUMNS,
    TRANSITION_COLUMNS,
    SignalMemory,
    StateCopy,
    encode_links,
    encode_transitions,
)
from cloudctl.store.track_places import (
    DEVICE_TRACKS_COLUMNS,
    NO_LANES,
    TRACK_LINK_COLUMNS,
    LaneLinks,
    encode_device_tracks,
    encode_track_links,
)
from cloudctl.store.traffic_rows import (
    INTERSECTION_COLUMNS,
    MOVEMENT_COLUMNS,
    encode_intersections,
    encode_movements,
)
from cloudctl.store.trajectory_rows import COLUMNS, encode_trajectories, find_segments, points_of
from cloudctl.store.transit_rows import DispatchAdviceMessage, PriorityMessage, StopVisitMessage, insert_transit
from cloudctl.store.withheld import COUNTER, WithheldEvent

Kind = TypeVar("Kind", DeviceEvent, IncidentMessage, Advisory, DeadLetterMessage)


Gate = Callable[[psycopg.Connection, ParsedBatch], Counter[str]]
"""Looks through a batch in its transaction, takes out what may not be stored, and says what it did."""


_STATES: tuple[
    tuple[str, LiteralString, Sequence[LiteralString], tuple[FrameKind, ...], Callable[[Sequence[Frame]], StateCopy]],
    ...,
] = (
    (
        "link_states_stored",
        "link_state",
        LINK_COLUMNS,
        (FrameKind.LINKS, FrameKind.LINK_ARCHIVE),
        encode_links,
    ),
    (
        "movement_states_stored",
        "movement_state",
        MOVEMENT_COLUMNS,
        (FrameKind.MOVEMENT_ARCHIVE,),
        encode_movements,
    ),
    (
        "intersection_states_stored",
        "intersection_state",
        INTERSECTION_COLUMNS,
        (FrameKind.INTERSECTION_ARCHIVE,),
        encode_intersections,
    ),
)
"""Counter, table and columns of each state of the road, the frames that tell of it, and what makes rows of them."""


def open_gate(connection: psycopg.Connection, batch: ParsedBatch) -> Counter[str]:
    """Let everything through."""
    del connection, batch
    return Counter()


@dataclass(frozen=True)
class StoreState:
    """What the next batch needs to know of those before it."""

    tracker: GapTracker
    signals: SignalMemory
    map_name: str
    """Identity of the road network that rows of links, lanes and groups refer to."""
    lane_links: LaneLinks = field(default_factory=lambda: NO_LANES)
    gate: Gate = open_gate


def load_state(
    connection: psycopg.Connection, map_name: str, lane_links: LaneLinks = NO_LANES, gate: Gate = open_gate
) -> StoreState:
    """State as the database has it."""
    stored = connection.execute(
        "SELECT DISTINCT ON (grp) grp, state FROM v2x.signal_transition"
        " WHERE t > (SELECT max(t) - interval '1 hour' FROM v2x.signal_transition) ORDER BY grp, t DESC"
    ).fetchall()
    return StoreState(
        load_tracker(connection, FrameKind.TRAJECTORY), SignalMemory.of(stored), map_name, lane_links, gate
    )


def store_batch(
    connection: psycopg.Connection, records: Sequence[SpoolRecord], state: StoreState
) -> tuple[Counter[str], StoreState]:
    """Store a batch in one transaction; return what was done, by counter, and the state after it.

    Raises:
        CountError: the server took another number of rows than it was given; nothing is stored.
        psycopg.Error: the server refused; nothing is stored.
    """
    batch = parse_batch(records)
    with connection.transaction():
        gated = state.gate(connection, batch)
        done, after = _store_frames(connection, batch.frames, state)
        done += _store_events(connection, batch)
        done += gated
        done["points_refused"] = batch.points_refused
        for devices, received in batch.devices:
            event_tables.insert_device_health(connection, devices, received)
        if batch.devices:
            event_tables.upsert_devices(connection, *batch.devices[-1])
        if batch.observations:
            event_tables.insert_observations(connection, batch.observations)
            done["observations_stored"] = len(batch.observations)
        event_tables.add_counters(connection, done)
    return done, after


def quarantine(
    connection: psycopg.Connection, record: SpoolRecord, detail: str, gate: Gate = open_gate
) -> Counter[str]:
    """Put one message among the dead letters."""
    with connection.transaction():
        if not event_tables.enter_keys(connection, [event_key(record)]):
            return Counter(events_repeated=1)
        batch = ParsedBatch()
        batch.put(event_key(record), refusal(record, detail))
        gate(connection, batch)
        letters = [event for _, event in batch.events.values() if isinstance(event, DeadLetterMessage)]
        event_tables.insert_dead_letters(connection, letters)
        done = Counter(quarantined=1)
        event_tables.add_counters(connection, done)
    return done


def _store_frames(
    connection: psycopg.Connection, frames: Sequence[Frame], state: StoreState
) -> tuple[Counter[str], StoreState]:
    if not frames:
        return Counter(), state
    fresh = enter_frames(connection, frames)
    by_kind: dict[FrameKind, list[Frame]] = {kind: [] for kind in FrameKind}
    for frame in fresh:
        by_kind[frame.kind].append(frame)
    _enter_sessions(connection, fresh, state.map_name)
    tracker, gaps = _find_gaps(by_kind[FrameKind.TRAJECTORY], state.tracker)
    write_gaps(connection, gaps)
    signals = state.signals.copy()
    done = Counter(frames_stored=len(fresh), frames_repeated=len(frames) - len(fresh), gaps_detected=len(gaps))
    done["frames_missed"] = sum(gap.missed or 0 for gap in gaps)
    done["points_stored"] = _copy_points(connection, by_kind[FrameKind.TRAJECTORY], state.lane_links)
    for counter, table, columns, kinds, encode in _STATES:
        chosen = [frame for kind in kinds for frame in by_kind[kind]]
        done[counter] = _copy_states(connection, table, columns, chosen, encode)
    done["signal_transitions_stored"] = _copy_states(
        connection,
        "signal_transition",
        TRANSITION_COLUMNS,
        by_kind[FrameKind.SIGNALS],
        lambda frames: encode_transitions(frames, signals),
    )
    return done, replace(state, tracker=tracker, signals=signals)


def _enter_sessions(connection: psycopg.Connection, frames: Sequence[Frame], map_name: str) -> None:
    first = {frame.epoch: frame.time for frame in reversed(frames)}
    connection.cursor().executemany(
        "INSERT INTO v2x.engine_session (session, first_seen, map) VALUES (%s, to_timestamp(%s), %s)"
        " ON CONFLICT DO NOTHING",
        [(session, time, map_name) for session, time in first.items()],
    )


def _find_gaps(frames: Sequence[Frame], tracker: GapTracker) -> tuple[GapTracker, list[Gap]]:
    gaps = []
    for frame in frames:
        tracker, gap = tracker.step(FrameKey.of(frame))
        if gap is not None:
            gaps.append(gap)
    return tracker, gaps


def _copy_points(connection: psycopg.Connection, frames: Sequence[Frame], lane_links: LaneLinks) -> int:
    points = points_of(frames) if frames else None
    if points is None or not len(points):
        return 0
    segments = find_segments(points)
    rows = encode_trajectories(points, segments)
    _copy(connection, "trajectory", COLUMNS, rows.data, rows.rows)
    links = encode_track_links(points, segments, lane_links)
    _copy(connection, "track_link", TRACK_LINK_COLUMNS, links.data, links.rows)
    devices = encode_device_tracks(points, segments)
    _copy(connection, "device_tracks", DEVICE_TRACKS_COLUMNS, devices.data, devices.rows)
    return rows.points


def _copy_states(
    connection: psycopg.Connection,
    table: LiteralString,
    columns: Sequence[LiteralString],
    frames: Sequence[Frame],
    encode: Callable[[Sequence[Frame]], StateCopy],
) -> int:
    if not frames:
        return 0
    rows = encode(frames)
    _copy(connection, table, columns, rows.data, rows.rows)
    return rows.rows


def _copy(
    connection: psycopg.Connection, table: LiteralString, columns: Sequence[LiteralString], data: bytes, rows: int
) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY v2x.{table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(data)
        if cursor.rowcount != rows:
            raise CountError(table, rows, cursor.rowcount)


def _store_events(connection: psycopg.Connection, batch: ParsedBatch) -> Counter[str]:
    if not batch.events:
        return Counter()
    new = event_tables.enter_keys(connection, [key for key, _ in batch.events.values()])
    events = [event for key, event in batch.events.values() if key.key in new]
    _insert(connection, events, DeviceEvent, event_tables.insert_device_events)
    _insert(connection, events, IncidentMessage, event_tables.upsert_incidents)
    _insert(connection, events, Advisory, event_tables.insert_advisories)
    insert_transit(
        connection,
        [row for row in events if isinstance(row, StopVisitMessage | DispatchAdviceMessage | PriorityMessage)],
    )
    letters = _insert(connection, events, DeadLetterMessage, event_tables.insert_dead_letters)
    answers = [answer for key, answer in batch.acknowledgements.items() if key in new]
    event_tables.insert_acknowledgements(connection, answers)
    refused = sum(isinstance(event, DeadLetterMessage) and event.reason == REFUSED for event in events)
    withheld = Counter(f"{COUNTER}.{event.stream}" for event in events if isinstance(event, WithheldEvent))
    done = Counter(
        events_stored=len(events) - letters - withheld.total(),
        events_repeated=batch.messages - len(events),
        dead_letters_stored=letters - refused,
        quarantined=refused,
    )
    done[COUNTER] = withheld.total()
    return done + withheld


def _insert(
    connection: psycopg.Connection,
    events: Sequence[Event],
    kind: type[Kind],
    insert: Callable[[psycopg.Connection, Sequence[Kind]], None],
) -> int:
    rows = [event for event in events if isinstance(event, kind)]
    if rows:
        insert(connection, rows)
    return len(rows)
