"""Refused messages in the database: listed by time, topic, device and reason, counted by device and reason."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from cloudctl.database import Database

_ROW: LiteralString = (
    "SELECT round(extract(epoch FROM t) * 1000000)::bigint, k.key, topic, reason, detail, length(payload),"
    " v2x.device_of_letter(topic, payload)"
)
_FROM: LiteralString = (
    " FROM v2x.dead_letter, LATERAL (SELECT left(md5(payload || convert_to(topic || reason, 'UTF8')), 16) AS key) k"
)
_DEVICE: LiteralString = "v2x.device_of_letter(topic, payload)"
_COUNTED: LiteralString = f"SELECT {_DEVICE} AS device, reason, count(*) FROM v2x.dead_letter"  # noqa: S608  # ours
_WHERE: LiteralString = (
    " WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s)"
    " AND (%s::text IS NULL OR topic = %s) AND (%s::text IS NULL OR reason = %s)"
    f" AND (%s::text IS NULL OR {_DEVICE} = %s) AND (%s::text[] IS NULL OR {_DEVICE} = ANY (%s))"
)
"""As `_asked` fills it in."""
_MICROSECONDS: LiteralString = "'epoch'::timestamptz + %s * interval '1 microsecond'"


class Letter(NamedTuple):
    """One refused message; `time_us` is UTC epoch microseconds."""

    time_us: int
    key: str
    """Tells letters of the same time apart."""
    topic: str
    reason: str
    detail: str
    size: int
    """Bytes that were kept."""
    device: str | None


class WholeLetter(NamedTuple):
    """A refused message with its bytes."""

    letter: Letter
    payload: bytes


class LetterFilter(NamedTuple):
    """Which letters: times are UTC epoch s, None does not ask; `among` leaves those that name one of these devices."""

    start: float
    end: float
    topic: str | None = None
    device: str | None = None
    reason: str | None = None
    among: Sequence[str] | None = None


class ReasonCount(NamedTuple):
    """How many letters of a device have a reason; the device is None where the message names none."""

    device: str | None
    reason: str
    letters: int


class Letters:
    """Reads them. All methods raise RegisterDownError where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_letters(
        self, wanted: LetterFilter, before: tuple[int, str] | None = None, limit: int = 100
    ) -> list[Letter]:
        """List letters, the newest first, those before the letter of this time (microseconds) and key."""
        query: LiteralString = (
            _ROW + _FROM + _WHERE + " AND (%s::bigint IS NULL OR (t, k.key) < (" + _MICROSECONDS + ", %s))"
            " ORDER BY t DESC, k.key DESC LIMIT %s"
        )
        time_us, key = before or (None, None)
        async with self._database.transaction() as transaction:
            return await transaction.fetch(Letter, query, (*_asked(wanted), time_us, time_us or 0, key, limit))

    async def find(self, time_us: int, key: str) -> WholeLetter | None:
        """Find one letter by its time (UTC epoch microseconds) and key."""
        query: LiteralString = _ROW + ", payload" + _FROM + " WHERE t = " + _MICROSECONDS + " AND k.key = %s LIMIT 1"
        async with self._database.transaction() as transaction:
            found = await transaction.fetch(_whole, query, (time_us, key))
        return found[0] if found else None

    async def count(self, wanted: LetterFilter, limit: int = 1000) -> list[ReasonCount]:
        """Count letters by device and reason, the most first."""
        query: LiteralString = _COUNTED + _WHERE + " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %s"
        async with self._database.transaction() as transaction:
            return await transaction.fetch(ReasonCount, query, (*_asked(wanted), limit))


def _asked(wanted: LetterFilter) -> tuple[object, ...]:
    among = None if wanted.among is None else list(wanted.among)
    pairs = (wanted.topic, wanted.reason, wanted.device, among)
    return (wanted.start, wanted.end, *(value for each in pairs for value in (each, each)))


def _whole(  # one parameter a column
    time_us: int, key: str, topic: str, reason: str, detail: str, size: int, device: str | None, payload: bytes
) -> WholeLetter:
    return WholeLetter(Letter(time_us, key, topic, reason, detail, size, device), bytes(payload))
