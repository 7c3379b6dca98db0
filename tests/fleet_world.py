"""A world for the tests of devices: road users that circle about the signals of the small test city."""

import time
from collections.abc import Callable
from functools import cache

import maps_city
import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork
from maps.participants import ParticipantKind as Kind
from simulators.commands import Command, CommandResult
from simulators.device_report import Ledger
from simulators.faults import FaultPlan, Faults
from simulators.fleet_client import Broker
from simulators.fleet_context import FleetContext
from simulators.fleet_levels import LEVELS
from simulators.fleet_motion import Segment, join
from simulators.rsu_sensor import Sites
from simulators.signal_controller_wiring import links_of_groups
from simulators.world import WorldFrame

STEP = 0.5
SPEED = 8.0


def network() -> RoadNetwork:
    """The small test city."""
    return maps_city.imported().network


@cache
def wiring() -> list[list[int]]:
    """Its lights."""
    return links_of_groups(network(), maps_city.city().net)


def make_frame(
    when: float,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    speed: float = 0.0,
    heading: NDArray[np.float64] | None = None,
    *,
    ids: list[str] | None = None,
    kind: Kind = Kind.CAR,
    equipped: int = 0,
) -> WorldFrame:
    """A frame of road users of one kind, the first `equipped` of which carry a terminal."""
    count = len(x)
    lights = {str(name): "".join("rG"[(place + int(when / 20)) % 2] for place in range(60)) for name in _signals()}
    return WorldFrame(
        time=when,
        id=np.array(ids or [f"v{row}" for row in range(count)], np.str_),
        kind=np.full(count, kind, np.uint8),
        x=np.asarray(x, np.float64),
        y=np.asarray(y, np.float64),
        speed=np.full(count, speed, np.float32),
        acceleration=np.zeros(count, np.float32),
        heading=np.zeros(count, np.float32) if heading is None else heading.astype(np.float32),
        length=np.full(count, 4.6, np.float32),
        width=np.full(count, 1.8, np.float32),
        height=np.full(count, 1.5, np.float32),
        lane=np.full(count, str(network().lanes.id[0])),
        equipped=np.arange(count) < equipped,
        lights=lights,
        light_ends=dict.fromkeys(lights, (when // 20 + 1) * 20.0),
        occupancy=dict.fromkeys(map(str, network().car_parks.id), 3),
    )


def _signals() -> NDArray[np.str_]:
    return network().signals.id


def still_segment(x: NDArray[np.float64], y: NDArray[np.float64], when: float = 1000.0) -> Segment:
    """A segment in which nobody moves; slot and row are the same."""
    slots = np.arange(len(x))
    return join(make_frame(when, x, y), slots, make_frame(when + STEP, x, y), slots, network().plane)


def one_site(reach: float = 150.0, half_view: float = np.pi) -> Sites:
    """One unit at the middle of the plane that looks north."""
    plane = network().plane
    one, zero = np.ones(1), np.zeros(1)
    return Sites(zero, zero, plane.lon * one, plane.lat * one, reach * one, zero, half_view * one)


class CirclingCity:
    """Cars that circle at 8 m/s within 60 m of the signals, in step with the clock."""

    def __init__(self, cars: int, equipped: int, clock: Callable[[], float] = time.time) -> None:
        signals = network().signals
        at = np.arange(cars) % 2
        self._x, self._y = signals.x[at], signals.y[at]
        self._radius = np.linspace(15.0, 60.0, cars)
        self._equipped, self._clock = equipped, clock
        self._sent = clock() - STEP
        self.alive = True
        self.orders: list[Command] = []

    def frames(self) -> list[WorldFrame]:
        frames = []
        while self._sent < self._clock() + STEP:
            self._sent += STEP
            angle = SPEED / self._radius * (self._sent % 10_000)
            x, y = self._x + self._radius * np.sin(angle), self._y + self._radius * np.cos(angle)
            frames.append(make_frame(self._sent, x, y, SPEED, angle + np.pi / 2, equipped=self._equipped))
        return frames

    def results(self) -> list[CommandResult]:
        return [CommandResult(order, accepted=True) for order in self.orders[len(self.orders) :]]

    def send(self, command: Command) -> None:
        self.orders.append(command)


def make_context(
    url: str, city: CirclingCity, *, compliance: float = 1.0, plan: FaultPlan | None = None
) -> FleetContext:
    """What devices share, at the level `good`."""
    ledger = Ledger(time.time())
    return FleetContext(
        broker=Broker.from_url(url),
        network=network(),
        ledger=ledger,
        faults=Faults(plan or FaultPlan(), 7, ledger),
        level=LEVELS["good"],
        rng=np.random.default_rng(3),
        seed=3,
        compliance=compliance,
        reach=150.0,
        order=city.send,
        now=time.time,
    )
