"""What operators asked for, in the database: proposed, active, ended or refused, by whom and until when."""

from datetime import UTC, datetime
from typing import LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from cloudctl.database import Database
from cloudctl.incidents.errors import UnknownWorkError, WorkConflictError
from cloudctl.incidents.handling import Person
from cloudctl.incidents.work import WorkKind

SHOWN_AFTER_S = 1800.0
"""What is over stays in sight for so long, s."""
SHOWN_MOST = 300
_SELECT: LiteralString = (
    "SELECT id, kind, status, revision, content, result, extract(epoch FROM created)::float8, created_by, created_name,"
    " extract(epoch FROM until)::float8, extract(epoch FROM ended)::float8, ended_by"
    " FROM v2x.operator_work"
)


class Work(NamedTuple):
    """One thing that an operator asked for; times are UTC epoch s."""

    id: str
    kind: str
    status: str
    """proposed, active, ended or refused"""
    revision: int
    content: dict[str, object]
    result: dict[str, object]
    """What the engine last said of it."""
    created: float
    created_by: str
    created_name: str
    until: float
    ended: float | None
    ended_by: str | None


class NewWork(NamedTuple):
    """What an operator asks for; `until` is UTC epoch s."""

    id: str
    kind: WorkKind
    content: dict[str, object]
    until: float
    status: str = "active"


class WorkStore:
    """Reads and writes it. All methods raise WorkDownError where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_shown(self) -> list[Work]:
        """List what is active, and what ended lately, the newest first."""
        query: LiteralString = (
            _SELECT + " WHERE status = 'active'"
            " OR (status = 'ended' AND ended > now() - %s * interval '1 s') ORDER BY created DESC, id LIMIT %s"
        )
        return await self._database.fetch(Work, query, (SHOWN_AFTER_S, SHOWN_MOST))

    async def get(self, kind: WorkKind, work: str) -> Work:
        """Give one; UnknownWorkError where there is none."""
        query: LiteralString = _SELECT + " WHERE id = %s AND kind = %s"
        found = await self._database.fetch(Work, query, (work, kind.value))
        if not found:
            raise UnknownWorkError(kind, work)
        return found[0]

    async def add(self, wanted: NewWork, who: Person) -> Work:
        """Write down what somebody asks for."""
        values = (wanted.id, wanted.kind.value, wanted.status, Jsonb(wanted.content), _time(wanted.until))
        await self._database.run(
            "INSERT INTO v2x.operator_work (id, kind, status, content, until, created_by, created_name)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (*values, who.id, who.name),
        )
        return await self.get(wanted.kind, wanted.id)

    async def change(self, work: Work, content: dict[str, object], until: float) -> Work:
        """Replace the content of what is active; WorkConflictError where it is over or was changed meanwhile."""
        touched = await self._database.run(
            "UPDATE v2x.operator_work SET content = %s, until = %s, revision = revision + 1, updated = now()"
            " WHERE id = %s AND status = 'active' AND revision = %s",
            (Jsonb(content), _time(until), work.id, work.revision),
        )
        if not touched:
            raise WorkConflictError(work.id, "is over, or somebody else has changed it")
        return await self.get(WorkKind(work.kind), work.id)

    async def confirm(self, work: Work, who: Person, until: float, newest: float) -> Work:
        """Turn what its author proposed no longer than `newest` s ago into what stands until then (UTC epoch s)."""
        touched = await self._database.run(
            "UPDATE v2x.operator_work SET status = 'active', until = %s, updated = now() WHERE id = %s"
            " AND status = 'proposed' AND created_by = %s AND created > now() - %s * interval '1 s'",
            (_time(until), work.id, who.id, newest),
        )
        if not touched:
            raise WorkConflictError(work.id, f"cannot be confirmed: only by its author within {newest:g} s, and once")
        return await self.get(WorkKind(work.kind), work.id)

    async def end(self, work: str, by: str, status: str = "ended") -> bool:
        """Mark as over; False where it was before."""
        touched = await self._database.run(
            "UPDATE v2x.operator_work SET status = %s, ended = now(), ended_by = %s, updated = now()"
            " WHERE id = %s AND status IN ('active', 'proposed')",
            (status, by, work),
        )
        return touched > 0

    async def note_result(self, work: str, result: dict[str, object]) -> None:
        """Keep what the engine says of it."""
        await self._database.run(
            "UPDATE v2x.operator_work SET result = %s, updated = now() WHERE id = %s", (Jsonb(result), work)
        )


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
