"""What parking keeps in the database: the register, a row a lot and minute, and what is learned from these rows."""

import datetime as dt
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec

from cloudctl.database import Database, Terms
from cloudctl.parking.errors import ParkingStoreError
from cloudctl.parking.profile import SlotSum
from cloudctl.parking.register import CarPark

_TERMS = Terms("v2x-parking", ParkingStoreError, statement_timeout_s=20.0, connections=3)
LEARN_DAYS = 56
"""Occupancy older than this teaches nothing about today."""


@dataclass(frozen=True)
class Sample:
    """One lot over one minute."""

    time: float
    """Start of the minute, UTC epoch s."""
    lot: str
    occupied: int
    capacity: int
    arrived: int
    departed: int


@dataclass(frozen=True)
class Bucket:
    """One lot over one step of a history."""

    time: dt.datetime
    occupied: float
    least: int
    most: int
    capacity: int
    arrived: int
    departed: int


class ParkingStore:
    """A pool of connections; used within `opened`."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TERMS)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the pool for the block."""
        async with self._database.opened():
            yield

    async def lots(self) -> dict[str, CarPark | None]:
        """Lots that were entered by id, None for one that was taken out. Raises ParkingStoreError."""
        rows = await self._fetch("SELECT id, lot FROM v2x.parking_lot ORDER BY id", {})
        return {str(name): None if lot is None else msgspec.convert(lot, CarPark) for name, lot in rows}

    async def keep(self, name: str, lot: CarPark | None, by: str) -> None:
        """Enter a lot, or take it out with None. Raises ParkingStoreError."""
        content = None if lot is None else msgspec.json.encode(lot).decode()
        await self._run(
            "INSERT INTO v2x.parking_lot (id, lot, updated_by) VALUES (%(id)s, %(lot)s::jsonb, %(by)s)"
            " ON CONFLICT (id) DO UPDATE SET lot = excluded.lot, updated = clock_timestamp(),"
            " updated_by = excluded.updated_by",
            {"id": name, "lot": content, "by": by},
        )

    async def add(self, samples: Iterable[Sample]) -> None:
        """Store minutes; one that is there already stays as it is. Raises ParkingStoreError."""
        rows = [(each.time, each.lot, each.occupied, each.capacity, each.arrived, each.departed) for each in samples]
        if not rows:
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        await self._run(
            "INSERT INTO v2x.parking_occupancy (t, lot, occupied, capacity, arrived, departed)"
            " SELECT to_timestamp(t), lot, o, c, a, d FROM unnest(%(0)s::float8[], %(1)s::text[], %(2)s::int4[],"
            " %(3)s::int4[], %(4)s::int4[], %(5)s::int4[]) AS row (t, lot, o, c, a, d) ON CONFLICT DO NOTHING",
            {str(number): column for number, column in enumerate(columns)},
        )

    async def history(self, lot: str, start: dt.datetime, end: dt.datetime, step: dt.timedelta) -> list[Bucket]:
        """Occupancy of a lot between two moments in equal steps, the oldest first. Raises ParkingStoreError."""
        rows = await self._fetch(_HISTORY, {"lot": lot, "start": start, "end": end, "step": step})
        return [Bucket(t, float(o), least, most, c, a, d) for t, o, least, most, c, a, d in rows]

    async def slots(self, zone: str) -> list[SlotSum]:
        """Sums of the last weeks by lot, kind of day and half-hour in a time zone. Raises ParkingStoreError."""
        rows = await self._fetch(_SLOTS, {"zone": zone, "days": LEARN_DAYS})
        return [
            SlotSum(lot, day_off, slot, minutes / 60.0, came, went, float(cars), places)
            for lot, day_off, slot, minutes, came, went, cars, places in rows
        ]

    async def _run(self, query: LiteralString, values: dict[str, object]) -> None:
        async with self._database.connection() as connection:
            await connection.execute(query, values)

    async def _fetch(self, query: LiteralString, values: dict[str, object]) -> list[tuple[Any, ...]]:
        async with self._database.connection() as connection:
            return await (await connection.execute(query, values)).fetchall()


_HISTORY: LiteralString = """
SELECT date_bin(%(step)s, t, 'epoch'::timestamptz) AS bin, avg(occupied), min(occupied), max(occupied), max(capacity),
    sum(arrived)::int4, sum(departed)::int4
FROM v2x.parking_occupancy WHERE lot = %(lot)s AND t >= %(start)s AND t < %(end)s GROUP BY bin ORDER BY bin
"""
_SLOTS: LiteralString = """
SELECT lot, extract(isodow FROM local)::int4 >= 6 AS day_off,
    (extract(hour FROM local) * 2 + floor(extract(minute FROM local) / 30))::int4 AS slot, count(*)::int4,
    sum(arrived)::int4, sum(departed)::int4, avg(occupied), max(capacity)
FROM (SELECT *, t AT TIME ZONE %(zone)s AS local FROM v2x.parking_occupancy
    WHERE t > now() - make_interval(days => %(days)s)) AS seen
GROUP BY lot, day_off, slot
"""
