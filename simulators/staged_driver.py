"""A vehicle of the traffic at whose wheel the staging of incidents sits for a while."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import libsumo

from simulators.staged_places import Places, Point
from simulators.sumo_net import SumoNet

OWN, BLIND, PAST_LIGHTS, UNSAFE = 31, 0, 39, 6
"""Speed modes: as drivers do; whatever is in the way; past lights and others' right of way, also inside a junction; too
close."""
OWN_LANE_CHANGES = 1621
"""Lane change mode of SUMO: as drivers do."""
HARD, USUAL = 9.0, 4.5
"""Full braking on a dry road, and as drivers brake at most by themselves, m/s2."""


class StagedDriver(ABC):
    """A vehicle at whose wheel the staging sits, `seconds` at most."""

    kind = ""
    seconds = 30.0

    def __init__(self, vehicle: str, places: Places) -> None:
        self.actor, self.begun = vehicle, False
        self._places = places
        self._since = libsumo.simulation.getTime()
        self._began = float("inf")

    @property
    def happened(self) -> bool:
        """Whether what is staged has been going on at some moment."""
        return math.isfinite(self._began)

    @property
    def point(self) -> Point:
        """Where it is, in the network's own metres."""
        x, y = libsumo.vehicle.getPosition(self.actor)
        return float(x), float(y)

    def follow(self) -> bool:
        """Drive on after a step; False when the vehicle is its driver's again or gone."""
        if self.actor not in libsumo.vehicle.getIDList():
            return False
        self.begun = self.drive()
        now = libsumo.simulation.getTime()
        if self.begun:
            self._began = min(self._began, now)
        if now - self._since < self.seconds and not self.over():
            return True
        self.give_back()
        self.begun = False
        return False

    @staticmethod
    @abstractmethod
    def seek(places: Places, net: SumoNet) -> Iterator[str]:
        """Find vehicles that are in the right place now."""

    @abstractmethod
    def drive(self) -> bool:
        """Do what is to be done now; tell whether the incident is on."""

    def over(self) -> bool:
        """Tell whether nothing is left to do."""
        return not self.begun and self._began < libsumo.simulation.getTime()

    def give_back(self) -> None:
        """Let the driver drive again."""
        libsumo.vehicle.setSpeedMode(self.actor, OWN)
        libsumo.vehicle.setSpeed(self.actor, -1)


def cars(places: Places, least: float) -> Iterator[tuple[str, float, float]]:
    """Cars and vans on roads longer than `least`: name, place on the lane and what is left of it, m."""
    for edge in places.edges:
        if edge.length < least:
            continue
        for name in libsumo.edge.getLastStepVehicleIDs(edge.id):
            usual = libsumo.vehicle.getVehicleClass(name) in {"passenger", "delivery"}
            if usual and not libsumo.vehicle.getStops(name, 1):
                place = float(libsumo.vehicle.getLanePosition(name))
                yield name, place, edge.length - place


def free_ahead(vehicle: str, reach: float) -> bool:
    """Tell whether nobody is ahead of a vehicle within `reach` m."""
    leader = libsumo.vehicle.getLeader(vehicle, reach)
    return leader is None or not leader[0] or leader[1] > reach
