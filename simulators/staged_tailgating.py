"""Staged near misses: a vehicle comes up to a standing one and brakes at the last moment."""

from collections.abc import Iterator

import libsumo

from simulators.staged_driver import BLIND, HARD, OWN_LANE_CHANGES, UNSAFE, USUAL, StagedDriver, cars
from simulators.staged_places import ENDS, Places, Point
from simulators.sumo_net import SumoNet

_CLOSE, _NEEDED = 1.2, 6.0
"""Two are close to a collision so short before it, s, if only braking harder than this avoids it, m/s2."""
_SPARE = 1.0
"""Way that full braking leaves between the two, m."""
_STANDS = 1.0
"""m/s"""
_ASKEW = 10.0
"""deg"""


class TailgatingDriver(StagedDriver):
    """Comes up to a standing vehicle and brakes at the last moment."""

    kind = "near_miss"
    seconds = 14.0

    @staticmethod
    def seek(places: Places, _: SumoNet) -> Iterator[str]:
        """Find one who comes up fast to one who stands."""
        for name, place, _left in cars(places, ENDS):
            leader = libsumo.vehicle.getLeader(name, 100.0)
            if not leader or not leader[0] or not 25.0 < leader[1] < 70.0 or place < ENDS / 2:
                continue
            fast, stands = libsumo.vehicle.getSpeed(name) > 10.0, libsumo.vehicle.getSpeed(leader[0]) < _STANDS
            same = libsumo.vehicle.getLaneID(leader[0]) == libsumo.vehicle.getLaneID(name)
            if fast and stands and same and _in_line(name, leader[0]) and places.overlooked(_point(name)):
                yield name

    def __init__(self, vehicle: str, places: Places) -> None:
        super().__init__(vehicle, places)
        gap, _, self._lane = self._ahead()
        self._steps, pace = even_pace(gap - _SPARE, libsumo.vehicle.getSpeed(vehicle), libsumo.simulation.getDeltaT())
        self._lost = False
        libsumo.vehicle.setLaneChangeMode(vehicle, 0)
        libsumo.vehicle.setSpeedMode(vehicle, BLIND)
        libsumo.vehicle.setSpeed(vehicle, pace)

    def drive(self) -> bool:
        """Come up, then brake."""
        gap, leader, lane = self._ahead()
        self._lost = self._steps > 0 and (lane != self._lane or leader > _STANDS)
        if self._lost:
            return False
        self._steps -= 1
        if self._steps == 0:
            libsumo.vehicle.setDecel(self.actor, HARD)
            libsumo.vehicle.setSpeedMode(self.actor, UNSAFE)
            libsumo.vehicle.setSpeed(self.actor, 0.0)
        closing = libsumo.vehicle.getSpeed(self.actor) - leader
        return bool(closing > 2.0 and gap < _CLOSE * closing and closing * closing > 2.0 * _NEEDED * gap)

    def _ahead(self) -> tuple[float, float, str]:
        """Give the way to the vehicle ahead, m, its speed, m/s, and the own lane; inf where nobody is ahead."""
        leader, lane = libsumo.vehicle.getLeader(self.actor, 100.0), libsumo.vehicle.getLaneID(self.actor)
        if not leader or not leader[0]:
            return float("inf"), float("inf"), lane
        return leader[1] + libsumo.vehicle.getMinGap(self.actor), float(libsumo.vehicle.getSpeed(leader[0])), lane

    def over(self) -> bool:
        """Tell whether nothing is left to do, as where the one ahead drives on: who drives blindly passes lights."""
        return self._lost or super().over()

    def give_back(self) -> None:
        """Let the driver drive again."""
        libsumo.vehicle.setDecel(self.actor, USUAL)
        libsumo.vehicle.setLaneChangeMode(self.actor, OWN_LANE_CHANGES)
        super().give_back()


def _in_line(one: str, other: str) -> bool:
    """Tell whether two vehicles head the same way: one that stopped between two lanes can be passed."""
    turn = libsumo.vehicle.getAngle(one) - libsumo.vehicle.getAngle(other)
    return bool(abs((turn + 180.0) % 360.0 - 180.0) < _ASKEW)


def _point(vehicle: str) -> Point:
    x, y = libsumo.vehicle.getPosition(vehicle)
    return float(x), float(y)


def even_pace(way: float, speed: float, step: float) -> tuple[int, float]:
    """Tell in how many steps, s, and at which pace near `speed` one comes to where full braking needs the rest."""
    steps = max(round((way - braking_way(speed, step)) / (speed * step)), 1)
    low, high = 0.0, 2.0 * speed
    for _ in range(30):
        pace = (low + high) / 2
        fits = steps * step * pace + braking_way(pace, step) < way
        low, high = (pace, high) if fits else (low, pace)
    return steps, low


def braking_way(speed: float, step: float) -> float:
    """Way of full braking from a speed, m, where speed is lost at the start of each step, s."""
    lost = HARD * step
    return step * sum(speed - lost * number for number in range(1, int(speed / lost) + 1))
