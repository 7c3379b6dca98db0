"""What operators did about incidents, in the database: who, what, when."""

import time
from datetime import UTC, datetime
from typing import LiteralString, NamedTuple

from cloudctl.database import Database
from cloudctl.incidents.errors import UnknownWorkError

RECENT_S = 7 * 86_400.0
"""Handling of incidents that nobody touched for so long is not read any more."""
READ_MOST = 5_000


class Handling(NamedTuple):
    """State of one incident at the desk; times are UTC epoch s."""

    incident_id: str
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged: float | None
    assignee: str | None
    assigned_by: str | None
    assigned: float | None
    notes: int
    last_note: str | None


class Act(NamedTuple):
    """One thing done; `time` is UTC epoch s."""

    id: int
    time: float
    actor: str
    actor_name: str
    act: str
    body: str


class Mute(NamedTuple):
    """Incidents that nobody wants to hear of for a while: of a kind, in a circle, or both; times are UTC epoch s."""

    id: int
    kind: str | None
    lon: float | None
    lat: float | None
    radius_m: float | None
    reason: str
    created: float
    created_by: str
    created_name: str
    expires: float


class NewMute(NamedTuple):
    """What is to be muted, and until when (UTC epoch s)."""

    kind: str | None
    lon: float | None
    lat: float | None
    radius_m: float | None
    reason: str
    expires: float


class Person(NamedTuple):
    """Who acts."""

    id: str
    name: str


_MUTES: LiteralString = (
    "SELECT id, kind, lon, lat, radius_m, reason, extract(epoch FROM created)::float8, created_by, created_name,"
    " extract(epoch FROM expires)::float8 FROM v2x.incident_mute"
)


class HandlingStore:
    """Reads and writes handling, acts and mutes. All methods raise WorkDownError where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_handling(self) -> list[Handling]:
        """List what was done about incidents of late."""
        return await self._database.fetch(
            Handling,
            "SELECT h.incident_id, h.acknowledged_by, h.acknowledged_name, extract(epoch FROM h.acknowledged)::float8,"
            " h.assignee, h.assigned_by, extract(epoch FROM h.assigned)::float8, coalesce(n.notes, 0), n.last"
            " FROM v2x.incident_handling h LEFT JOIN LATERAL (SELECT count(*)::int AS notes,"
            " (array_agg(body ORDER BY id DESC))[1] AS last FROM v2x.incident_act a"
            " WHERE a.incident_id = h.incident_id AND a.act = 'note') n ON true"
            " WHERE h.updated > %s ORDER BY h.updated DESC LIMIT %s",
            (_time(time.time() - RECENT_S), READ_MOST),
        )

    async def acknowledge(self, incident: str, who: Person) -> bool:
        """Note who saw an incident first; False where somebody had before."""
        touched = await self._database.run(
            "WITH changed AS (INSERT INTO v2x.incident_handling (incident_id, acknowledged_by, acknowledged_name,"
            " acknowledged) VALUES (%s, %s, %s, now()) ON CONFLICT (incident_id) DO UPDATE SET"
            " acknowledged_by = excluded.acknowledged_by, acknowledged_name = excluded.acknowledged_name,"
            " acknowledged = now(), updated = now() WHERE v2x.incident_handling.acknowledged IS NULL"
            " RETURNING incident_id) INSERT INTO v2x.incident_act (incident_id, actor, actor_name, act)"
            " SELECT incident_id, %s, %s, 'acknowledge' FROM changed",
            (incident, who.id, who.name, who.id, who.name),
        )
        return touched > 0

    async def assign(self, incident: str, who: Person, assignee: str | None) -> None:
        """Give an incident to somebody, or to nobody."""
        await self._database.run(
            "WITH changed AS (INSERT INTO v2x.incident_handling (incident_id, assignee, assigned_by, assigned)"
            " VALUES (%s, %s, %s, now()) ON CONFLICT (incident_id) DO UPDATE SET assignee = excluded.assignee,"
            " assigned_by = excluded.assigned_by, assigned = now(), updated = now() RETURNING incident_id)"
            " INSERT INTO v2x.incident_act (incident_id, actor, actor_name, act, body)"
            " SELECT incident_id, %s, %s, 'assign', %s FROM changed",
            (incident, assignee, who.id, who.id, who.name, assignee or ""),
        )

    async def note(self, incident: str, who: Person, body: str) -> None:
        """Write something down about an incident."""
        await self._database.run(
            "WITH changed AS (INSERT INTO v2x.incident_handling (incident_id) VALUES (%s) ON CONFLICT (incident_id)"
            " DO UPDATE SET updated = now() RETURNING incident_id)"
            " INSERT INTO v2x.incident_act (incident_id, actor, actor_name, act, body)"
            " SELECT incident_id, %s, %s, 'note', %s FROM changed",
            (incident, who.id, who.name, body),
        )

    async def list_acts(self, incident: str) -> list[Act]:
        """List what was done about one incident, the first act first."""
        return await self._database.fetch(
            Act,
            "SELECT id, extract(epoch FROM t)::float8, actor, actor_name, act, body FROM v2x.incident_act"
            " WHERE incident_id = %s ORDER BY id LIMIT 1000",
            (incident,),
        )

    async def list_mutes(self) -> list[Mute]:
        """List the mutes in force."""
        query: LiteralString = _MUTES + " WHERE lifted IS NULL AND expires > now() ORDER BY id LIMIT 500"
        return await self._database.fetch(Mute, query)

    async def mute(self, wanted: NewMute, who: Person) -> Mute:
        """Mute until a time."""
        values = (wanted.kind, wanted.lon, wanted.lat, wanted.radius_m, wanted.reason, _time(wanted.expires))
        (number,) = await self._database.fetch(
            int,
            "INSERT INTO v2x.incident_mute (kind, lon, lat, radius_m, reason, expires, created_by, created_name)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (*values, who.id, who.name),
        )
        query: LiteralString = _MUTES + " WHERE id = %s"
        (made,) = await self._database.fetch(Mute, query, (number,))
        return made

    async def lift(self, mute: int, who: Person) -> None:
        """End a mute before its time; UnknownWorkError where it is not in force."""
        touched = await self._database.run(
            "UPDATE v2x.incident_mute SET lifted = now(), lifted_by = %s"
            " WHERE id = %s AND lifted IS NULL AND expires > now()",
            (who.id, mute),
        )
        if not touched:
            raise UnknownWorkError("mute", str(mute))


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
