"""Parking guidance (停车诱导): the car park that costs a driver least, with the chance of a free place on arrival.

Content of an advisory: `lot` id, `lon`, `lat`, `free` places now, `probability` of a free place on arrival, `links`
ids of the route there, `drive_s` and `walk_m` from the lot to the destination.
Cost of a lot: drive, walk and the expected search elsewhere when it is full. Vehicles under way to a lot count as
parked there, so that not everybody is sent to the same one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Lot, Numbering, Scene

WALK_SPEED = 1.3
WALK_DETOUR = 1.3
"""Way on foot against the straight line."""
FULL_COST = 1200.0
"""What arriving at a full car park costs: search, wait and a longer walk, s."""
STALE = 120.0
"""A status older than this says nothing."""
PATIENCE = 15.0
"""A request of a vehicle that no track shows yet waits this long, s."""
WALK_WEIGHT = 2.0
"""A minute on foot is felt like two in the car."""
VALIDITY = 600.0
GRACE = 60.0


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
class _Choice:
    row: int
    links: tuple[int, ...]
    drive: float
    walk: float
    probability: float
    free: int


class Parking:
    """Answers requests, one advisory each, and balances them over the lots."""

    def __init__(self, routes: LiveRoutes) -> None:
        self._routes = routes
        self._requests: dict[str, ParkingRequest] = {}
        self._reserved: dict[str, tuple[int, float]] = {}
        self._ids = Numbering("parking")
        self.unanswered = 0
        """Requests for which there was no lot or no track."""

    def request(self, request: ParkingRequest) -> None:
        """Take a request; a newer one of the same vehicle replaces it."""
        self._requests[request.vehicle] = request

    def advise(self, scene: Scene) -> list[Advisory]:
        """Answer every request whose vehicle can be seen."""
        self._reserved = {name: kept for name, kept in self._reserved.items() if scene.now < kept[1]}
        advisories: list[Advisory] = []
        for request in list(self._requests.values()):
            row = _track_of(scene, request.device)
            choice = self._choose(scene, request, row) if row is not None else None
            if choice is not None:
                self._reserved[request.vehicle] = (choice.row, scene.now + choice.drive + GRACE)
                advisories.append(self._advisory(scene, request, choice))
            elif scene.now - request.received <= PATIENCE:
                continue
            else:
                self.unanswered += 1
            del self._requests[request.vehicle]
        return advisories

    def _choose(self, scene: Scene, request: ParkingRequest, track: int) -> _Choice | None:
        """Give the lot of least cost among those that can be reached."""
        network = scene.topology.network
        seconds = np.asarray(scene.picture.links.travel_time, np.float64)
        start = int(network.lanes.link[int(scene.picture.tracks.lane[track])])
        targets = network.lanes.link[network.car_parks.lane]
        drive = self._routes.times_from(start, seconds)[targets]
        walk = WALK_DETOUR * np.hypot(network.car_parks.x - request.x, network.car_parks.y - request.y)
        chance = np.array([self._chance(scene, row, float(drive[row])) for row in range(len(targets))])
        cost = drive + WALK_WEIGHT * walk / WALK_SPEED + (1 - chance) * FULL_COST
        for row in np.argsort(cost).tolist():
            route = self._routes.find(start, int(targets[row]), seconds) if math.isfinite(cost[row]) else None
            if route is not None:
                lot = scene.lots.get(row)
                free = max(lot.capacity - lot.occupied, 0) if lot is not None else 0
                return _Choice(
                    row, tuple(route.links.tolist()), float(drive[row]), float(walk[row]), float(chance[row]), free
                )
        return None

    def _chance(self, scene: Scene, row: int, drive: float) -> float:
        lot = scene.lots.get(row)
        if lot is None or not math.isfinite(drive):
            return 0.0
        under_way = sum(1 for reserved, _ in self._reserved.values() if reserved == row)
        return free_probability(lot, drive + scene.now - lot.updated, under_way) if _is_fresh(lot, scene.now) else 0.3

    def _advisory(self, scene: Scene, request: ParkingRequest, choice: _Choice) -> Advisory:
        network = scene.topology.network
        lot = network.car_parks
        lon, lat = network.plane.inverse(lot.x[choice.row], lot.y[choice.row])
        return Advisory(
            id=self._ids.next(scene.now),
            kind=AdvisoryKind.PARKING,
            target=f"obu:{request.vehicle}",
            created=scene.now,
            valid_until=scene.now + VALIDITY,
            reason=f"{lot.name_en[choice.row] or lot.id[choice.row]} has {choice.free} free places, is "
            f"{choice.drive:.0f} s away and has one free on arrival with a chance of {choice.probability:.0%}.",
            reason_code="parking.least_cost",
            lon=float(lon),
            lat=float(lat),
            content={
                "lot": str(lot.id[choice.row]),
                "lon": round(float(lon), 7),
                "lat": round(float(lat), 7),
                "free": choice.free,
                "probability": round(choice.probability, 3),
                "links": [str(network.links.id[row]) for row in choice.links],
                "drive_s": round(choice.drive, 1),
                "walk_m": round(choice.walk, 1),
            },
        )


def free_probability(lot: Lot, ahead: float, under_way: int) -> float:
    """Chance of a free place `ahead` s from the lot's status on, with `under_way` more cars sent there.

    Occupancy then is taken as normal about its trend, with the variance of arrivals and departures that balance:
    a place turns over about once an hour.
    """
    mean = lot.occupied + lot.trend * ahead + under_way
    deviation = math.sqrt(1.0 + 2.0 * lot.capacity / 3600.0 * max(ahead, 0.0))
    return 0.5 * (1.0 + math.erf((lot.capacity - 0.5 - mean) / (deviation * math.sqrt(2.0))))


def _is_fresh(lot: Lot, now: float) -> bool:
    return now - lot.updated <= STALE


def _track_of(scene: Scene, device: int) -> int | None:
    """Row of the vehicle's track that is on a lane."""
    tracks = scene.picture.tracks
    rows: NDArray[np.intp] = np.flatnonzero((tracks.self_device == device) & (tracks.lane >= 0))
    return int(rows[0]) if len(rows) else None
