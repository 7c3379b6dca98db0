"""States of movements and intersections on their way from a frame of the engine into the database."""

from pathlib import Path

import numpy as np
import psycopg
import pytest
from store_frames import NOON

from cloudctl.publish.frames import FrameKind, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import Writer
from ingest.streams import BY_NAME

MOVEMENTS = BY_NAME["movement_state"].topic
CROSSINGS = BY_NAME["intersection_state"].topic
UNKNOWN = 65535


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)


def u16(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.array(values, np.uint16)


def u8(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.array(values, np.uint8)


def movements(tick: int, time: float) -> bytes:
    """Two movements out of link 3; of the second nothing but the share is known."""
    return encode_frame(
        FrameKind.MOVEMENT_ARCHIVE,
        tick,
        time,
        {
            "from": np.array([3, 3], np.uint32),
            "to": np.array([4, 70_000], np.uint32),
            "flow": u16(420, UNKNOWN),
            "share": u8(60, 40),
            "delay": u16(183, UNKNOWN),
            "stops": u16(95, UNKNOWN),
            "travel": u16(412, UNKNOWN),
            "queue": u16(35, 0),
            "queued": u16(5, 0),
            "spill": u8(1, 0),
            "level": u8(3, 0),
            "conf": u8(90, 0),
        },
        epoch=7,
    )


def crossings(tick: int, time: float) -> bytes:
    return encode_frame(
        FrameKind.INTERSECTION_ARCHIVE,
        tick,
        time,
        {
            "signal": np.array([2], np.uint32),
            "flow": u16(1800),
            "delay": u16(UNKNOWN),
            "stops": u16(80),
            "queue": u16(60),
            "queued": u16(21),
            "spill": u8(0),
            "level": u8(4),
            "conf": u8(75),
        },
        epoch=7,
    )


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def stored(url: str, spool: Spool, *frames: tuple[str, bytes]) -> Writer:
    for topic, payload in frames:
        spool.append(SpoolClass.TELEMETRY, NOON, topic, payload)
    spool.sync()
    writer = Writer(url, spool, "map")
    writer.drain()
    return writer


def test_movement_states_are_stored_with_unknown_numbers_as_such(store_database: str, spool: Spool) -> None:
    stored(store_database, spool, (MOVEMENTS, movements(1, NOON)))
    assert rows(
        store_database,
        "SELECT extract(epoch FROM t)::float8, from_link, to_link, flow, share, delay, stops, travel_time, queue,"
        " queued, spill_back, level, confidence FROM v2x.movement_state ORDER BY to_link",
    ) == [
        (NOON, 3, 4, 420, 60, 183, 95, 412, 35, 5, 1, 3, 90),
        (NOON, 3, 70_000, -1, 40, -1, -1, -1, 0, 0, 0, 0, 0),
    ]


def test_intersection_states_are_stored_with_unknown_numbers_as_such(store_database: str, spool: Spool) -> None:
    stored(store_database, spool, (CROSSINGS, crossings(1, NOON)))
    assert rows(
        store_database,
        "SELECT extract(epoch FROM t)::float8, signal, flow, delay, stops, queue, queued, spill_back, level,"
        " confidence FROM v2x.intersection_state",
    ) == [(NOON, 2, 1800, -1, 80, 60, 21, 0, 4, 75)]


def test_a_state_that_comes_twice_is_stored_once(store_database: str, spool: Spool) -> None:
    twice = [(MOVEMENTS, movements(1, NOON)), (CROSSINGS, crossings(1, NOON))] * 2
    later = [(MOVEMENTS, movements(2, NOON + 60)), (CROSSINGS, crossings(2, NOON + 10))]
    stored(store_database, spool, *twice, *later)
    assert rows(store_database, "SELECT count(*) FROM v2x.movement_state") == [(4,)]
    assert rows(store_database, "SELECT count(*) FROM v2x.intersection_state") == [(2,)]
