"""How long each question about the past takes on a database with very many points."""

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import LiteralString

import msgspec
import numpy as np
import psycopg
from psycopg import sql

from cloudctl.publish.frames import decode_frame
from cloudctl.store.benchmark_traffic import (
    DEVICES,
    EAST,
    LANES,
    LANES_A_LINK,
    NORTH,
    RATE_HZ,
    SESSION,
    SOUTH,
    WEST,
    Traffic,
    lane_links,
)
from cloudctl.store.reader import Box, StoreReader
from cloudctl.store.signal_queries import Movement, groups_at, red_passages
from cloudctl.store.track_places import (
    DEVICE_TRACKS_COLUMNS,
    TRACK_LINK_COLUMNS,
    encode_device_tracks,
    encode_track_links,
)
from cloudctl.store.track_queries import stays_on_link, tracks_of_device
from cloudctl.store.traffic_queries import link_use, travel_times
from cloudctl.store.trajectory_rows import COLUMNS, SEGMENT_SECONDS, encode_trajectories, find_segments, points_of

TRACKS = 5000
LIFE_SECONDS = 600.0
"""A road user is another one after this time."""
START = 1_924_992_000.0
"""2031-01-01: a day that no real data are in."""
LINKS = LANES // LANES_A_LINK
GROUPS = 2000
CYCLE = 60.0
Question = Callable[[StoreReader, np.random.Generator], Awaitable[int]]


@dataclass(frozen=True)
class Filled:
    """What the database was filled with."""

    session: int
    points: int
    seconds: float
    """Length of the traffic."""
    rate: float
    """Points written a second."""


class QueryFigures(msgspec.Struct, frozen=True):
    """Times of one question."""

    name: str
    p50_ms: float
    p95_ms: float
    max_ms: float
    rows: int
    """Of the largest answer."""


def fill(url: str, points: int) -> Filled:
    """Write so many points, with link states and lights of the same time, past the spool.

    Raises:
        psycopg.Error: the database refuses.
    """
    session = SESSION + 200_000_000 + int(time.time()) % 50_000_000
    steps = max(1, math.ceil(points / (TRACKS * RATE_HZ * SEGMENT_SECONDS)))
    written, spent = 0, 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT v2x.ensure_partitions(date '2031-01-01', date '2031-01-02')")
        for step in range(steps):
            start = START + step * SEGMENT_SECONDS
            life, age = divmod(step * SEGMENT_SECONDS, LIFE_SECONDS)
            traffic = Traffic(TRACKS, session=session, first_track=int(life) * TRACKS, seed=1 + int(life))
            frames = list(traffic.frames(SEGMENT_SECONDS, start, step * 100, int(age * RATE_HZ)))
            began = time.perf_counter()
            written += _write(connection, frames)
            spent += time.perf_counter() - began
        seconds = steps * SEGMENT_SECONDS
        _fill_states(connection, seconds)
        for table in ("trajectory", "track_link", "device_tracks", "link_state", "signal_transition"):
            connection.execute(f"VACUUM ANALYZE v2x.{table}".encode())
    return Filled(session, written, seconds, written / spent)


def _write(connection: psycopg.Connection, frames: list[bytes]) -> int:
    points = points_of([decode_frame(frame) for frame in frames])
    segments = find_segments(points)
    rows = encode_trajectories(points, segments)
    with connection.transaction():
        _copy(connection, "trajectory", COLUMNS, rows.data)
        _copy(connection, "track_link", TRACK_LINK_COLUMNS, encode_track_links(points, segments, lane_links()).data)
        _copy(connection, "device_tracks", DEVICE_TRACKS_COLUMNS, encode_device_tracks(points, segments).data)
    return rows.points


def _copy(
    connection: psycopg.Connection, table: LiteralString, columns: tuple[LiteralString, ...], data: bytes
) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY v2x.{table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(data)


def _fill_states(connection: psycopg.Connection, seconds: float) -> None:
    connection.execute(
        "INSERT INTO v2x.link_state SELECT to_timestamp(%s) + n * interval '10 s', link, 600, 900, 20, 2, 90"
        " FROM generate_series(0, %s::int) n, generate_series(0, %s) link",
        (START, seconds / 10, LINKS - 1),
    )
    connection.execute(
        "INSERT INTO v2x.signal_transition SELECT to_timestamp(%s) + (n * %s + grp %% 30) * interval '1 s', grp,"
        " CASE WHEN n %% 2 = 0 THEN 3 ELSE 6 END, CASE WHEN n %% 2 = 0 THEN 6 ELSE 3 END, 90"
        " FROM generate_series(0, %s::int) n, generate_series(0, %s) grp",
        (START, CYCLE / 2, seconds / (CYCLE / 2), GROUPS - 1),
    )
    connection.execute(
        "INSERT INTO v2x.device_row (session, device, id) SELECT max(session), n, 'BENCH' || n"
        " FROM v2x.device_tracks, generate_series(0, %s) n GROUP BY n ON CONFLICT DO NOTHING",
        (DEVICES - 1,),
    )


def remove(url: str, filled: Filled) -> None:
    """Take it all out again.

    Raises:
        psycopg.Error: the database refuses.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("trajectory", "track_link", "device_tracks", "device_row"):
            connection.execute(_delete(table, sql.SQL("session = %s")), (filled.session,))
        for table in ("link_state", "signal_transition"):
            connection.execute(
                _delete(table, sql.SQL("t >= to_timestamp(%s) AND t <= to_timestamp(%s)")),
                (START, START + filled.seconds + CYCLE),
            )


def _delete(table: str, condition: sql.SQL) -> sql.Composed:
    return sql.SQL("DELETE FROM v2x.{} WHERE {}").format(sql.Identifier(table), condition)


async def measure_queries(url: str, filled: Filled, repeats: int) -> list[QueryFigures]:
    """Ask each question so many times, each time for another place, moment, link or device.

    Raises:
        psycopg.Error: the database refuses, or a question took longer than the reader allows.
    """
    figures = []
    async with StoreReader(url) as reader:
        await reader.ready()
        for name, question in _questions(filled).items():
            rng = np.random.default_rng(7)
            times, most = [], 0
            for _ in range(repeats):
                began = time.perf_counter()
                most = max(most, await question(reader, rng))
                times.append((time.perf_counter() - began) * 1e3)
            p50, p95 = np.percentile(times, (50, 95))
            figures.append(QueryFigures(name, round(float(p50), 1), round(float(p95), 1), round(max(times), 1), most))
    return figures


def _questions(filled: Filled) -> dict[str, Question]:
    end = START + filled.seconds

    def moment(rng: np.random.Generator, length: float) -> tuple[float, float]:
        start = START + rng.uniform(0, max(filled.seconds - length, 0.1))
        return start, min(start + length, end)

    async def area(reader: StoreReader, rng: np.random.Generator) -> int:
        lon, lat = rng.uniform(WEST, EAST - 0.01), rng.uniform(SOUTH, NORTH - 0.009)
        page = await reader.tracks_between(*moment(rng, 10), Box(lon, lat, lon + 0.01, lat + 0.009))
        return len(page.tracks)

    async def city(reader: StoreReader, rng: np.random.Generator) -> int:
        return len((await reader.tracks_between(*moment(rng, 10), limit=10_000)).tracks)

    async def trip(reader: StoreReader, rng: np.random.Generator) -> int:
        lives = math.ceil(filled.seconds / LIFE_SECONDS)
        return len(await reader.track(int(rng.integers(TRACKS * lives)), filled.session))

    async def device(reader: StoreReader, rng: np.random.Generator) -> int:
        name = f"BENCH{rng.integers(DEVICES)}"
        return len((await tracks_of_device(reader, name, *moment(rng, 600)))[0])

    async def stays(reader: StoreReader, rng: np.random.Generator) -> int:
        return len((await stays_on_link(reader, int(rng.integers(LINKS)), *moment(rng, 600)))[0])

    async def travel(reader: StoreReader, rng: np.random.Generator) -> int:
        origin = int(rng.integers(LINKS - 3))
        found = await travel_times(reader, [origin], [origin + 2], START, end, 3600)
        return sum(step.vehicles for step in found)

    async def diagram(reader: StoreReader, rng: np.random.Generator) -> int:
        return len(await link_use(reader, int(rng.integers(LINKS)), START, end, 60))

    async def states(reader: StoreReader, rng: np.random.Generator) -> int:
        return len(await reader.link_history(int(rng.integers(LINKS)), START, end))

    async def lights(reader: StoreReader, rng: np.random.Generator) -> int:
        return len(await groups_at(reader, int(rng.integers(GROUPS - 12)), 12, moment(rng, 1)[0]))

    async def red(reader: StoreReader, rng: np.random.Generator) -> int:
        first = int(rng.integers(LINKS - 13))
        ways = [Movement(first + n, first + n + 1, (first + n) % GROUPS, 0) for n in range(12)]
        return len(await red_passages(reader, ways, *moment(rng, 3600)))

    return {
        "points in a square kilometre, 10 s": area,
        "10,000 points of the city": city,
        "a vehicle's trip": trip,
        "tracks of a device, 10 min": device,
        "who was on a link, 10 min": stays,
        "travel times between two links, all": travel,
        "diagram of a link by minutes, all": diagram,
        "states of a link, all": states,
        "lights of an intersection at a moment": lights,
        "red-light passages of an intersection, 1 h": red,
    }
