"""SUMO as the outside world of a trial: start, incident, who is where, new routes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libsumo
import numpy as np
from numpy.typing import NDArray

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_order import Incident, TrialOrder
from maps.network import RoadNetwork

BLOCKER = "standing vehicle "
_AT = 0.7
"""Part of the link's length at which the standing vehicles stand."""
DEVICE_PERIOD = 60


def start(order: TrialOrder, vehicles: Path, trips: Path) -> None:
    """Start SUMO.

    Raises:
        DiversionTrialError: SUMO refuses the network or the vehicles.
    """
    options = ["-n", str(order.net), "-r", str(vehicles), "--seed", str(order.seed), "--end", str(order.end)]
    options += ["--step-length", str(order.step), "--time-to-teleport", str(order.teleport), "--no-step-log"]
    options += ["--no-warnings", "--duration-log.disable", "--tripinfo-output", str(trips)]
    options += ["--tripinfo-output.write-unfinished", "--tripinfo-output.write-undeparted"]
    options += ["--device.rerouting.period", str(DEVICE_PERIOD), "--routing-algorithm", "astar"]
    if order.meso:
        options += ["--mesosim", "--meso-junction-control"]
    try:
        libsumo.start(["sumo", *options])
    except (libsumo.TraCIException, libsumo.FatalTraCIError, RuntimeError) as error:
        raise DiversionTrialError(str(order.net), str(error).strip()) from error


def close_link(incident: Incident) -> None:
    """Put a standing vehicle on every lane of the link that cars use, until the incident ends.

    Raises:
        DiversionTrialError: SUMO does not let one stand there.
    """
    link = incident.link
    try:
        libsumo.route.add(BLOCKER + link, [link])
        for lane in range(libsumo.edge.getLaneNumber(link)):
            if _admits_cars(f"{link}_{lane}"):
                _stand(incident, lane)
    except libsumo.TraCIException as error:
        raise DiversionTrialError(f"link {link}", str(error)) from None


def _stand(incident: Incident, lane: int) -> None:
    link = incident.link
    name, at = f"{BLOCKER}{link}_{lane}", _AT * libsumo.lane.getLength(f"{link}_{lane}")
    kind = {"typeID": "car", "departLane": str(lane), "departPos": str(at), "departSpeed": "0"}
    libsumo.vehicle.add(name, BLOCKER + link, **kind)
    libsumo.vehicle.setStop(name, link, at + 6.0, lane, incident.end - incident.begin)


def _admits_cars(lane: str) -> bool:
    allowed = libsumo.lane.getAllowed(lane)
    return "passenger" in allowed if allowed else "passenger" not in libsumo.lane.getDisallowed(lane)


@dataclass
class Driver:
    """One vehicle on the road."""

    route: NDArray[np.int32]
    """Rows of all its links since its last change of way."""
    place: int = 0
    """Where on `route` it is."""
    lane: int = -1
    """Row of its lane, -1 inside a junction."""
    position: float = 0.0
    """m from the start of the link."""
    speed: float = 0.0
    """m/s"""
    fresh: bool = True


@dataclass
class Seen:
    """What a look at all vehicles gave: columns over the vehicles on lanes, and the links entered since the last."""

    lanes: NDArray[np.int64]
    speeds: NDArray[np.float64]
    entered: NDArray[np.int64]


@dataclass
class World:
    """All vehicles on the road, by name."""

    network: RoadNetwork
    routes: dict[str, tuple[str, ...]]
    drivers: dict[str, Driver] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lanes = {str(name): row for row, name in enumerate(self.network.lanes.id.tolist())}
        self._links = self.network.link_rows

    def admit(self) -> list[str]:
        """Take in who has just set out."""
        names = [name for name in libsumo.simulation.getDepartedIDList() if name in self.routes]
        for name in names:
            self.drivers[name] = Driver(self.rows(self.routes[name]))
        for name in libsumo.simulation.getArrivedIDList():
            self.drivers.pop(name, None)
        return names

    def look(self) -> Seen:
        """See where everybody is."""
        lanes: list[int] = []
        speeds: list[float] = []
        entered: list[int] = []
        vehicles = libsumo.vehicle
        for name in vehicles.getIDList():
            driver = self.drivers.get(name)
            if driver is None:
                continue
            # Mesoscopic vehicles are on no lane; the first of their link stands for it.
            lane = self._lanes.get(vehicles.getLaneID(name) or f"{vehicles.getRoadID(name)}_0", -1)
            place = max(vehicles.getRouteIndex(name), 0)
            if place > driver.place:
                entered.extend(driver.route[driver.place + 1 : place + 1].tolist())
                driver.place = place
            driver.lane, driver.position = lane, vehicles.getLanePosition(name)
            driver.speed = max(vehicles.getSpeed(name), 0.0)
            if lane >= 0:
                lanes.append(lane)
                speeds.append(driver.speed)
        return Seen(np.array(lanes, np.int64), np.array(speeds), np.array(entered, np.int64))

    def rows(self, edges: Iterable[str]) -> NDArray[np.int32]:
        """Rows of links."""
        return np.array([self._links[edge] for edge in edges], np.int32)

    def lead(self, name: str, route: NDArray[np.int32]) -> bool:
        """Give a vehicle another way from the link that it is on; False where SUMO does not take it."""
        edges: Sequence[str] = self.network.links.id[route].tolist()
        try:
            libsumo.vehicle.setRoute(name, edges)
        except libsumo.TraCIException:
            return False
        driver = self.drivers[name]
        driver.route, driver.place = route, 0
        return True
