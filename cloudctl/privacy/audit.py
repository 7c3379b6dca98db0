"""The audit log as the platform writes it: who did what to whom, entered before it happens or it does not happen.

Entries that come at the same time share a transaction, so that a hundred looks cost hardly more than one. An advisory
lock puts the writers of all processes in a row: numbers have no gaps. Who is looked at stands in an entry by a random
reference; the database forgets what the reference means when the subject is forgotten, and the chain stays whole.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString, Protocol

import psycopg
import structlog

from cloudctl.database import take_role
from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.chain import Draft, Entry, Head, link, make_draft
from cloudctl.privacy.errors import AuditUnavailableError, PrivacyError

LOCK_KEY = 0x56325841
"""Advisory lock of those who append ("V2XA")."""
PATIENCE_S = 3.0
"""A request waits for its entry no longer than this."""
BATCH, WAITING_MOST = 500, 20_000
ANCHOR_EVERY_S, ANCHOR_ENTRIES = 60.0, 1000
PAUSE_S = 1.0
SUBJECT_KEYS = frozenset({"subject", "device", "vehicle", "target", "record"})
"""Members of `what` and `detail`, and objects such as `device:X`, that may name a vehicle: a reference stands in."""
PATH_NAMES = frozenset({"devices", "vehicles", "subjects"})
"""Parts of a path after which the name of a device stands."""
HEAD: LiteralString = "SELECT seq, digest FROM v2x_audit.entry ORDER BY seq DESC LIMIT 1"
APPEND: LiteralString = (
    "INSERT INTO v2x_audit.entry (seq, t, actor, action, object, detail, previous, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_log = structlog.get_logger("audit")


class Auditor(Protocol):
    """Whatever takes audit entries."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Enter what somebody does; returns when it is written.

        Raises:
            AuditUnavailableError: it was not; do not do it.
        """

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        """Enter that somebody looks at trajectories; returns when it is written.

        Raises:
            AuditUnavailableError: it was not; do not answer.
        """


class NoAudit:
    """What there is before an audit log is: nothing may be looked at."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Refuse."""
        del actor, action, thing, detail
        raise AuditUnavailableError("there is none")

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        """Refuse."""
        del actor, purpose, what
        raise AuditUnavailableError("there is none")


@dataclass(frozen=True)
class _Waiting:
    actor: str
    action: str
    thing: str
    detail: Mapping[str, object]
    done: "asyncio.Future[None]"


class AuditLog:
    """Appends to the log; `run` keeps the connection and belongs in a task of its own."""

    def __init__(self, url: str, anchors: AnchorFile, *, clock: Callable[[], datetime] | None = None) -> None:
        self._url = url
        self._anchors = anchors
        self._clock = clock or (lambda: datetime.now(UTC))
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._unanchored = 0
        self._head: Head | None = None
        self.written = 0
        """Entries since the start."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Enter what somebody does; returns when it is written.

        Raises:
            AuditUnavailableError: it was not; do not do it.
        """
        if len(self._waiting) >= WAITING_MOST:
            raise AuditUnavailableError(f"{WAITING_MOST} entries wait already")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(actor, action, thing, detail or {}, done))
        self._wake.set()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await done
        except TimeoutError:
            raise AuditUnavailableError(f"not written within {PATIENCE_S:g} s") from None

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        """Enter that somebody looks at trajectories; returns when it is written.

        Raises:
            AuditUnavailableError: it was not; do not answer.
        """
        await self.record(actor, "look", str(what.get("route", "trajectory")), {"purpose": purpose, "what": dict(what)})

    async def run(self) -> None:
        """Write until cancelled; the last head is anchored at the end."""
        anchoring = asyncio.create_task(self._anchor_on(), name="audit-anchors")
        try:
            while True:
                try:
                    connection = await self._connect()
                except (psycopg.Error, OSError) as error:
                    await self._pause(error)
                    continue
                try:
                    async with connection:
                        await self._write_on(connection)
                except psycopg.OperationalError:
                    _log.info("audit log connects again")
                except psycopg.Error as error:
                    await self._pause(error)
        finally:
            anchoring.cancel()
            self._refuse("the process ends")
            self._anchor()

    async def _pause(self, error: Exception) -> None:
        detail = " ".join(str(error).split())
        _log.warning("audit log refuses", error=detail)
        self._refuse(detail)
        await asyncio.sleep(PAUSE_S)

    async def _connect(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=3, application_name="v2x-audit"
        )
        await connection.execute("SET synchronous_commit = on")
        await take_role(connection, "v2x_auditor")
        return connection

    async def _write_on(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._wake.clear()
            batch = [each for each in batch if not each.done.done()]
            if not batch:
                continue
            try:
                await self._append(connection, batch)
            except psycopg.OperationalError:  # a connection that broke while idle: once more on a new one
                self._waiting = batch + self._waiting
                self._wake.set()
                raise
            except BaseException as error:
                _fail(batch, " ".join(str(error).split()) or type(error).__name__)
                raise
            for each in batch:
                if not each.done.done():
                    each.done.set_result(None)

    async def _append(self, connection: psycopg.AsyncConnection, batch: list[_Waiting]) -> None:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
            row = await (await connection.execute(HEAD)).fetchone()
            head = Head(int(row[0]), bytes(row[1])) if row else Head()
            drafts = [await _draft(connection, each) for each in batch]
            entries = link(drafts, head, self._clock())
            await connection.cursor().executemany(APPEND, [entry_row(entry) for entry in entries])
        self._head = Head(entries[-1].seq, entries[-1].digest)
        self.written += len(entries)
        self._unanchored += len(entries)
        if self._unanchored >= ANCHOR_ENTRIES:
            await asyncio.to_thread(self._anchor)

    async def _anchor_on(self) -> None:
        while True:
            await asyncio.sleep(ANCHOR_EVERY_S)
            await asyncio.to_thread(self._anchor)

    def _anchor(self) -> None:
        head, self._unanchored = self._head, 0
        if head is None:
            return
        try:
            self._anchors.put(head, self._clock().astimezone(UTC).isoformat(timespec="seconds"))
        except (OSError, PrivacyError) as error:
            _log.error("audit head not anchored", error=str(error))

    def _refuse(self, detail: str) -> None:
        waiting, self._waiting = self._waiting, []
        self._wake.clear()
        _fail(waiting, detail)


def _fail(batch: list[_Waiting], detail: str) -> None:
    for each in batch:
        if not each.done.done():
            each.done.set_exception(AuditUnavailableError(detail))


def entry_row(entry: Entry) -> tuple[object, ...]:
    """Give the row of an entry, for APPEND."""
    return (
        *(entry.seq, entry.t, entry.actor, entry.action, entry.object, entry.detail),
        *(entry.previous, entry.digest),
    )


async def _draft(connection: psycopg.AsyncConnection, waiting: _Waiting) -> Draft:
    kind, _, name = waiting.thing.partition(":")
    named = kind in SUBJECT_KEYS and bool(name)
    thing = f"{kind}:{await find_audit_name(connection, name)}" if named else await _path(connection, waiting.thing)
    return make_draft(waiting.actor, waiting.action, thing, await _by_reference(connection, waiting.detail))


async def _by_reference(connection: psycopg.AsyncConnection, detail: Mapping[str, object]) -> dict[str, object]:
    """Put a reference in the place of every vehicle's name."""
    found: dict[str, object] = {}
    for key, value in detail.items():
        if isinstance(value, Mapping):
            found[key] = await _by_reference(connection, value)
        elif key == "route" and isinstance(value, str):
            found[key] = await _path(connection, value)
        elif key in SUBJECT_KEYS and isinstance(value, str) and value:
            found[key] = await find_audit_name(connection, value)
        else:
            found[key] = value
    return found


async def _path(connection: psycopg.AsyncConnection, path: str) -> str:
    parts = path.split("/")
    for at, part in enumerate(parts[:-1]):
        if part in PATH_NAMES and parts[at + 1]:
            parts[at + 1] = await find_audit_name(connection, parts[at + 1])
    return "/".join(parts)


async def find_audit_name(connection: psycopg.AsyncConnection, subject: str) -> str:
    """Give what the log calls a device: by name where nobody is private in it, else by a reference, new if need be."""
    kind, colon, name = subject.rpartition(":")
    cursor = await connection.execute("SELECT v2x_private.audit_name(%s)", (name.replace("\0", ""),))
    row = await cursor.fetchone()
    return f"{kind}{colon}{row[0]}" if row else "ref:"
