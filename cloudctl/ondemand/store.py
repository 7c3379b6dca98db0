"""Rides and vehicles in the database."""

import datetime as dt
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from cloudctl.ondemand.errors import OnDemandStoreError
from cloudctl.ondemand.rides import OPEN, Ride, RideVehicle

PATIENCE_S = 3.0
COARSE_AFTER, KEPT = dt.timedelta(hours=24), dt.timedelta(days=90)


class RideStore:
    """A pool of connections; used within `opened`. Every question raises OnDemandStoreError where nobody answers."""

    def __init__(self, url: str) -> None:
        options = "-c statement_timeout=10000 -c timezone=UTC"
        kwargs = {"autocommit": True, "options": options, "application_name": "v2x-rides"}
        self._pool = AsyncConnectionPool(url, min_size=0, max_size=2, timeout=PATIENCE_S, open=False, kwargs=kwargs)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the pool for the block."""
        await self._pool.open()
        try:
            yield
        finally:
            await self._pool.close()

    async def load(self) -> tuple[list[Ride], list[RideVehicle]]:
        """Rides that are open, and all vehicles."""
        async with self._connection() as connection:
            rides = await connection.execute(
                "SELECT content FROM v2x.ride WHERE status = ANY(%s) ORDER BY id", (list(OPEN),)
            )
            found = [msgspec.convert(row[0], Ride) for row in await rides.fetchall()]
            vehicles = await connection.execute("SELECT content FROM v2x.ride_vehicle ORDER BY id")
            return found, [msgspec.convert(row[0], RideVehicle) for row in await vehicles.fetchall()]

    async def keep(self, rides: Iterable[Ride]) -> None:
        """Store rides as they are now."""
        rows = [(ride.id, ride.status, msgspec.json.encode(ride).decode(), ride.latest) for ride in rides]
        async with self._connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO v2x.ride (id, status, content, latest) VALUES (%s, %s, %s, to_timestamp(%s))"
                " ON CONFLICT (id) DO UPDATE SET status = excluded.status, content = excluded.content",
                rows,
            )

    async def find(self, ride: str) -> Ride | None:
        """Give a ride, open or over."""
        async with self._connection() as connection:
            row = await (await connection.execute("SELECT content FROM v2x.ride WHERE id = %s", (ride,))).fetchone()
        return None if row is None else msgspec.convert(row[0], Ride)

    async def keep_vehicle(self, vehicle: RideVehicle) -> None:
        """Store a vehicle as it is now."""
        async with self._connection() as connection:
            await connection.execute(
                "INSERT INTO v2x.ride_vehicle (id, content) VALUES (%s, %s)"
                " ON CONFLICT (id) DO UPDATE SET content = excluded.content, updated = now()",
                (vehicle.id, msgspec.json.encode(vehicle).decode()),
            )

    async def forget(self, now: dt.datetime) -> int:
        """Make rides coarse a day after their end and delete them after 90 days; gives how many were touched."""
        async with self._connection() as connection:
            gone = await connection.execute("DELETE FROM v2x.ride WHERE latest < %s", (now - KEPT,))
            due = await connection.execute(
                "SELECT content FROM v2x.ride WHERE latest < %s AND NOT coarse", (now - COARSE_AFTER,)
            )
            rides = [msgspec.convert(row[0], Ride).made_coarse() for row in await due.fetchall()]
            for ride in rides:
                status = "done" if ride.open else ride.status
                ended = msgspec.structs.replace(ride, status=status)
                await connection.execute(
                    "UPDATE v2x.ride SET coarse = true, status = %s, content = %s, latest = date_trunc('hour', latest)"
                    " WHERE id = %s",
                    (status, msgspec.json.encode(ended).decode(), ride.id),
                )
            return gone.rowcount + len(rides)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as fault:
            raise OnDemandStoreError(" ".join(str(fault).split()) or "no answer") from fault
