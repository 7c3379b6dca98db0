"""A backup of a database and a spool in use comes back on a second server: all that was stored, and what waited."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from store_frames import NOON, request, spool_event, spool_frames
from store_servers import INSTALLER, Server, fresh_database, plain_server, timescale_server

from cloudctl.store.embedded_home import reachable_programs, server_user
from cloudctl.store.migrate import migrate
from cloudctl.store.spool import Spool
from cloudctl.store.writer import Writer

BACKUP = Path(__file__).parents[2] / "deploy" / "backup"
COUNTS = "SELECT (SELECT count(*) FROM v2x.trajectory_point), (SELECT count(*) FROM v2x.device_event)"
STARTS: dict[str, Callable[[], AbstractContextManager[Server]]] = {"plain": plain_server, "timescale": timescale_server}


def stored(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(COUNTS).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


def store(url: str, spool: Spool, frames: range, requests: range) -> None:
    """Spool and store frames and requests."""
    spool_frames(spool, len(frames), first=frames.start)
    for number in requests:
        spool_event(spool, *request("BUS00001", number, NOON + number), NOON + number)
    Writer(url, spool, "map").drain()


@pytest.fixture(params=["plain", pytest.param("timescale", marks=pytest.mark.timescale)])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def programs(kind: str, tmp_path: Path) -> dict[str, str]:
    """Environment in which the programs of the server's own version are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    if kind == "plain":
        found = str(reachable_programs(server_user()))
    else:
        root = subprocess.run([str(INSTALLER)], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("pg_dump", "pg_restore", "psql"):
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec chroot "{root}" /usr/lib/postgresql/17/bin/{name} "$@"\n')
            script.chmod(0o755)
        found = str(folder)
    return {**os.environ, "PATH": f"{found}:{os.environ['PATH']}:/usr/sbin"}


def run(script: str, environment: dict[str, str], url: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BACKUP / script, *arguments],
        env={**environment, "V2X_DATABASE__URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backup_comes_back_on_a_second_server_with_what_waited_in_the_spool(
    kind: str, programs: dict[str, str], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with STARTS[kind]() as server, fresh_database(server.url) as url:
        migrate(url)
        spool = Spool(first / "spool", 1 << 26, min_free_bytes=0)
        store(url, spool, range(100), range(5))
        spool_frames(spool, 30, first=100)
        spool_event(spool, *request("BUS00001", 9, NOON + 9), NOON + 9)
        done = run("backup.sh", programs, url, tmp_path / "backups", first)
        assert done.returncode == 0, done.stderr
        before = stored(url)
        Writer(url, spool, "map").drain()
        after = stored(url)
        spool.close()
        assert run("restore.sh", programs, url, Path(done.stdout.strip()), second).returncode != 0, "not an empty one"
    assert before < after
    shutil.rmtree(first)
    with STARTS[kind]() as server, fresh_database(server.url) as url:
        back = run("restore.sh", programs, url, Path(done.stdout.strip()), second)
        assert back.returncode == 0, back.stderr
        assert stored(url) == before
        spool = Spool(second / "spool", 1 << 26, min_free_bytes=0)
        Writer(url, spool, "map").drain()
        assert stored(url) == after
        store(url, spool, range(200, 210), range(20, 22))
        assert stored(url) > after, "the platform goes on with it"
        spool.close()
        with psycopg.connect(url) as connection:
            connection.execute("SET ROLE v2x_reader")
            assert connection.execute("SELECT count(*) FROM v2x.device_event").fetchone() is not None


def test_a_backup_that_was_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "database.dump").write_bytes(b"changed")
    (tmp_path / "checksums").write_text(f"{'0' * 64}  database.dump\n")
    done = run("restore.sh", dict(os.environ), "postgresql://nowhere", tmp_path, tmp_path / "data")
    assert done.returncode != 0
    assert "database.dump" in done.stdout + done.stderr
