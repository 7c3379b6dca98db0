"""Journey planning in the gateway: follows the timetable's file, keeps a planner of the moment."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from cloudctl.maas.errors import JourneyError
from cloudctl.maas.journey import Journey, Wish
from cloudctl.maas.planner import CarParkChoice, City, Planner
from cloudctl.maas.trip_table import Planned, Walks
from cloudctl.maas.walking import WalkNetwork
from cloudctl.transit.errors import TransitError
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.state import TransitState
from cloudctl.transit.timetable import BusStop, Timetable
from maps.network import RoadNetwork

LOOK_S = 5.0
"""The file is looked at, and live times are taken over, this often, s."""
OLDEST_S = 30.0
"""Live times older than this are taken over before the next answer, s."""
WANTED_S = 300.0
"""A planner that nobody used for so long is no longer kept up to date, s."""
BEFORE, AFTER = 2 * 3600.0, 4 * 3600.0
"""Trips under way so long before and after the departure are searched, s."""
BACK = 3600.0
"""Who wants to be there by a time is taken to set out so long before when the trips are chosen, s."""
BLOCK = 1800.0
"""The departure is rounded to this to choose the trips, s."""
CHANGE_WALK = 400.0
"""Longest walk between two buses, m."""
AHEAD = 3600.0
"""A departure farther ahead than this is planned by the timetable alone, s."""
BLOCKS_KEPT = 4
SHUTTLE_KINDS = frozenset({"711"})
_LOG = structlog.get_logger("gateway.journeys")


@dataclass(frozen=True)
class _Loaded:
    timetable: Timetable
    city: City
    walks: Walks


class JourneyDesk:
    """Plans in threads; one timetable at a time."""

    def __init__(self, network: RoadNetwork, source: Path, transit: Callable[[], TransitState | None]) -> None:
        """`source` is the GTFS file that the engine reads, `transit` the bus network as it is told."""
        self._network, self.source, self._transit = network, source, transit
        self._walk: WalkNetwork | None = None
        self._loaded: _Loaded | None = None
        self._stamp = 0
        self._planned: dict[tuple[str, float], Planned] = {}
        self._planners: dict[tuple[str, float], tuple[float, Planner]] = {}
        self._wanted: dict[tuple[str, float], float] = {}
        """When each departure was asked for last."""
        self._lock = threading.Lock()

    async def run(self) -> None:
        """Read the timetable when it appears or changes."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.to_thread(self.renew)
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Read the timetable if its file is new; one that cannot be used leaves the one before in use."""
        try:
            stamp = self.source.stat().st_mtime_ns
        except OSError:
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            timetable = import_gtfs(self.source).timetable
        except TransitError as fault:
            _LOG.warning("timetable_refused", reason=str(fault))
            return
        self.use(timetable)

    def use(self, timetable: Timetable) -> None:
        """Plan with a timetable from now on."""
        walk = self.walk
        used = {call.stop for trip in timetable.trips.values() for call in trip.calls}
        stops = [stop for stop in timetable.stops.values() if stop.id in used]
        spots = walk.spots([stop.lon for stop in stops], [stop.lat for stop in stops])
        walks = walk.between(spots, CHANGE_WALK)
        shuttles = frozenset(line.id for line in timetable.lines.values() if line.kind in SHUTTLE_KINDS)
        with self._lock:
            self._loaded = _Loaded(timetable, City(walk, stops, spots, shuttles), walks)
            self._planned.clear()
            self._planners.clear()
        if stops:  # the first question must not wait for the search to be compiled
            here = (stops[0].lon, stops[0].lat)
            with suppress(JourneyError):
                self.plan(Wish(here, here, time.time()), [])

    @property
    def walk(self) -> WalkNetwork:
        """Ways on foot, made at the first use."""
        if self._walk is None:
            self._walk = WalkNetwork(self._network)
        return self._walk

    @property
    def stops(self) -> tuple[BusStop, ...]:
        """Stops that some trip serves."""
        return tuple(self._loaded.city.stops) if self._loaded else ()

    def plan(self, wish: Wish, parks: list[CarParkChoice]) -> list[Journey]:
        """Give the alternatives. Raises JourneyError."""
        moment = wish.depart if wish.arrive_by is None else max(wish.depart, wish.arrive_by - BACK)
        return self._planner(moment).plan(wish, parks)

    def _planner(self, depart: float) -> Planner:
        """Give a planner whose live times are at most some seconds old."""
        loaded = self._loaded
        if loaded is None:
            return Planner(_empty(self.walk), Planned((), (), ()).with_live((), depart))
        key = (loaded.timetable.version, depart // BLOCK * BLOCK)
        self._wanted[key] = time.time()
        made, planner = self._planners.get(key, (float("-inf"), None))
        if planner is not None and time.time() - made < OLDEST_S:
            return planner
        with self._lock:
            return self._make(loaded, key)

    def renew(self) -> None:
        """Take live times over for the departures that people lately asked for, so that no question has to wait."""
        with self._lock:
            loaded, now = self._loaded, time.time()
            self._wanted = {key: at for key, at in self._wanted.items() if now - at < WANTED_S}
            self._planners = {key: kept for key, kept in self._planners.items() if key in self._wanted}
            for key in list(self._planners) if loaded is not None else ():
                if loaded is not None and key[0] == loaded.timetable.version:
                    self._make(loaded, key)

    def _make(self, loaded: _Loaded, key: tuple[str, float]) -> Planner:
        now, state = time.time(), self._transit()
        buses = state.buses if state is not None and key[1] - now <= AHEAD else ()
        planner = Planner(loaded.city, self._trips(loaded, key).with_live(buses, now))
        self._planners[key] = now, planner
        return planner

    def _trips(self, loaded: _Loaded, key: tuple[str, float]) -> Planned:
        if key not in self._planned:
            if len(self._planned) >= BLOCKS_KEPT:
                self._planned.clear()
                self._planners.clear()
            try:
                trips = list(loaded.timetable.between(key[1] - BEFORE, key[1] + BLOCK + AFTER))
            except (OverflowError, ValueError, OSError) as fault:
                raise JourneyError(f"no timetable reaches {key[1]}: {fault}") from fault
            self._planned[key] = Planned(trips, [stop.id for stop in loaded.city.stops], loaded.walks)
        return self._planned[key]


def _empty(walk: WalkNetwork) -> City:
    return City(walk, (), walk.spots(np.empty(0).tolist(), np.empty(0).tolist()))
