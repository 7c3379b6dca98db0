"""Incidents that the demo stages, one kind after another, so that each can be seen found; and who does what when.

A breakdown is staged by `sumo_drivers.Breakdowns`; congestion, its tail and spill-back come of it and of the demand.
"""

import math
from collections.abc import Iterator, Mapping

import libsumo
import numpy as np

from simulators.errors import UnknownObjectError
from simulators.staged_driver import StagedDriver
from simulators.staged_drivers import DRIVERS
from simulators.staged_objects import ROLES, StagedObject
from simulators.staged_places import APART, Places
from simulators.sumo_frames import Body
from simulators.sumo_net import SumoNet

KINDS = (
    "debris", "red_light_passage", "illegal_parking", "slow_vehicle", "wrong_way", "sudden_braking",
    "pedestrian_on_carriageway", "fast_vehicle", "near_miss", "animal_on_carriageway",
)  # fmt: skip
FIRST, EVERY, ROUND = 5.0, 4.0, 300.0
"""When the first one is due after the start, the next after it, and the next round, s."""


class StagedIncidents:
    """Stages each kind in turn as soon as the traffic offers a place for it."""

    def __init__(self, net: SumoNet, *, by_itself: bool, seed: int = 1) -> None:
        """`by_itself`: all kinds, over and over; else only what `stage` is asked for."""
        self._net, self._rng = net, np.random.default_rng(seed)
        self._places: Places | None = None
        self._acts: list[StagedDriver | StagedObject] = []
        self._wanted: list[str] = []
        self._count = 0
        begin = libsumo.simulation.getTime() + FIRST
        self._plan = self._programme(begin) if by_itself else iter(())
        self._next = next(self._plan, None)

    def _programme(self, begin: float) -> Iterator[tuple[float, str]]:
        while True:
            yield from ((begin + EVERY * place, kind) for place, kind in enumerate(KINDS))
            begin += ROUND

    @property
    def labels(self) -> Mapping[str, str]:
        """Road user to the kind of incident that it is at this moment."""
        return {act.actor: act.kind for act in self._acts if act.begun}

    @property
    def acting(self) -> bool:
        """Whether something is staged, or about to be."""
        return bool(self._acts)

    @property
    def bodies(self) -> Mapping[str, Body]:
        """Bodies of those that are no vehicles, whatever the simulation takes them for."""
        return {act.actor: act.body for act in self._acts if isinstance(act, StagedObject)}

    def stage(self, kind: str) -> None:
        """Stage an incident as soon as there is a place for it.

        Raises:
            UnknownObjectError: no such kind can be staged.
        """
        if kind not in KINDS:
            raise UnknownObjectError("kind of staged incident", kind)
        self._wanted.append(kind)

    def follow(self) -> None:
        """After each step: go on with what is staged, begin what is due."""
        now = libsumo.simulation.getTime()
        while self._next is not None and now >= self._next[0]:
            self._wanted.append(self._next[1])
            self._next = next(self._plan, None)
        over = [act for act in self._acts if not act.follow()]
        self._acts = [act for act in self._acts if act not in over]
        self._wanted += [act.kind for act in over if not act.happened]
        if self._wanted:
            kind = self._wanted.pop(0)  # one a step: where there is no place for it all traffic was looked at in vain
            act = self._begin(kind)
            if act is None:
                self._wanted.append(kind)
            else:
                self._acts.append(act)

    def _begin(self, kind: str) -> StagedDriver | StagedObject | None:
        if self._places is None:
            self._places = Places(self._net)
        if kind in DRIVERS:
            return self._driver(kind, self._places)
        role = ROLES[kind]
        free = [place for place in self._places.quiet(role.run, role.left) if self._apart(place.point)]
        if not free:
            return None
        self._count += 1
        return StagedObject(role, free[int(self._rng.integers(len(free)))], f"staged.{self._count}")

    def _driver(self, kind: str, places: Places) -> StagedDriver | None:
        for vehicle in DRIVERS[kind].seek(places, self._net):
            x, y = libsumo.vehicle.getPosition(vehicle)
            if self._apart((x, y)):
                return DRIVERS[kind](vehicle, places)
        return None

    def _apart(self, point: tuple[float, float]) -> bool:
        return all(math.dist(point, act.point) > APART for act in self._acts)
