"""The embedded PostgreSQL: starts, stops, keeps its data, says what is wrong, and never outlives the platform."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from cloudctl.errors import DatabaseError
from cloudctl.settings import DatabaseSettings, MapSettings, Settings
from cloudctl.store import embedded, embedded_home
from cloudctl.store.embedded import EmbeddedPostgres, embedded_database


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter, as a data directory's parent is."""
    path = Path(tempfile.mkdtemp(prefix="v2x-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_data_outlive_a_stop(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres") as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS x")
        pid = server.pid
    assert pid is not None
    assert not psutil.pid_exists(pid)
    with EmbeddedPostgres(folder / "postgres") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (42,)


def test_what_is_committed_is_on_disk(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres") as server, psycopg.connect(server.url) as connection:
        for setting in ("synchronous_commit", "fsync", "full_page_writes", "data_checksums"):
            assert connection.execute("SELECT current_setting(%s)", (setting,)).fetchone() == ("on",)


def test_it_asks_for_a_password_and_hears_no_network(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres") as server:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace(server.url.split(":")[2].split("@")[0], "wrong"))
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    secret = (folder / "postgres" / "password").stat()
    assert secret.st_mode & 0o077 == 0


def test_a_second_server_on_the_same_data_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_PATIENCE", 0.2)
    with EmbeddedPostgres(folder / "postgres") as server:
        with pytest.raises(DatabaseError, match=f"process {server.pid}"):
            EmbeddedPostgres(folder / "postgres").start()
        psycopg.connect(server.url).close()


def test_a_server_that_cannot_start_gives_its_reason(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres"):
        pass
    with (folder / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = nonsense\n")
    with pytest.raises(DatabaseError, match="shared_buffers"):
        EmbeddedPostgres(folder / "postgres").start()


def test_a_long_path_still_gets_a_socket(folder: Path) -> None:
    with EmbeddedPostgres(folder / ("long" * 25) / "postgres") as server:
        psycopg.connect(server.url).close()


def test_a_server_that_was_killed_recovers(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    with psycopg.connect(server.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS x")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with EmbeddedPostgres(folder / "postgres") as again, psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (42,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")
def test_data_of_root_that_the_servers_user_cannot_reach_live_elsewhere_and_open_no_folder(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_home, "SHARED_ROOT", folder / "shared")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "postgres") as server:
        psycopg.connect(server.url).close()
        assert (closed / "postgres").resolve().is_relative_to(folder)
    assert closed.stat().st_mode & 0o777 == 0o700


PARENT = """
import sys, time
from pathlib import Path
from cloudctl.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def test_the_server_ends_when_its_platform_is_killed(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder / "postgres")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)
    with EmbeddedPostgres(folder / "postgres") as server:
        psycopg.connect(server.url).close()


def test_a_configured_database_is_used_and_brought_up_to_date(folder: Path, empty_database: str) -> None:
    places = MapSettings(file=Path("m"), tiles=Path("t"))
    settings = Settings(data_dir=folder, map=places, database=DatabaseSettings(url=empty_database))
    with embedded_database(settings) as url:
        assert url == empty_database
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM v2x.trajectory").fetchone() == (0,)
    assert not (folder / "postgres").exists()
