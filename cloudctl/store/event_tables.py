"""The statements that store events, all of them safe to repeat."""

from collections.abc import Mapping, Sequence

import msgspec
import psycopg

from cloudctl.advice.advisory import Advisory
from cloudctl.store.event_rows import (
    Acknowledgement,
    DeadLetterMessage,
    DeviceEvent,
    DevicesNow,
    EventKey,
    IncidentMessage,
    Observation,
)

REPEAT_WINDOW = "1 hour"
"""Equal bytes without a time of their own are the same event when they come again this soon."""


def enter_keys(connection: psycopg.Connection, keys: Sequence[EventKey]) -> set[bytes]:
    """Enter the keys of messages and return those that are new; `keys` are distinct."""
    rows = connection.execute(
        "INSERT INTO v2x.event_key AS known (key, received, timed)"
        " SELECT key, to_timestamp(received), timed FROM unnest(%s::bytea[], %s::float8[], %s::boolean[])"
        " AS k (key, received, timed)"
        " ON CONFLICT (key) DO UPDATE SET received = excluded.received, entered = now()"
        " WHERE NOT known.timed AND known.received < excluded.received - %s::interval RETURNING key",
        (*(list(column) for column in zip(*keys, strict=True)), REPEAT_WINDOW),
    ).fetchall()
    return {bytes(row[0]) for row in rows}


def insert_device_events(connection: psycopg.Connection, events: Sequence[DeviceEvent]) -> None:
    """Store messages of devices."""
    connection.cursor().executemany(
        "INSERT INTO v2x.device_event (t, received, key, stream, device, payload, raw)"
        " VALUES (to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s, %s)",
        events,
    )


def insert_acknowledgements(connection: psycopg.Connection, rows: Sequence[Acknowledgement]) -> None:
    """Store what devices answered."""
    connection.cursor().executemany(
        "INSERT INTO v2x.acknowledgement (t, reference, device, stream, status, error_code, detail)"
        " VALUES (to_timestamp(%s), %s, %s, %s, %s, %s, %s)",
        rows,
    )


def upsert_incidents(connection: psycopg.Connection, incidents: Sequence[IncidentMessage]) -> None:
    """Store the newest value of each incident."""
    connection.cursor().executemany(
        "INSERT INTO v2x.incident AS known (incident_id, kind, started, updated, ended, lon, lat, link_id, lane,"
        " confidence, evidence, tracks) VALUES (%s, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s), %s, %s,"
        " %s, %s, %s, %s, %s) ON CONFLICT (incident_id) DO UPDATE SET kind = excluded.kind, updated = excluded.updated,"
        " ended = excluded.ended, lon = excluded.lon, lat = excluded.lat, link_id = excluded.link_id,"
        " lane = excluded.lane, confidence = excluded.confidence, evidence = excluded.evidence,"
        " tracks = excluded.tracks WHERE known.updated <= excluded.updated",
        [
            (
                *(i.incident_id, i.kind, i.started, i.updated, i.ended, i.lon, i.lat, i.link_id, i.lane),
                *(i.confidence, i.evidence, i.tracks),
            )
            for i in incidents
        ],
    )


def insert_advisories(connection: psycopg.Connection, advisories: Sequence[Advisory]) -> None:
    """Store advisories."""
    connection.cursor().executemany(
        "INSERT INTO v2x.advisory"
        " (created, valid_until, id, kind, target, reason, reason_code, lon, lat, content, replaces)"
        " VALUES (to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            (
                *(a.created, a.valid_until, a.id, a.kind.value, a.target, a.reason, a.reason_code, a.lon, a.lat),
                *(msgspec.json.encode(a.content).decode(), a.replaces),
            )
            for a in advisories
        ],
    )


def insert_dead_letters(connection: psycopg.Connection, letters: Sequence[DeadLetterMessage]) -> None:
    """Store refused messages."""
    connection.cursor().executemany(
        "INSERT INTO v2x.dead_letter (t, topic, reason, detail, payload) VALUES (to_timestamp(%s), %s, %s, %s, %s)",
        [(letter.received, letter.topic, letter.reason, letter.detail, letter.payload) for letter in letters],
    )


def upsert_devices(connection: psycopg.Connection, now: DevicesNow, received: float) -> None:
    """Store the devices that the engine knows, and what it calls them in frames."""
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO v2x.device AS known (id, kind, lon, lat, first_seen, last_seen, info)"
        " VALUES (%s, %s, %s, %s, to_timestamp(%s), to_timestamp(%s), '{}')"
        " ON CONFLICT (id) DO UPDATE SET kind = coalesce(excluded.kind, known.kind),"
        " lon = coalesce(excluded.lon, known.lon), lat = coalesce(excluded.lat, known.lat),"
        " last_seen = greatest(excluded.last_seen, known.last_seen)",
        [
            (device.id, device.kind, device.lon, device.lat, *(device.last_seen or received,) * 2)
            for device in now.devices
        ],
    )
    cursor.executemany(
        "INSERT INTO v2x.device_row (session, device, id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [(now.epoch, device.row, device.id) for device in now.devices if device.row is not None],
    )


def insert_device_health(connection: psycopg.Connection, now: DevicesNow, received: float) -> None:
    """Store what the platform saw of each device; a repetition changes nothing."""
    connection.cursor().executemany(
        "INSERT INTO v2x.device_health (t, device, online, rates, refused, missing, shed, clock_offset, latency)"
        " VALUES (to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            (
                *(received, device.id, device.online),
                *(msgspec.json.encode(counts).decode() for counts in (device.rates, device.refused)),
                *(device.missing, device.shed, _seconds(device.clock_offset_ms), _seconds(device.latency_ms_p50)),
            )
            for device in now.devices
        ],
    )


def insert_observations(connection: psycopg.Connection, rows: Sequence[Observation]) -> None:
    """Store raw reports of devices; a repetition changes nothing."""
    connection.cursor().executemany(
        "INSERT INTO v2x.observation (t, received, key, stream, device, payload)"
        " VALUES (to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        rows,
    )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1e3


def add_counters(connection: psycopg.Connection, amounts: Mapping[str, int]) -> None:
    """Add to the totals in `v2x.store_counter`."""
    connection.cursor().executemany(
        "INSERT INTO v2x.store_counter AS c (name, value) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value",
        [(name, amount) for name, amount in amounts.items() if amount],
    )
