"""Rides and vehicles in the database."""

import datetime as dt
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec

from cloudctl.database import Database, Terms
from cloudctl.ondemand.errors import OnDemandStoreError
from cloudctl.ondemand.rides import OPEN, Ride, RideVehicle

_TERMS = Terms("v2x-rides", OnDemandStoreError, statement_timeout_s=10.0, connections=2)
COARSE_AFTER, KEPT = dt.timedelta(hours=24), dt.timedelta(days=90)


class RideStore:
    """Used within `opened`. Every question raises OnDemandStoreError where nobody answers."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TERMS)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Allow connections for the block."""
        async with self._database.opened():
            yield

    async def load(self) -> tuple[list[Ride], list[RideVehicle]]:
        """Rides that are open, and all vehicles."""
        async with self._database.transaction() as transaction:
            rides = await transaction.scalars(
                "SELECT content FROM v2x.ride WHERE status = ANY(%s) ORDER BY id", (list(OPEN),)
            )
            vehicles = await transaction.scalars("SELECT content FROM v2x.ride_vehicle ORDER BY id")
        return [msgspec.convert(ride, Ride) for ride in rides], [
            msgspec.convert(each, RideVehicle) for each in vehicles
        ]

    async def keep(self, rides: Iterable[Ride]) -> None:
        """Store rides as they are now, all or none."""
        rows = [(ride.id, ride.status, msgspec.json.encode(ride).decode(), ride.latest) for ride in rides]
        async with self._database.transaction() as transaction:
            await transaction.run_each(
                "INSERT INTO v2x.ride (id, status, content, latest) VALUES (%s, %s, %s, to_timestamp(%s))"
                " ON CONFLICT (id) DO UPDATE SET status = excluded.status, content = excluded.content",
                rows,
            )

    async def find(self, ride: str) -> Ride | None:
        """Give a ride, open or over."""
        return await self._database.find(_ride, "SELECT content FROM v2x.ride WHERE id = %s", (ride,))

    async def keep_vehicle(self, vehicle: RideVehicle) -> None:
        """Store a vehicle as it is now."""
        await self._database.run(
            "INSERT INTO v2x.ride_vehicle (id, content) VALUES (%s, %s)"
            " ON CONFLICT (id) DO UPDATE SET content = excluded.content, updated = now()",
            (vehicle.id, msgspec.json.encode(vehicle).decode()),
        )

    async def forget(self, now: dt.datetime) -> int:
        """Make rides coarse a day after their end and delete them after 90 days; gives how many were touched."""
        async with self._database.transaction() as transaction:
            gone = await transaction.run("DELETE FROM v2x.ride WHERE latest < %s", (now - KEPT,))
            due = await transaction.fetch(
                _ride, "SELECT content FROM v2x.ride WHERE latest < %s AND NOT coarse", (now - COARSE_AFTER,)
            )
            for ride in (each.made_coarse() for each in due):
                status = "done" if ride.open else ride.status
                ended = msgspec.structs.replace(ride, status=status)
                await transaction.run(
                    "UPDATE v2x.ride SET coarse = true, status = %s, content = %s, latest = date_trunc('hour', latest)"
                    " WHERE id = %s",
                    (status, msgspec.json.encode(ended).decode(), ride.id),
                )
        return gone + len(due)


def _ride(content: object) -> Ride:
    return msgspec.convert(content, Ride)
