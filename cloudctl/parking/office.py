"""Parking in the gateway: keeps the register and tells the engine of it, stores every minute, learns every hour."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from cloudctl.parking.errors import ParkingStoreError, RegisterError
from cloudctl.parking.geojson import read_geojson
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.profile import learn
from cloudctl.parking.register import ZONE, CarPark, ParkingRegister, Profile, check
from cloudctl.parking.store import ParkingStore, Sample
from ingest.broker import Publisher
from ingest.errors import IngestError
from ingest.streams import BY_NAME
from maps.network import RoadNetwork

LOOK_S = 1.0
REGISTER_S, LEARN_S = 10.0, 3600.0
MINUTE = 60.0
TOPIC = BY_NAME["parking_register"].topic
_LOG = structlog.get_logger("gateway.parking")


class Seen(Protocol):
    """One lot as the engine tells it."""

    @property
    def id(self) -> str:
        """Id of the lot."""

    @property
    def occupied(self) -> int | None:
        """Cars, None where nothing is known."""

    @property
    def capacity(self) -> int | None:
        """Places."""


@dataclass
class Tally:
    """Counts who comes and goes from what is seen of occupancy."""

    last: dict[str, int] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    """Arrived, departed, occupied and capacity of the minute, by lot."""

    def look(self, lots: Iterable[Seen]) -> None:
        """Compare with the look before."""
        for lot in lots:
            if lot.occupied is None:
                continue
            change = lot.occupied - self.last.get(lot.id, lot.occupied)
            self.last[lot.id] = lot.occupied
            count = self.counts.setdefault(lot.id, [0, 0, 0, 0])
            count[0] += max(change, 0)
            count[1] += max(-change, 0)
            count[2], count[3] = lot.occupied, lot.capacity or 0

    def take(self, minute: float) -> list[Sample]:
        """Give the minute and begin the next."""
        counts, self.counts = self.counts, {}
        return [Sample(minute, lot, here, places, came, went) for lot, (came, went, here, places) in counts.items()]


class ParkingOffice:
    """Runs until cancelled; without a database the lots of map and file are there all the same."""

    def __init__(
        self,
        network: RoadNetwork,
        store: ParkingStore,
        broker_url: str,
        seen: Callable[[], Iterable[Seen]],
        source: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`seen` gives the lots as the engine tells them; `source` is a GeoJSON register."""
        self._network, self.store, self._url, self._seen, self._clock = network, store, broker_url, seen, clock
        self._source = source
        self._tally = Tally()
        self._minute = clock() // MINUTE
        self._learned_at = self._looked_at = float("-inf")
        self._told: ParkingRegister | None = None
        self._fault = ""
        self._of_file: list[CarPark] = []
        self._entered: Mapping[str, CarPark | None] = {}
        self.zone = ZONE
        self.problems: list[str] = []
        """What was wrong with the file."""
        self.profiles: dict[str, Profile] = {}
        self.table = LotTable.of(network)

    async def run(self) -> None:
        """Follow the register and the lots."""
        await asyncio.to_thread(self._read_file)
        async with (
            self.store.opened(),
            Publisher(self._url, client_id=f"v2x-gateway-parking-{id(self):x}", capacity=10) as publisher,
        ):
            while True:
                try:
                    await self._turn(publisher)
                except (ParkingStoreError, IngestError) as fault:
                    if str(fault) != self._fault:
                        _LOG.warning("parking not kept", reason=str(fault))
                    self._fault = str(fault)
                else:
                    self._fault = ""
                await asyncio.sleep(LOOK_S)

    async def put(self, lot: CarPark, by: str) -> CarPark:
        """Enter a lot. Raises RegisterError, ParkingStoreError."""
        check(lot)
        await self.store.keep(lot.id, lot, by)
        self._enter({**self._entered, lot.id: lot})
        return lot

    async def remove(self, name: str, by: str) -> bool:
        """Take a lot out of the register; False where it is not in it. Raises ParkingStoreError."""
        if name not in {lot.id for lot in self._register()}:
            return False
        await self.store.keep(name, None, by)
        self._enter({**self._entered, name: None})
        return True

    async def _turn(self, publisher: Publisher) -> None:
        now = self._clock()
        self._tally.look(self._seen())
        if now - self._looked_at >= REGISTER_S:
            self._looked_at = now
            try:
                await self._look(now)
            finally:
                await self._tell(publisher)
        if self._told is None or self._told.lots != tuple(self._register()):
            await self._tell(publisher)
        if now // MINUTE > self._minute:
            minute, self._minute = self._minute, now // MINUTE
            await self.store.add(self._tally.take(minute * MINUTE))

    async def _look(self, now: float) -> None:
        entered = await self.store.lots()
        if entered != self._entered:
            self._enter(entered)
        if now - self._learned_at >= LEARN_S:
            self.profiles = {each.lot: each for each in learn(await self.store.slots(self.zone))}
            self._learned_at = now

    async def _tell(self, publisher: Publisher) -> None:
        register = ParkingRegister(zone=self.zone, lots=tuple(self._register()), profiles=tuple(self.profiles.values()))
        if register != self._told:
            await publisher.publish(TOPIC, msgspec.json.encode(register), qos=1, retain=True)
            self._told = register

    def _register(self) -> list[CarPark]:
        found = {lot.id: lot for lot in self._of_file}
        for name, lot in self._entered.items():
            if lot is None:
                found.pop(name, None)
            else:
                found[name] = lot
        return list(found.values())

    def _enter(self, entered: Mapping[str, CarPark | None]) -> None:
        self._entered = entered
        self.table = LotTable.of(self._network, self._register())

    def _read_file(self) -> None:
        if self._source is None:
            return
        try:
            self._of_file, self.problems = read_geojson(self._source)
        except RegisterError as fault:
            self.problems = [str(fault)]
        for problem in self.problems:
            _LOG.warning("lot left out", reason=problem)
        self._enter(self._entered)
