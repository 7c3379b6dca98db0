"""From the spool to the database on both servers: exactly once, whatever repeats, breaks or is poison."""

import json
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import numpy as np
import psycopg
import pytest
from store_frames import (
    LINKS,
    NOON,
    SIGNALS,
    TRAJECTORY,
    links_frame,
    request,
    signals_frame,
    spool_event,
    spool_frames,
    trajectory_frame,
)
from store_servers import fresh_database, plain_server, timescale_server

from cloudctl.publish.frames import decode_frame
from cloudctl.store.migrate import migrate
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import HOUSE_KEY, MAINTENANCE_RETRY, MAINTENANCE_SECONDS, Writer


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM v2x.{table}").fetchone()  # noqa: S608  # our own names
    return int(row[0]) if row else 0


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_every_value_of_every_point_comes_back(store_database: str, spool: Spool) -> None:
    spool_frames(spool, 120)
    Writer(store_database, spool, "map").drain()
    stored = rows(
        store_database,
        "SELECT round(extract(epoch FROM t) * 1000)::bigint, track_id, kind, round(lon * 1e7)::int,"
        " round(lat * 1e7)::int, round(speed * 100)::int, round(heading * 100)::int, round(sigma * 100)::int,"
        " lane, device"
        " FROM v2x.trajectory_point ORDER BY 1, 2",
    )
    expected = []
    for index in range(120):
        columns = decode_frame(trajectory_frame(index * 2, NOON + index * 0.2)).columns
        names = ("id", "class", "lon", "lat", "speed", "heading", "sigma", "lane", "dev")
        values = zip(
            np.round(columns["time"] * 1e3).astype(int).tolist(), *(columns[n].tolist() for n in names), strict=True
        )
        expected += list(values)
    assert stored == expected


def test_a_row_holds_ten_seconds_of_one_track(store_database: str, spool: Spool) -> None:
    spool_frames(spool, 150, tracks=8)
    Writer(store_database, spool, "map").drain()
    assert rows(store_database, "SELECT points, count(*) FROM v2x.trajectory GROUP BY points") == [(50, 24)]


def test_a_replay_of_frames_and_events_stores_nothing_twice(store_database: str, tmp_path: Path) -> None:
    done = []
    for name in ("first", "second"):
        spool = Spool(tmp_path / name, 1 << 28, min_free_bytes=0)
        spool_frames(spool, 30)
        for number in range(20):
            spool_event(spool, *request("CAR00001", number, NOON))
        writer = Writer(store_database, spool, "map")
        writer.drain()
        done.append(writer.status.counters)
    assert count(store_database, "trajectory_point") == 600
    assert count(store_database, "device_event") == 20
    assert done[1] == {"frames_repeated": 30, "events_repeated": 20}


def test_what_an_outage_made_old_is_stored_once_though_the_house_is_kept_between(
    store_database: str, tmp_path: Path
) -> None:
    """Its content is months old when it is stored, and a writer that was ended too early brings it again."""
    done = []
    for run in ("first", "again"):
        spool = Spool(tmp_path / run, 1 << 28, min_free_bytes=0)
        spool_frames(spool, 30)
        for number in range(20):
            spool_event(spool, *request("CAR1", number, NOON))
        writer = Writer(store_database, spool, "map")
        writer.drain()
        done.append(writer.status.counters)
        with psycopg.connect(store_database, autocommit=True) as connection:
            connection.execute("SELECT v2x.maintain(now())")
    assert done[1] == {"frames_repeated": 30, "events_repeated": 20}
    with psycopg.connect(store_database, autocommit=True) as connection:
        connection.execute("SELECT v2x.maintain(now() + interval '8 days')")
    assert (count(store_database, "frame_ledger"), count(store_database, "event_key")) == (0, 0)


def test_repetitions_within_one_batch_are_stored_once(store_database: str, spool: Spool) -> None:
    for _ in range(3):
        spool_frames(spool, 10)
        spool_event(spool, *request("CAR00001", 1, NOON))
    Writer(store_database, spool, "map").drain()
    assert count(store_database, "trajectory_point") == 200
    assert count(store_database, "device_event") == 1


def test_equal_bytes_without_a_time_are_one_event_within_an_hour_and_two_after_it(
    store_database: str, spool: Spool
) -> None:
    for received in (NOON, NOON + 60, NOON + 3700):
        spool_event(spool, "V2X/RSU/INFO/UP", b'{"rsuEsn": "RSU00001"}', received)
        Writer(store_database, spool, "map").drain()
    assert rows(store_database, "SELECT device, count(*) FROM v2x.device_event GROUP BY 1") == [("RSU00001", 2)]


def test_poison_goes_to_the_dead_letters_and_the_rest_is_stored(store_database: str, spool: Spool) -> None:
    for number in range(50):
        spool_event(spool, *request("CAR00001", number, NOON))
        if number in {7, 31}:
            spool_event(spool, "V2X/OBU/CAR00002/VIR/UP", b'{"number": %d, "text": "\\u0000"}' % number)
    writer = Writer(store_database, spool, "map")
    writer.drain()
    assert count(store_database, "device_event") == 50
    assert writer.status.counters["quarantined"] == 2
    letters = rows(store_database, "SELECT topic, reason, detail, payload FROM v2x.dead_letter ORDER BY payload")
    assert [(topic, reason) for topic, reason, _, _ in letters] == [("V2X/OBU/CAR00002/VIR/UP", "store_refused")] * 2
    assert all("22P05" in str(detail) for _, _, detail, _ in letters)
    assert spool.events.waiting == 0


def test_a_broken_frame_and_impossible_points_are_named_and_the_rest_is_stored(
    store_database: str, spool: Spool
) -> None:
    spool_frames(spool, 5)
    bad = bytearray(trajectory_frame(10, NOON + 1, tracks=20))
    columns = decode_frame(bytes(bad)).columns
    offset = bytes(bad).find(columns["time"].tobytes())
    bad[offset : offset + 8] = np.array([np.nan]).tobytes()
    spool.append(SpoolClass.TELEMETRY, NOON, TRAJECTORY, bytes(bad))
    spool.append(SpoolClass.TELEMETRY, NOON, TRAJECTORY, b"V2XF broken")
    spool.append(SpoolClass.TELEMETRY, NOON, "V2X/CLOUD/INCIDENT", b'{"kind": 1}')
    spool.sync()
    writer = Writer(store_database, spool, "map")
    writer.drain()
    assert count(store_database, "trajectory_point") == 119
    assert writer.status.counters["points_refused"] == 1
    details = {str(row[0]) for row in rows(store_database, "SELECT detail FROM v2x.dead_letter")}
    assert "1 of 20 points have no usable time or place" in details
    assert len(details) == 3


def test_signal_states_are_stored_when_they_change_and_only_then(store_database: str, spool: Spool) -> None:
    for tick, states in enumerate([[3, 5], [3, 5], [3, 7], [5, 7], [5, 7]]):
        spool.append(SpoolClass.TELEMETRY, NOON, SIGNALS, signals_frame(tick, NOON + tick, states))
        spool.sync()
        Writer(store_database, spool, "map").drain()
    changes = rows(
        store_database,
        "SELECT extract(epoch FROM t)::float8, grp, previous, state FROM v2x.signal_transition ORDER BY t, grp",
    )
    assert changes == [(NOON, 0, -1, 3), (NOON, 1, -1, 5), (NOON + 2, 1, 5, 7), (NOON + 3, 0, 3, 5)]


def test_link_states_are_stored_with_unknown_numbers_as_such(store_database: str, spool: Spool) -> None:
    spool.append(SpoolClass.TELEMETRY, NOON, LINKS, links_frame(1, NOON))
    spool.sync()
    Writer(store_database, spool, "map").drain()
    assert rows(
        store_database, "SELECT link, level, confidence, speed, queue, flow FROM v2x.link_state ORDER BY link"
    ) == [
        (4, 1, 100, 1400, 0, 900),
        (5, 3, 80, 700, 30, 600),
        (6, 5, 20, 120, 220, -1),
    ]


def test_an_incident_keeps_its_newest_value_in_whatever_order_it_comes(store_database: str, spool: Spool) -> None:
    for updated, evidence in ((NOON + 5, "middle"), (NOON + 9, "newest"), (NOON, "oldest")):
        incident = {
            "incident_id": "i1",
            "kind": "congestion",
            "started": NOON,
            "updated": updated,
            "evidence": evidence,
        }
        spool_event(spool, "V2X/CLOUD/INCIDENT", json.dumps(incident | {"event": "update"}).encode())
    Writer(store_database, spool, "map").drain()
    assert rows(store_database, "SELECT incident_id, evidence FROM v2x.incident") == [("i1", "newest")]


def test_what_was_missed_is_written_down_over_restarts(store_database: str, spool: Spool) -> None:
    spool_frames(spool, 10)
    Writer(store_database, spool, "map").drain()
    spool_frames(spool, 10, first=15)
    Writer(store_database, spool, "map").drain()
    spool_frames(spool, 10, first=200, session=8)
    Writer(store_database, spool, "map").drain()
    found = rows(store_database, "SELECT session, from_tick, missed, reason FROM v2x.process_gap ORDER BY from_t")
    assert found == [(7, 18, 5, "frames missing"), (7, 48, None, "engine started anew")]


def test_totals_count_what_is_in_the_tables(store_database: str, spool: Spool) -> None:
    spool_frames(spool, 25)
    for number in range(4):
        spool_event(spool, *request("CAR00001", number, NOON))
    Writer(store_database, spool, "map").drain()
    totals = rows(store_database, "SELECT name, value FROM v2x.store_counter ORDER BY name")
    assert totals == [("events_stored", 4), ("frames_stored", 25), ("points_stored", 500)]


def test_maintenance_gives_way_to_sums_and_is_tried_again_soon(
    store_database: str, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudctl.store.writer.LOCK_PATIENCE", "50ms")
    writer = Writer(store_database, spool, "map")
    with (
        psycopg.connect(store_database, autocommit=True) as sums,
        psycopg.connect(store_database, autocommit=True) as own,
    ):
        sums.execute("SELECT pg_advisory_lock(%s)", (HOUSE_KEY,))
        writer._maintain(own)
        due = writer._maintained + MAINTENANCE_SECONDS - monotonic()
        assert 0 < due <= MAINTENANCE_RETRY
        sums.execute("SELECT pg_advisory_unlock(%s)", (HOUSE_KEY,))
        writer._maintained -= MAINTENANCE_SECONDS
        writer._maintain(own)
        assert writer._maintained + MAINTENANCE_SECONDS - monotonic() > MAINTENANCE_RETRY


def test_trajectories_wait_for_the_end_of_their_ten_seconds(store_database: str, spool: Spool) -> None:
    now = NOON + 10.5
    writer = Writer(store_database, spool, "map", clock=lambda: now)
    spool_frames(spool, 55)
    stop = Event()
    thread = Thread(target=writer.run, args=(stop,))
    thread.start()
    try:
        spool_event(spool, *request("CAR00001", 1, NOON))
        until(lambda: writer.status.counters.get("events_stored") == 1)
        assert "points_stored" not in writer.status.counters
        now = NOON + 11.5
        until(lambda: writer.status.counters.get("points_stored") == 1000)
        assert spool.telemetry.waiting == 5
    finally:
        stop.set()
        thread.join(20)
    assert writer.status.counters["points_stored"] == 1100


@pytest.mark.parametrize("kind", ["plain", pytest.param("timescale", marks=pytest.mark.timescale)])
def test_nothing_is_lost_when_the_database_goes_away_and_comes_back(kind: str, tmp_path: Path) -> None:
    start = plain_server if kind == "plain" else timescale_server
    with start() as server, fresh_database(server.url) as url:
        migrate(url)
        spool = Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)
        writer = Writer(url, spool, "map")
        stop = Event()
        thread = Thread(target=writer.run, args=(stop,))
        thread.start()
        try:
            for number in range(300):
                if number == 100:
                    server.stop()
                    until(lambda: not writer.status.connected)
                if number == 200:
                    server.start()
                spool_event(spool, *request("CAR00001", number, NOON))
                spool_frames(spool, 1, first=number)
            until(lambda: spool.events.waiting == 0)
        finally:
            stop.set()
            thread.join(30)
        assert not thread.is_alive()
        assert count(url, "device_event") == 300
        assert rows(url, "SELECT count(*), count(DISTINCT (t, track_id)) FROM v2x.trajectory_point") == [(6000, 6000)]
        assert rows(url, "SELECT count(*) FROM v2x.process_gap") == [(0,)]


def until(condition: object, patience: float = 30.0) -> None:
    assert callable(condition)
    end = monotonic() + patience
    while not condition():
        assert monotonic() < end, "waited in vain"
        sleep(0.02)
