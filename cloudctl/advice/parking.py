"""Parking guidance (停车诱导): which lot a driver is sent to, by which route, with what chance of a free place.

Content of an advisory: `lot` id, `lon`, `lat`, `free` places now, `probability` of a free place on arrival, `links`
ids of the route there, `drive_s`, `walk_m` from the lot to the destination, `under_way` cars sent there before.
Requests that are open together are shared out over the lots (`cloudctl.parking.assignment`): the sum of drives, walks,
prices and risks is least, and who is under way to a lot counts before those who are sent next.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Lot, Numbering, Scene
from cloudctl.parking.assignment import assign
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.prediction import Outlook, day_slot, look_ahead, rates_ahead
from cloudctl.parking.register import ZONE, Profile
from maps.network import RoadNetwork

Reals = NDArray[np.float64]
WALK_SPEED = 1.3
WALK_DETOUR = 1.3
"""Way on foot against the straight line."""
FULL_COST = 1200.0
"""What arriving at a full lot costs: search, wait and a longer walk, s."""
STALE = 120.0
"""A status older than this says nothing."""
BLIND_CHANCE = 0.3
"""Of a place in a lot whose status is stale."""
PATIENCE = 15.0
"""A request of a vehicle that no track shows yet waits this long, s."""
WALK_WEIGHT = 2.0
"""A minute on foot is felt like two in the car."""
PRICE_WEIGHT = 60.0
"""Driving time that one unit of money is worth, s."""
USUAL_STAY = 60.0
"""Stay that prices are compared by, min."""
VALIDITY = 600.0
GRACE = 60.0
TOGETHER = 32
"""Requests shared out at once; others wait for the next turn."""
NEAR = 12
"""Lots whose chance is worked out for each request."""
ROUNDED = 30.0
"""Horizons are rounded to this, s."""


@dataclass(frozen=True)
class ParkingRequest:
    """A vehicle looks for a place (VIR parking)."""

    vehicle: str
    device: int
    """Row of the vehicle's terminal."""
    x: float
    y: float
    """Destination in the local plane, m."""
    received: float


@dataclass(frozen=True)
class _Reach:
    """What each lot costs one driver, (n,)."""

    request: ParkingRequest
    start: int
    drive: Reals
    entrance: NDArray[np.int64]
    walk: Reals
    cost: Reals


class Parking:
    """Answers requests, one advisory each, and balances them over the lots."""

    def __init__(self, routes: LiveRoutes) -> None:
        self._routes = routes
        self._requests: dict[str, ParkingRequest] = {}
        self._reserved: dict[str, tuple[str, float]] = {}
        self._ids = Numbering("parking")
        self._own: tuple[RoadNetwork, LotTable] | None = None
        self._outlooks: dict[tuple[int, float], Outlook] = {}
        self.unanswered = 0
        """Requests for which there was no lot or no track."""

    @property
    def under_way(self) -> Counter[str]:
        """Cars that were sent to each lot and are not there yet, by id."""
        return Counter(lot for lot, _ in self._reserved.values())

    def request(self, request: ParkingRequest) -> None:
        """Take a request; a newer one of the same vehicle replaces it."""
        self._requests[request.vehicle] = request

    def declined(self, vehicle: str) -> None:
        """Take note that a driver does not go where advised."""
        self._reserved.pop(vehicle, None)

    def advise(self, scene: Scene) -> list[Advisory]:
        """Answer the requests whose vehicles can be seen."""
        self._reserved = {name: kept for name, kept in self._reserved.items() if scene.now < kept[1]}
        self._outlooks = {}
        table = self._table(scene)
        reached = [self._reach(scene, table, request, row) for request, row in self._visible(scene)]
        advisories: list[Advisory] = []
        for reach, (row, chance) in zip(reached, self._share_out(scene, table, reached), strict=True):
            del self._requests[reach.request.vehicle]
            advisory = self._answer(scene, table, reach, row, chance) if row >= 0 else None
            if advisory is None:
                self.unanswered += 1
            else:
                advisories.append(advisory)
        return advisories

    def _visible(self, scene: Scene) -> list[tuple[ParkingRequest, int]]:
        """Requests that can be answered now, with the rows of their tracks; those that waited too long are dropped."""
        found: list[tuple[ParkingRequest, int]] = []
        for request in list(self._requests.values())[: 2 * TOGETHER]:
            row = _track_of(scene, request.device)
            if row is not None and len(found) < TOGETHER:
                found.append((request, row))
            elif row is None and scene.now - request.received > PATIENCE:
                self.unanswered += 1
                del self._requests[request.vehicle]
        return found

    def _table(self, scene: Scene) -> LotTable:
        if scene.lot_table is not None:
            return scene.lot_table
        network = scene.topology.network
        if self._own is None or self._own[0] is not network:
            self._own = network, LotTable.of(network)
        return self._own[1]

    def _reach(self, scene: Scene, table: LotTable, request: ParkingRequest, track: int) -> _Reach:
        network = scene.topology.network
        seconds = np.asarray(scene.picture.links.travel_time, np.float64)
        start = int(network.lanes.link[int(scene.picture.tracks.lane[track])])
        drive, entrance = table.best_entrances(self._routes.times_from(start, seconds))
        walk = WALK_DETOUR * np.hypot(table.x - request.x, table.y - request.y)
        zone = ZoneInfo(scene.lot_zone or ZONE)
        closed = [not lot.open_at(scene.now, zone) for lot in table.lots]
        price = [lot.price.of(USUAL_STAY) if lot.price else 0.0 for lot in table.lots]
        cost = drive + WALK_WEIGHT * walk / WALK_SPEED + PRICE_WEIGHT * np.array(price)
        return _Reach(request, start, drive, entrance, walk, np.where(closed, np.inf, cost))

    def _share_out(self, scene: Scene, table: LotTable, reached: Sequence[_Reach]) -> list[tuple[int, float]]:
        if not reached or not table.lots:
            return [(-1, 0.0)] * len(reached)
        costs = np.array([reach.cost for reach in reached])
        near = np.unique(np.argsort(costs, axis=1, kind="stable")[:, :NEAR])
        drive = np.median([reach.drive for reach in reached], axis=0)
        under_way = self.under_way
        chances = np.zeros((len(table.lots), len(reached)))
        for row in near.tolist():
            sent = under_way[table.lots[row].id]
            chances[row] = self._chances(scene, table, row, float(drive[row]), sent, len(reached))
        return assign(costs, chances, FULL_COST)

    def _chances(self, scene: Scene, table: LotTable, row: int, drive: float, sent: int, count: int) -> Reals:
        lot = scene.lots.get(row)
        if lot is None or not math.isfinite(drive):
            return np.zeros(count)
        if scene.now - lot.updated > STALE:
            return np.full(count, BLIND_CHANCE)
        ahead = max(ROUNDED * round((drive + scene.now - lot.updated) / ROUNDED), ROUNDED)
        found = self._outlooks.get((row, ahead))
        if found is None:
            slot = day_slot(lot.updated, ZoneInfo(scene.lot_zone or ZONE))
            found = _outlook(lot, scene.lot_profiles.get(table.lots[row].id), slot, ahead)
            self._outlooks[row, ahead] = found
        return found.chances(count, sent)

    def _answer(self, scene: Scene, table: LotTable, reach: _Reach, row: int, chance: float) -> Advisory | None:
        seconds = np.asarray(scene.picture.links.travel_time, np.float64)
        route = self._routes.find(reach.start, int(reach.entrance[row]), seconds)
        if route is None:
            return None
        lot, now = table.lots[row], scene.lots.get(row)
        sent = self.under_way[lot.id]
        self._reserved[reach.request.vehicle] = (lot.id, scene.now + float(reach.drive[row]) + GRACE)
        free = max(now.capacity - now.occupied, 0) if now is not None else 0
        drive, network = float(reach.drive[row]), scene.topology.network
        return Advisory(
            id=self._ids.next(scene.now),
            kind=AdvisoryKind.PARKING,
            target=f"obu:{reach.request.vehicle}",
            created=scene.now,
            valid_until=scene.now + VALIDITY,
            reason=f"{lot.name_en or lot.id} has {free} free places, {sent} cars are on their way to it, it is "
            f"{drive:.0f} s away and has one free on arrival with a chance of {chance:.0%}.",
            reason_code="parking.least_cost",
            lon=lot.lon,
            lat=lot.lat,
            content={
                "lot": lot.id,
                "lon": lot.lon,
                "lat": lot.lat,
                "free": free,
                "probability": round(chance, 3),
                "links": [str(network.links.id[link]) for link in route.links],
                "drive_s": round(drive, 1),
                "walk_m": round(float(reach.walk[row]), 1),
                "under_way": sent,
            },
        )


def _outlook(lot: Lot, profile: Profile | None, slot: tuple[bool, float], ahead: float) -> Outlook:
    return look_ahead(lot.occupied, lot.capacity, rates_ahead(profile, slot, ahead, lot.occupied, lot.trend))


def _track_of(scene: Scene, device: int) -> int | None:
    """Row of the vehicle's track that is on a lane."""
    tracks = scene.picture.tracks
    rows: NDArray[np.intp] = np.flatnonzero((tracks.self_device == device) & (tracks.lane >= 0))
    return int(rows[0]) if len(rows) else None
