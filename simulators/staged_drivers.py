"""Staged drivers: vehicles of the traffic that for a while crawl, race, brake, jump a light or park at the kerb.

Each class looks for a vehicle in a place that suits it (`seek`), takes its wheel and gives it back. `begun` tells
whether what is staged is going on at this moment.
"""

from collections.abc import Iterator

import libsumo

from maps.participants import ParticipantKind
from simulators.staged_driver import HARD, OWN_LANE_CHANGES, PAST_LIGHTS, USUAL, StagedDriver, cars, free_ahead
from simulators.staged_places import ENDS, Places, point_on
from simulators.staged_tailgating import TailgatingDriver
from simulators.sumo_frames import carries_obu
from simulators.sumo_net import SumoNet

_SLOWS = 4.0
"""Who is to crawl takes this long to brake, s."""
_AHEAD = 120.0
_BEGINS = 90.0
"""Who crawls away from a unit begins so near to it, m: for some seconds it and the road ahead of it stay in view."""
_STOP_WAY = 50.0
_NEAR = 80.0
"""What is over within two seconds is staged so near to a unit, m: farther away one misses more."""
_IN_VIEW = 145.0
"""Nobody can find who races without a terminal where no unit looks, m from one."""
_DRAWS_IN, _SLANT = 20.0, 0.12
"""Who parks draws in to the kerb on the last metres, so far to the side for each of them."""
_RACE = 5.0
"""Who races can do so for so long, s, before it has to brake or to change lanes."""


class SlowDriver(StagedDriver):
    """Crawls along a free road."""

    kind = "slow_vehicle"
    pace = 3.0

    @staticmethod
    def seek(places: Places, _: SumoNet) -> Iterator[str]:
        """Find one who comes out of a junction with the road ahead free."""
        for name, place, left in cars(places, 3 * ENDS + _AHEAD):
            clear = ENDS < place < 2 * ENDS and left > _AHEAD + ENDS and free_ahead(name, _AHEAD)
            slows = _SLOWS * (libsumo.vehicle.getSpeed(name) + SlowDriver.pace) / 2.0
            edge, lane = libsumo.vehicle.getRoadID(name), libsumo.vehicle.getLaneIndex(name)
            if clear and places.overlooked(point_on(edge, lane, place + slows), _BEGINS):
                yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        self._own = libsumo.vehicle.getMaxSpeed(vehicle)
        self._edge = libsumo.vehicle.getRoadID(vehicle)
        libsumo.vehicle.slowDown(vehicle, self.pace, _SLOWS)

    def drive(self) -> bool:
        """Crawl."""
        if libsumo.vehicle.getSpeed(self.actor) < self.pace + 0.5:
            libsumo.vehicle.setMaxSpeed(self.actor, self.pace)
        here = libsumo.vehicle.getRoadID(self.actor) == self._edge
        return here and bool(libsumo.vehicle.getSpeed(self.actor) < self.pace + 0.5)

    def give_back(self) -> None:
        """Let the driver drive again."""
        libsumo.vehicle.setMaxSpeed(self.actor, self._own)


class FastDriver(StagedDriver):
    """Races towards a light that stays green."""

    kind = "fast_vehicle"
    seconds = 20.0
    factor = 1.5

    @staticmethod
    def seek(places: Places, net: SumoNet) -> Iterator[str]:
        """Find one who drives straight on along a free road, and a light that will be green.

        Those on the right may have to brake for who turns right, or crosses to do so.
        """
        now, turns = libsumo.simulation.getTime(), directions(net)
        for name, _place, _left in cars(places, 2 * ENDS):
            first = net.edges[libsumo.vehicle.getRoadID(name)].lane_for("passenger")
            if first is None or libsumo.vehicle.getLaneIndex(name) <= first.index:
                continue
            lights = libsumo.vehicle.getNextTLS(name)
            if not lights or not 150.0 < lights[0][2] < 320.0 or lights[0][3] != "G":
                continue
            signal, link, way, _state = lights[0]
            in_time = libsumo.trafficlight.getNextSwitch(signal) - now > way / 18.0
            straight = turns.get((signal, link)) == "s"
            fast = libsumo.vehicle.getSpeed(name) > 11.0
            if in_time and straight and fast and free_ahead(name, way + ENDS) and keeps_lane(name, way):
                yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        self._own = libsumo.vehicle.getSpeedFactor(vehicle)
        self._reports = carries_obu(vehicle, ParticipantKind.CAR)
        libsumo.vehicle.setSpeedFactor(vehicle, self.factor)
        libsumo.vehicle.setLaneChangeMode(vehicle, 0)

    def drive(self) -> bool:
        """Race."""
        lane = libsumo.vehicle.getLaneID(self.actor)
        limit = libsumo.lane.getMaxSpeed(lane)
        fast = libsumo.vehicle.getSpeed(self.actor) > max(1.25 * limit, limit + 3.5)
        seen = self._reports or self._places.overlooked(self.point, _IN_VIEW)
        return bool(fast) and seen and (self.begun or self._can_race())

    def _can_race(self) -> bool:
        """Tell whether neither a vehicle nor a light nor a change of lanes will soon slow it down."""
        speed = float(libsumo.vehicle.getSpeed(self.actor))
        reach = _RACE * speed + speed * speed / (2.0 * USUAL)
        lights = libsumo.vehicle.getNextTLS(self.actor)
        if lights and lights[0][2] < reach:
            signal, _, way, state = lights[0]
            if state != "G" or libsumo.trafficlight.getNextSwitch(signal) - libsumo.simulation.getTime() < way / speed:
                return False
        return free_ahead(self.actor, reach) and keeps_lane(self.actor, reach)

    def give_back(self) -> None:
        """Let the driver drive again."""
        libsumo.vehicle.setSpeedFactor(self.actor, self._own)
        libsumo.vehicle.setLaneChangeMode(self.actor, OWN_LANE_CHANGES)


class BrakingDriver(StagedDriver):
    """Brakes as hard as tyres allow and stands for a moment."""

    kind = "sudden_braking"
    seconds = 6.0

    @staticmethod
    def seek(places: Places, _: SumoNet) -> Iterator[str]:
        """Find one with nobody close ahead or behind."""
        for name, place, left in cars(places, 2 * ENDS):
            fast = libsumo.vehicle.getSpeed(name) > 12.0 and place > ENDS and left > ENDS
            if not fast or not places.overlooked(libsumo.vehicle.getPosition(name), _NEAR):
                continue
            behind = libsumo.vehicle.getFollower(name, 60.0)
            if free_ahead(name, 45.0) and not behind[0]:
                yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        libsumo.vehicle.setDecel(vehicle, HARD)
        libsumo.vehicle.setSpeed(vehicle, 0.0)

    def drive(self) -> bool:
        """Brake."""
        return bool(libsumo.vehicle.getAcceleration(self.actor) < -6.0)

    def over(self) -> bool:
        """Tell whether the time is over: it stands until then."""
        return False

    def give_back(self) -> None:
        """Let the driver drive again."""
        libsumo.vehicle.setDecel(self.actor, USUAL)
        super().give_back()


class RedLightDriver(StagedDriver):
    """Drives on past a red light."""

    kind = "red_light_passage"
    seconds = 16.0

    @staticmethod
    def seek(places: Places, net: SumoNet) -> Iterator[str]:
        """Find one who comes first to a light that stays red, and does not turn right."""
        now, turns = libsumo.simulation.getTime(), directions(net)
        for name, _, _ in cars(places, 0.0):
            lights = libsumo.vehicle.getNextTLS(name)
            if not lights or not 20.0 < lights[0][2] < 70.0 or lights[0][3] != "r":
                continue
            signal, link, way, _state = lights[0]
            stays = libsumo.trafficlight.getNextSwitch(signal) - now > 5.0 + way / 8.0
            straight = turns.get((signal, link)) in {"s", "l"}
            if stays and straight and libsumo.vehicle.getSpeed(name) > 6.0 and free_ahead(name, way + 10.0):
                yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        self._passed = False
        libsumo.vehicle.setSpeedMode(vehicle, PAST_LIGHTS)
        libsumo.vehicle.setSpeed(vehicle, max(libsumo.vehicle.getSpeed(vehicle), 8.0))

    def drive(self) -> bool:
        """Drive on; the passage lasts until the junction is crossed. Who only creeps over the line passes nothing."""
        inside = libsumo.vehicle.getRoadID(self.actor)[:1] == ":"
        self._passed = inside and (self._passed or libsumo.vehicle.getSpeed(self.actor) > 5.0)
        return self._passed


class ParkingDriver(StagedDriver):
    """Stops at the kerb of a road without a car park and stays."""

    kind = "illegal_parking"
    seconds = 75.0
    aside = 1.2
    """How far to the right of its lane's middle it stands, m."""

    @staticmethod
    def seek(places: Places, _: SumoNet) -> Iterator[str]:
        """Find one on the rightmost lane for cars who can stop in view, away from where queues stand."""
        for edge in places.edges:
            lane = edge.lane_for("passenger")
            if lane is None:
                continue
            for name in libsumo.lane.getLastStepVehicleIDs(lane.id):
                spot = libsumo.vehicle.getLanePosition(name) + _STOP_WAY
                if libsumo.vehicle.getVehicleClass(name) != "passenger" or libsumo.vehicle.getStops(name, 1):
                    continue
                if spot < lane.length - 2 * ENDS and places.overlooked(point_on(edge.id, lane.index, spot)):
                    yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        self._right = 0.0
        self._spot = libsumo.vehicle.getLanePosition(vehicle) + _STOP_WAY
        edge, lane = libsumo.vehicle.getRoadID(vehicle), libsumo.vehicle.getLaneIndex(vehicle)
        libsumo.vehicle.setStop(vehicle, edge, self._spot, lane, self.seconds)

    def drive(self) -> bool:
        """Draw in to the kerb while it still rolls, then stand there."""
        if self._spot - libsumo.vehicle.getLanePosition(self.actor) < _DRAWS_IN:
            rolls = libsumo.vehicle.getSpeed(self.actor) * libsumo.simulation.getDeltaT()
            self._right = min(self._right + _SLANT * rolls, self.aside)
            libsumo.vehicle.setLateralLanePosition(self.actor, -self._right)
        return bool(libsumo.vehicle.isStopped(self.actor))

    def over(self) -> bool:
        """Tell whether the time is over."""
        return False

    def give_back(self) -> None:
        """Drive on in the lane."""
        libsumo.vehicle.setLateralLanePosition(self.actor, 0.0)


def keeps_lane(vehicle: str, reach: float) -> bool:
    """Tell whether a vehicle can drive on along its lane, and those that go on from it, for `reach` m."""
    own, place = libsumo.vehicle.getLaneID(vehicle), libsumo.vehicle.getLanePosition(vehicle)
    return any(
        lane == own and offset == 0 and length - place > reach
        for lane, length, _, offset, *_ in libsumo.vehicle.getBestLanes(vehicle)
    )


def directions(net: SumoNet) -> dict[tuple[str, int], str]:
    """Give by signal and place in it where a link leads: `s` straight on, `l` left, `r` right, and so on."""
    return {(link.signal, link.link_index): link.direction for link in net.connections}


DRIVERS: dict[str, type[StagedDriver]] = {
    each.kind: each for each in (SlowDriver, FastDriver, BrakingDriver, RedLightDriver, TailgatingDriver, ParkingDriver)
}
