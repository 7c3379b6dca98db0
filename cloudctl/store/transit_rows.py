"""Visits of buses at stops, advice to dispatch and requests for priority: from the engine's messages to rows."""

from collections.abc import Sequence

import msgspec
import psycopg

EARLIEST, LATEST = 0.0, 4_102_444_800.0
"""Times that can be stored, UTC epoch s."""


class StopVisitMessage(msgspec.Struct, frozen=True):
    """A bus called at a stop, as on V2X/CLOUD/TRANSIT/VISIT."""

    vehicle: str
    pattern: str
    trip: str
    number: int
    stop: str
    arrival: float
    departure: float
    line: str = ""
    direction: int = 0
    planned: float | None = None
    """Planned headway, s."""


class DispatchAdviceMessage(msgspec.Struct, frozen=True):
    """An advice with its status, as on V2X/CLOUD/TRANSIT/ADVICE; what is not named here goes into `content`."""

    id: str
    kind: str
    vehicle: str
    line: str
    created: float
    updated: float
    valid_until: float
    status: str
    reason: str
    trip: str = ""
    stop: str = ""
    seconds: float = 0.0
    speed: float = 0.0
    said_by: str = ""
    expected: dict[str, float | None] = {}


class PriorityMessage(msgspec.Struct, frozen=True):
    """A request for priority with its status, as on V2X/CLOUD/TRANSIT/PRIORITY."""

    id: str
    vehicle: str
    line: str
    trip: str
    signal: str
    requested: float
    updated: float
    status: str
    seconds: float = 0.0
    gained: float | None = None
    reason: str = ""


TransitMessage = StopVisitMessage | DispatchAdviceMessage | PriorityMessage
decode_visit = msgspec.json.Decoder(StopVisitMessage).decode
decode_dispatch_advice = msgspec.json.Decoder(DispatchAdviceMessage).decode
decode_priority = msgspec.json.Decoder(PriorityMessage).decode


def insert_transit(connection: psycopg.Connection, rows: Sequence[TransitMessage]) -> None:
    """Store what happened on the lines; a repetition changes nothing."""
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO v2x.stop_visit (arrival, departure, vehicle, line, direction, pattern, number, stop, trip,"
        " planned_headway) VALUES (to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                *(row.arrival, row.departure, row.vehicle, row.line, row.direction, row.pattern, row.number),
                *(row.stop, row.trip, row.planned),
            )
            for row in rows
            if isinstance(row, StopVisitMessage)
        ],
    )
    cursor.executemany(
        "INSERT INTO v2x.dispatch_advice (created, updated, valid_until, id, kind, vehicle, line, trip, stop, seconds,"
        " speed, status, said_by, reason, expected) VALUES (to_timestamp(%s), to_timestamp(%s), to_timestamp(%s),"
        " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            (
                *(row.created, row.updated, row.valid_until, row.id, row.kind, row.vehicle, row.line, row.trip),
                *(row.stop, row.seconds, row.speed, row.status, row.said_by, row.reason),
                msgspec.json.encode(row.expected).decode(),
            )
            for row in rows
            if isinstance(row, DispatchAdviceMessage)
        ],
    )
    cursor.executemany(
        "INSERT INTO v2x.priority_request (requested, updated, id, vehicle, line, trip, signal, status, seconds,"
        " gained, reason) VALUES (to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [
            (
                *(row.requested, row.updated, row.id, row.vehicle, row.line, row.trip, row.signal, row.status),
                *(row.seconds, row.gained, row.reason),
            )
            for row in rows
            if isinstance(row, PriorityMessage)
        ],
    )
