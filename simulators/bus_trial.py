"""The bus lines of a built city with passengers, run as fast as SUMO can: what advice to buses does to headways.

Other traffic is left out; what pulls buses apart is what pulls them apart on the road: uneven starts, lights, drivers
of different speed, and people at stops, of whom there are the more the longer the gap was (Newell and Potts, 1964).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import libsumo
import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork
from simulators.commands import HoldAtStop, SetSpeed
from simulators.errors import UnknownObjectError
from simulators.signal_controller import SignalController
from simulators.signal_controller_wiring import links_of_groups
from simulators.sumo_demand import PlannedService
from simulators.sumo_drivers import Drivers
from simulators.sumo_net import read_net
from simulators.sumo_plane import sumo_plane

STEP = 1.0
"""s"""
BOARD, ALIGHT, DOORS = 2.0, 1.2, 5.0
"""Seconds a passenger who gets on or off, and for the doors (TCRP 165, chapter 6)."""
RIDE = 4.0
"""Stops that a passenger rides on average."""


@dataclass(frozen=True)
class TrialPlan:
    """How the lines are run."""

    services: Sequence[PlannedService]
    seconds: float = 5400.0
    uneven: float = 0.33
    """Standard deviation of a bus's start, in headways."""
    demand: float = 150.0
    """Passengers an hour, stop and line."""
    seed: int = 1


@dataclass(frozen=True)
class TrialBus:
    """A bus of the trial now; m, rad and m/s on the plane of the network."""

    vehicle: str
    service: str
    line: str
    x: float
    y: float
    heading: float
    speed: float
    link: str
    load: int


@dataclass(frozen=True)
class Call:
    """A bus called at a stop; s of the trial."""

    service: str
    number: int
    vehicle: str
    arrival: float


@dataclass(frozen=True)
class Boarding:
    """People who got on while a bus stood at a stop; s of the trial."""

    service: str
    number: int
    departure: float
    waited: float
    """Seconds that they had waited, together: until the bus came, at its first stop until it left."""
    people: int


@dataclass
class _Riding:
    load: int = 0
    calls: int = 0
    at: str = ""
    until: float = 0.0
    wish: float = 0.0
    """Until when advice holds it, s of the trial."""
    came: float = 0.0
    """When it came to the stop where it stands."""
    boarding: list[float] = field(default_factory=list)
    """When those who get on there had come to the stop."""


@dataclass
class BusTrial:
    """One run of the lines; close it with `close`. libsumo allows one at a time in a process."""

    net_file: Path
    stops_file: Path
    network: RoadNetwork
    plan: TrialPlan
    folder: Path
    calls: list[Call] = field(default_factory=list)
    boardings: list[Boarding] = field(default_factory=list)
    _buses: dict[str, _Riding] = field(default_factory=dict)
    _waiting: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        net = read_net(self.net_file)
        self._drivers, self._plane = Drivers(net), sumo_plane(net, self.network.plane)
        self._services = {service.id: service for service in self.plan.services}
        self._random = np.random.default_rng(self.plan.seed)
        wiring = links_of_groups(self.network, self.net_file)
        self._lights = [SignalController(self.network, row, places) for row, places in enumerate(wiring)]
        routes = self.folder / "trial.rou.xml"
        routes.write_text("\n".join(self._routes()), "utf-8")
        files = ["-n", str(self.net_file), "-r", str(routes), "-a", str(self.stops_file)]
        libsumo.start(
            ["sumo", *files, "--step-length", str(STEP), "--seed", str(self.plan.seed), "--no-warnings", "true",
             "--no-step-log", "true", "--time-to-teleport", "-1"]
        )  # fmt: skip

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return float(libsumo.simulation.getTime())

    def step(self) -> list[TrialBus]:
        """Simulate a second and tell where the buses are."""
        libsumo.simulationStep()
        now = self.now
        self._arrive(now)
        names = libsumo.vehicle.getIDList()
        self._drivers.follow()
        for name in names:
            self._serve(name, self._buses.setdefault(name, _Riding()), now)
        return [self._read(name) for name in names]

    def lights(self) -> NDArray[np.uint8]:
        """States of all signal groups now, as DE_LightState."""
        shown = (each.lights(libsumo.trafficlight.getRedYellowGreenState(each.id)) for each in self._lights)
        return np.array([state for states in shown for state in states], np.uint8)

    def obey(self, order: HoldAtStop | SetSpeed) -> bool:
        """Let a driver follow advice; times are seconds of the trial. False where it cannot be followed."""
        try:
            if isinstance(order, SetSpeed):
                return self._drivers.set_speed(order.vehicle, order.mps)
        except (UnknownObjectError, KeyError):
            return False
        riding = self._buses.get(order.vehicle)
        if riding is None:
            return False
        riding.wish = order.until
        if not riding.at:  # it brakes for its stop
            return True
        riding.until = max(riding.until, order.until)
        libsumo.vehicle.setBusStop(order.vehicle, riding.at, max(riding.until - self.now, 1.0))
        return True

    def close(self) -> None:
        """End the run."""
        libsumo.close()

    def _arrive(self, now: float) -> None:
        """People come to the stops at random."""
        for service in self.plan.services:
            for _, stop in service.stops[:-1]:
                count = int(self._random.poisson(self.plan.demand * STEP / 3600.0))
                if count:
                    self._waiting.setdefault((service.id, stop), []).extend([now] * count)

    def _serve(self, name: str, riding: _Riding, now: float) -> None:
        if not libsumo.vehicle.isAtBusStop(name):
            if riding.at:
                self._leave(name, riding, now)
            return
        stop = libsumo.vehicle.getStops(name, 1)[0].stoppingPlaceID
        service = name.partition(".")[0]
        people = self._waiting.pop((service, stop), [])
        if riding.at != stop:
            self._come(name, riding, stop, len(people), now)
        elif people:
            riding.until = max(riding.until, now + BOARD * len(people))
            libsumo.vehicle.setBusStop(name, stop, riding.until - now)
        riding.load += len(people)
        riding.boarding += people

    def _come(self, name: str, riding: _Riding, stop: str, people: int, now: float) -> None:
        service = name.partition(".")[0]
        last = riding.calls + 1 >= len(self._services[service].stops)
        off = riding.load if last else int(self._random.binomial(riding.load, min(1.0 / RIDE, 1.0)))
        riding.load -= off
        served = now + DOORS + max(BOARD * people, ALIGHT * off)
        riding.at, riding.came, riding.until = stop, now, max(served, riding.wish)
        self.calls.append(Call(service, riding.calls, name, now))
        riding.calls += 1
        libsumo.vehicle.setBusStop(name, stop, riding.until - now)

    def _leave(self, name: str, riding: _Riding, now: float) -> None:
        number = riding.calls - 1
        end = now if number == 0 else riding.came
        waited = sum(max(end - came, 0.0) for came in riding.boarding)
        service = name.partition(".")[0]
        self.boardings.append(Boarding(service, number, now, waited, len(riding.boarding)))
        riding.at, riding.wish, riding.boarding = "", 0.0, []

    def _read(self, name: str) -> TrialBus:
        service = name.partition(".")[0]
        x, y = libsumo.vehicle.getPosition(name)
        px, py = self._plane.points(np.array([x]), np.array([y]))
        angle = self._plane.headings(np.array([x]), np.array([y]), np.array([libsumo.vehicle.getAngle(name)]))
        return TrialBus(
            vehicle=name,
            service=service,
            line=self._services[service].line,
            x=float(px[0]),
            y=float(py[0]),
            heading=float(angle[0]),
            speed=float(libsumo.vehicle.getSpeed(name)),
            link=str(libsumo.vehicle.getRoadID(name)),
            load=self._buses[name].load,
        )

    def _routes(self) -> Iterator[str]:
        yield "<routes>"
        speeds = 'speedFactor="normc(0.95,0.1,0.7,1.1)"'
        yield f'<vType id="bus" vClass="bus" length="12" accel="1.2" minGap="2.5" {speeds}/>'
        departs: list[tuple[float, str]] = []
        for service in self.plan.services:
            stops = "".join(f'<stop busStop="{stop}" duration="10"/>' for _, stop in service.stops)
            edges = quoteattr(" ".join(service.route))
            yield f'<route id="{service.id}" edges={edges}>{stops}</route>'
            headway = service.headway
            for number in range(int((self.plan.seconds - service.first) // headway) + 1):
                late = float(np.clip(self._random.normal(0.0, self.plan.uneven), -0.45, 0.45)) * headway
                moment = max(service.first + number * headway + late, 0.0)
                text = f'route="{service.id}" line={quoteattr(service.line)} departLane="best" depart="{moment:.1f}"'
                departs.append((moment, f'<vehicle id="{service.id}.{number}" type="bus" {text}/>'))
        yield from (text for _, text in sorted(departs))
        yield "</routes>"
