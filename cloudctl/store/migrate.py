"""Bring the schema up to date: numbered SQL files, those before a deploy and those after it.

A file `NNNN_before_name.sql` only adds, so that code of the former release runs on; `NNNN_after_name.sql` may take away
and runs once the new release is everywhere. Each file is one transaction; an advisory lock keeps two processes apart.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg

from cloudctl.errors import DatabaseError
from cloudctl.store.errors import MigrationError

SCHEMA_DIRECTORY = Path(__file__).parent / "schema"
LOCK_KEY = 0x56325853
"""Advisory lock of migrations ("V2XS")."""
_NAME = re.compile(r"(\d{4})_(before|after)_(\w+)\.sql")


class Phase(StrEnum):
    """When a migration runs, seen from the deploy of new code."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Migration:
    """One file of the schema."""

    number: int
    phase: Phase
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text: a file that was applied must not change."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def list_migrations(directory: Path = SCHEMA_DIRECTORY) -> list[Migration]:
    """All migrations in order; raise MigrationError on a strange file name or a number used twice."""
    found = [_read(path) for path in sorted(directory.glob("*.sql"))]
    numbers = [migration.number for migration in found]
    for number in numbers:
        if numbers.count(number) > 1:
            raise MigrationError(str(number), "this number is used twice")
    return found


def _read(path: Path) -> Migration:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise MigrationError(path.name, "the name must be NNNN_before|after_name.sql")
    return Migration(int(match[1]), Phase(match[2]), path.stem, path.read_text("utf-8"))


def migrate(url: str, *, phases: frozenset[Phase] = frozenset(Phase), directory: Path = SCHEMA_DIRECTORY) -> list[str]:
    """Apply what is missing, in order, and return the names of what was applied; safe to run many times at once.

    Raises:
        DatabaseError: no database answers.
        MigrationError: a file fails, or one that was applied has changed since.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    with connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        _ensure_extension(connection)
        _ensure_version_table(connection)
        return list(_apply(connection, [each for each in list_migrations(directory) if each.phase in phases]))


def _ensure_extension(connection: psycopg.Connection) -> None:
    """Create the timescaledb extension where the server has it loaded and lets us."""
    loaded = connection.execute(
        "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
        " AND EXISTS (SELECT FROM pg_settings WHERE name LIKE 'timescaledb%')"
    ).fetchone()
    if not loaded:
        return
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            "timescaledb", "the server has the extension but this role may not create it; let a superuser do so"
        ) from error


def _ensure_version_table(connection: psycopg.Connection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS v2x")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS v2x.schema_migration (number integer PRIMARY KEY, phase text NOT NULL,"
        " name text NOT NULL, digest text NOT NULL, applied timestamptz NOT NULL DEFAULT now())"
    )


def _apply(connection: psycopg.Connection, migrations: list[Migration]) -> Iterator[str]:
    done: dict[int, str] = dict(connection.execute("SELECT number, digest FROM v2x.schema_migration").fetchall())
    for migration in migrations:
        digest = done.get(migration.number)
        if digest == migration.digest:
            continue
        if digest is not None:
            raise MigrationError(migration.name, "was changed after it had been applied")
        _apply_one(connection, migration)
        yield migration.name


def _apply_one(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL search_path = v2x, public")
            connection.execute("SET LOCAL client_min_messages = warning")
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO v2x.schema_migration (number, phase, name, digest) VALUES (%s, %s, %s, %s)",
                (migration.number, migration.phase.value, migration.name, migration.digest),
            )
    except psycopg.Error as error:
        raise MigrationError(migration.name, " ".join(str(error).split())) from error
