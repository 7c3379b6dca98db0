"""The schema on both servers: built once, by any number of processes, with partitions that come and go."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from store_servers import TimescaleServer, fresh_database

from cloudctl.errors import DatabaseError
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.errors import MigrationError
from cloudctl.store.migrate import SCHEMA_DIRECTORY, Phase, migrate

NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)


def kinds(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT kind FROM v2x.time_table")}


def test_a_second_migration_does_nothing(empty_database: str) -> None:
    assert migrate(empty_database)
    assert migrate(empty_database) == []


def test_eight_processes_at_once_apply_each_migration_once(empty_database: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        applied = [name for names in pool.map(migrate, [empty_database] * 8) for name in names]
    assert sorted(applied) == sorted(path.stem for path in SCHEMA_DIRECTORY.glob("*.sql"))


def test_before_and_after_deploy_run_apart(empty_database: str) -> None:
    before = migrate(empty_database, phases=frozenset({Phase.BEFORE}))
    after = migrate(empty_database, phases=frozenset({Phase.AFTER}))
    assert before
    assert after
    assert all("_before_" in name for name in before)
    assert all("_after_" in name for name in after)


def test_a_migration_that_changed_after_it_was_applied_is_refused(empty_database: str, tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    shutil.copytree(SCHEMA_DIRECTORY, folder)
    migrate(empty_database, directory=folder)
    first = folder / "0001_before_time_tables.sql"
    first.write_text(first.read_text() + "\n-- changed")
    with pytest.raises(MigrationError, match="0001_before_time_tables"):
        migrate(empty_database, directory=folder)


def test_a_migration_that_fails_leaves_no_trace_and_names_itself(empty_database: str, tmp_path: Path) -> None:
    (tmp_path / "0001_before_half.sql").write_text("CREATE TABLE v2x.half (x int); SELECT 1 / 0;")
    with pytest.raises(MigrationError, match="0001_before_half"):
        migrate(empty_database, directory=tmp_path)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('v2x.half')").fetchone() == (None,)


def test_no_server_is_one_clear_error() -> None:
    with pytest.raises(DatabaseError, match="database:"):
        migrate("postgresql://nobody@127.0.0.1:1/none")


def test_plain_postgres_gets_native_partitions(plain_postgres: EmbeddedPostgres) -> None:
    with fresh_database(plain_postgres.url) as url:
        migrate(url)
        assert kinds(url) == {"native"}


@pytest.mark.timescale
def test_timescaledb_gets_hypertables(timescale_postgres: TimescaleServer) -> None:
    with fresh_database(timescale_postgres.url) as url:
        migrate(url)
        assert kinds(url) == {"hypertable"}
        with psycopg.connect(url) as connection:
            found = connection.execute(
                "SELECT v2x.timescale_edition(), array_agg(hypertable_name::text ORDER BY 1),"
                " (SELECT array_agg(name ORDER BY 1) FROM v2x.time_table) FROM timescaledb_information.hypertables"
            ).fetchone()
            assert found is not None
            edition, hypertables, time_tables = found
            assert edition == "apache"
            assert sorted(hypertables) == sorted(time_tables)
            assert {"trajectory", "track_link", "device_tracks", "observation"} <= set(hypertables)


def letters(connection: psycopg.Connection, *days: int) -> None:
    for day in days:
        connection.execute(
            "INSERT INTO v2x.dead_letter VALUES (%s::timestamptz + %s * interval '1 day', 't', 'r', 'd', '')",
            (NOW, day),
        )


def test_rows_from_before_their_partition_move_into_it(store_database: str) -> None:
    with psycopg.connect(store_database, autocommit=True) as connection:
        letters(connection, 0, 1, 100)
        connection.execute("SELECT v2x.maintain(%s)", (NOW,))
        connection.execute("SELECT v2x.maintain(%s)", (NOW,))
        assert connection.execute("SELECT count(*) FROM v2x.dead_letter").fetchone() == (3,)
        if kinds(store_database) == {"native"}:
            assert connection.execute("SELECT count(*) FROM v2x.dead_letter_default").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM v2x.dead_letter_p20260921").fetchone() == (1,)


def test_what_is_older_than_its_keep_is_dropped_and_nothing_else(store_database: str) -> None:
    with psycopg.connect(store_database, autocommit=True) as connection:
        connection.execute("SELECT v2x.maintain(%s::timestamptz - interval '40 days')", (NOW,))
        letters(connection, -60, -40, -20, 0)
        connection.execute("SELECT v2x.maintain(%s)", (NOW,))
        kept = connection.execute(
            "SELECT extract(day FROM %s::timestamptz - t)::int FROM v2x.dead_letter ORDER BY t", (NOW,)
        )
        assert kept.fetchall() == [(20,), (0,)]
