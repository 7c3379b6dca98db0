"""Database servers for tests of the store: the embedded PostgreSQL, and a real TimescaleDB where one can be had.

A pytest plugin: `tests/conftest.py` names it in `pytest_plugins`. Servers live as long as the test session; every test
gets a database of its own.
"""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from conftest import free_port
from psycopg import sql
from psycopg.conninfo import make_conninfo

from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.migrate import LOCK_KEY, list_migrations, migrate

INSTALLER = Path(__file__).parents[1] / "deploy" / "timescale" / "install-test-server.sh"
COMMUNITY_URL = os.environ.get("V2X_TEST_COMMUNITY_URL", "")
"""A server with TimescaleDB under the Timescale licence; tests run on it too where there is one."""
_TIMESCALE_CONFIGURATION = """
shared_preload_libraries = 'timescaledb'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
shared_buffers = 128MB
max_wal_size = 2GB
max_connections = 40
timescaledb.telemetry_level = off
timezone = 'UTC'
"""


class Server(Protocol):
    """A database server that can be stopped and started again."""

    @property
    def url(self) -> str:
        """URL of its maintenance database."""

    def start(self) -> object:
        """Start it."""

    def stop(self) -> None:
        """Stop it."""


class TimescaleServer:
    """TimescaleDB on PostgreSQL 17 in a chroot, on a free port of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._port = free_port()
        self._name = f"var/lib/postgresql/test-{secrets.token_hex(4)}"
        self._process: subprocess.Popen[bytes] | None = None
        data = root / self._name
        data.mkdir(mode=0o700)
        owner = (root / "var/lib/postgresql").stat()
        os.chown(data, owner.st_uid, owner.st_gid)
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", f"/{self._name}")
        with (data / "postgresql.conf").open("a", encoding="ascii") as file:
            file.write(f"{_TIMESCALE_CONFIGURATION}port = {self._port}\n")

    @property
    def url(self) -> str:
        """URL of the maintenance database."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start and wait until it answers."""
        log = (self._root / self._name).with_suffix(".log")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command("postgres", f"-D/{self._name}"), stdout=output, stderr=output
            )
        until = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(log.read_text("utf-8")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it: connections end, what was committed is safe."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self._root / self._name, ignore_errors=True)
        (self._root / self._name).with_suffix(".log").unlink(missing_ok=True)

    def _command(self, program: str, *arguments: str) -> list[str]:
        chroot = shutil.which("chroot") or "/usr/sbin/chroot"
        return [
            *(chroot, "--userspec=postgres:postgres", str(self._root)),
            *(f"/usr/lib/postgresql/17/bin/{program}", *arguments),
        ]

    def _run(self, program: str, *arguments: str) -> None:
        environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(self._command(program, *arguments), capture_output=True, check=False, env=environment)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())


@contextmanager
def plain_server() -> Iterator[EmbeddedPostgres]:
    """Run an embedded PostgreSQL of one's own."""
    folder = Path(tempfile.mkdtemp(prefix="v2x-store-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "postgres") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def timescale_server() -> Iterator[TimescaleServer]:
    """Run a TimescaleDB of one's own; skip the test where this machine cannot have one, fail it in CI."""
    done = subprocess.run([str(INSTALLER)], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"no TimescaleDB: {done.stderr.strip() or 'the installer failed'}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = TimescaleServer(Path(done.stdout.strip()))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def plain_postgres() -> Iterator[EmbeddedPostgres]:
    """Embedded PostgreSQL of the session."""
    with plain_server() as server:
        yield server


@pytest.fixture(scope="session")
def timescale_postgres() -> Iterator[TimescaleServer]:
    """TimescaleDB of the session."""
    with timescale_server() as server:
        yield server


class OutsideServer:
    """A server that somebody else runs; it cannot be stopped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """Not ours to stop."""
        raise RuntimeError("this server is not ours")


@pytest.fixture(scope="session")
def community_postgres() -> OutsideServer:
    """TimescaleDB under the Timescale licence, which no package index at hand carries as a server."""
    return OutsideServer(COMMUNITY_URL)


KINDS = ("timescale", "community") if COMMUNITY_URL else ("timescale",)


@pytest.fixture(params=["plain", *(pytest.param(kind, marks=pytest.mark.timescale) for kind in KINDS)])
def store_server(request: pytest.FixtureRequest) -> Server:
    """Each kind of server in turn."""
    server: Server = request.getfixturevalue(f"{request.param}_postgres")
    return server


@pytest.fixture
def empty_database(store_server: Server) -> Iterator[str]:
    """URL of a new, empty database on each kind of server in turn."""
    with fresh_database(store_server.url) as url:
        yield url


@pytest.fixture
def store_database(store_server: Server) -> Iterator[str]:
    """URL of a new database with our schema on each kind of server in turn."""
    with schema_database(store_server.url) as url:
        yield url


@pytest.fixture
def plain_database(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    """URL of a new database with our schema on the embedded server."""
    with schema_database(plain_postgres.url) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    """URL of a database with our schema on the embedded server that the tests of a file share."""
    with schema_database(plain_postgres.url) as url:
        yield url


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of the gateway give up soon on a database that is away."""
    monkeypatch.setattr("cloudctl.database.PATIENCE_S", 0.2)


@contextmanager
def schema_database(server_url: str) -> Iterator[str]:
    """Make a database with our schema, and drop it at the end."""
    with fresh_database(server_url, _schema_template(server_url)) as url:
        yield url


def _schema_template(server_url: str) -> str:
    """Name of a database with our schema that new ones are copied from, which is quicker than migrating each."""
    digest = hashlib.sha256("".join(migration.digest for migration in list_migrations()).encode())
    name = f"schema_{digest.hexdigest()[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            _make_template(connection, server_url, name)
    return name


def _make_template(connection: psycopg.Connection, server_url: str, name: str) -> None:
    draft = f"draft_{secrets.token_hex(6)}"
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(draft)))
    migrate(make_conninfo(server_url, dbname=draft))
    # a database in use cannot be copied, and workers of TimescaleDB come back to one that lets them
    connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(draft)))
    connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (draft,))
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))


@contextmanager
def fresh_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Make a database of a name nobody has, and drop it at the end."""
    name = f"test_{secrets.token_hex(6)}"
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(make)
    try:
        yield make_conninfo(server_url, dbname=name)
    finally:
        with suppress(psycopg.OperationalError), psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
