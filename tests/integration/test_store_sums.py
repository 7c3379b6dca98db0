"""Sums over time on every server: quarters, hours, days, movements, profiles, effects; made once, right, in order."""

from pathlib import Path
from threading import Event, Thread

import gateway_samples as sample
import history_city as city
import psycopg
import pytest
from store_frames import NOON
from test_store_writer import rows, until

from cloudctl.archive.keeper import Keeper

MIDNIGHT = 1_790_035_200.0
"""2026-09-22 00:00 UTC, a Tuesday."""
NETWORK = sample.network()


def fill_links(url: str, start: float, steps: int, *, speed: str = "500", link: int = 1) -> None:
    """States of one link every ten seconds; `speed` is SQL over the number n of the step."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO v2x.link_state SELECT to_timestamp(%s) + n * interval '10 s', %s, 600, "  # noqa: S608  # ours
            + speed
            + ", n %% 50, 1 + n %% 5, 90 FROM generate_series(0, %s - 1) n",
            (start, link, steps),
        )


def aggregate(url: str, now: float) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT v2x.timescale_edition()").fetchone() == ("community",):
            connection.execute("CALL refresh_continuous_aggregate('v2x.link_quarter', NULL, NULL)")
        connection.execute("SELECT v2x.aggregate(to_timestamp(%s))", (now,))


def test_quarters_hours_and_days_add_up(store_database: str) -> None:
    fill_links(store_database, MIDNIGHT, 8640 + 100, speed="CASE WHEN n %% 4 = 0 THEN -1 ELSE 500 + n %% 4 END")
    aggregate(store_database, MIDNIGHT + 200_000)
    quarters = rows(
        store_database, "SELECT count(*), sum(samples), max(queue_max), max(level_max) FROM v2x.link_quarter"
    )
    assert quarters[0][0] in {96, 97}  # the server's own quarters show the one that goes on too
    day = rows(
        store_database,
        "SELECT extract(epoch FROM t)::float8, samples, round(speed::numeric, 3)::float8, speed_min::float8,"
        " flow::float8, queue_max, level_max FROM v2x.link_day",
    )
    assert day == [(MIDNIGHT, 6480, 5.02, pytest.approx(5.01), 600.0, 49, 5)]
    hours = rows(store_database, "SELECT count(*), sum(samples), min(samples) FROM v2x.link_hour")
    assert hours == [(24, 6480, 270)]


def test_sums_are_made_once_and_go_on_where_they_were(store_database: str) -> None:
    fill_links(store_database, MIDNIGHT, 540)
    aggregate(store_database, MIDNIGHT + 100_000)
    aggregate(store_database, MIDNIGHT + 100_000)
    assert rows(store_database, "SELECT count(*), sum(samples) FROM v2x.link_hour") == [(1, 360)]
    fill_links(store_database, MIDNIGHT + 5400, 400)
    aggregate(store_database, MIDNIGHT + 100_000)
    assert rows(store_database, "SELECT count(*), sum(samples) FROM v2x.link_hour") == [(2, 720)]


def test_a_link_of_which_no_speed_is_known_has_none(store_database: str) -> None:
    fill_links(store_database, MIDNIGHT, 400, speed="-1")
    aggregate(store_database, MIDNIGHT + 100_000)
    assert rows(store_database, "SELECT samples, speed, flow::float8 FROM v2x.link_hour") == [(0, None, 600.0)]


def test_profiles_are_the_usual_speeds_of_the_week(store_database: str) -> None:
    for day, speed in enumerate(("1000", "800", "600")):
        fill_links(store_database, MIDNIGHT + 7 * 86_400 * day, 8640, speed=speed)
    fill_links(store_database, MIDNIGHT + 22 * 86_400, 200)
    aggregate(store_database, MIDNIGHT + 23 * 86_400)
    found = rows(
        store_database,
        "SELECT slot, samples, round(speed::numeric, 2)::float8, round(speed_low::numeric, 2)::float8"
        " FROM v2x.link_profile ORDER BY slot LIMIT 2",
    )
    assert found == [(96, 270, 8.0, 6.6), (97, 270, 8.0, 6.6)]
    assert rows(store_database, "SELECT count(*), max(slot) FROM v2x.link_profile") == [(96, 191)]


def test_movements_are_counted_by_the_hour_in_which_the_next_link_is_reached(
    store_database: str, tmp_path: Path
) -> None:
    way = city.fill(store_database, tmp_path)
    with psycopg.connect(store_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO v2x.track_link VALUES (to_timestamp(%s) + interval '2 hours', 1, 1, 1, 0, 0, 0, 0)", (NOON,)
        )
    aggregate(store_database, NOON + 10_000)
    links = tuple(int(NETWORK.lanes.link[lane]) for lane in (way.from_lane, way.to_lane))
    assert rows(store_database, "SELECT from_link, to_link, vehicles FROM v2x.movement_hour") == [(*links, 3)]


def test_an_advisory_is_judged_once_by_what_its_addressee_did(store_database: str, tmp_path: Path) -> None:
    city.fill(store_database, tmp_path)
    for _ in range(2):
        aggregate(store_database, NOON + 3600)
    found = rows(store_database, "SELECT id, status, speed_before, speed_after, followed FROM v2x.advisory_effect")
    assert found == [("a1", "accepted", 10.0, 10.0, True)]
    aggregate(store_database, NOON + 10)
    assert len(rows(store_database, "SELECT 1 FROM v2x.advisory_effect")) == 1


def test_a_track_that_is_forgotten_leaves_no_row_and_the_others_stay(store_database: str, tmp_path: Path) -> None:
    city.fill(store_database, tmp_path)
    with psycopg.connect(store_database, autocommit=True) as connection:
        gone = connection.execute("SELECT v2x.forget_track(%s, 2)", (city.SESSION,)).fetchone()
        assert gone is not None
        assert gone[0] >= 6
        assert connection.execute("SELECT v2x.forget_track(%s, 2)", (city.SESSION,)).fetchone() == (0,)
    for table in ("trajectory", "track_link"):
        found = rows(store_database, f"SELECT DISTINCT track_id FROM v2x.{table} ORDER BY 1")  # noqa: S608  # our names
        assert found == [(1,), (3,)], table
    assert rows(store_database, "SELECT DISTINCT tracks FROM v2x.device_tracks") == [([1, 3],)]


def test_the_keeper_makes_sums_and_names_who_is_observed(store_database: str) -> None:
    fill_links(store_database, MIDNIGHT, 540)
    keeper, stop = Keeper(store_database, clock=lambda: MIDNIGHT + 7000), Event()
    with psycopg.connect(store_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO v2x.observation_switch (device, made, expires, made_by, purpose) VALUES"
            " ('RSU1', to_timestamp(%s), to_timestamp(%s) + interval '2 hours', 'a', 'b'),"
            " ('RSU2', to_timestamp(%s), to_timestamp(%s) + interval '1 hour', 'a', 'b')",
            (MIDNIGHT,) * 4,
        )
    thread = Thread(target=keeper.run, args=(stop,))
    thread.start()
    try:
        until(lambda: keeper.sums_made == 1)
    finally:
        stop.set()
        thread.join(20)
    assert keeper.observed == {"RSU1"}
    assert rows(store_database, "SELECT count(*) FROM v2x.link_hour") == [(1,)]


def test_a_keeper_without_a_database_waits_and_ends_when_told() -> None:
    keeper, stop = Keeper("postgresql://nobody@127.0.0.1:1/none"), Event()
    thread = Thread(target=keeper.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert keeper.observed == frozenset()


def test_the_community_edition_compresses_and_drops_by_itself(store_database: str) -> None:
    if rows(store_database, "SELECT v2x.timescale_edition()") != [("community",)]:
        assert rows(store_database, "SELECT v2x.apply_retention()") == [(0,)]
        return
    jobs = rows(store_database, "SELECT proc_name, count(*) FROM timescaledb_information.jobs GROUP BY proc_name")
    policies = {str(name): count for name, count in jobs}
    kept = rows(store_database, "SELECT count(*) FROM v2x.time_table WHERE keep IS NOT NULL")[0][0]
    assert policies["policy_retention"] == kept
    assert int(str(policies["policy_compression"])) >= 4
    assert policies["policy_refresh_continuous_aggregate"] == 1
