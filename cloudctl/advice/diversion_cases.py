"""What became of a diversion: who was told, who followed, and how the closed link does against the beginning."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from cloudctl.advice.scene import Scene

ANSWER_TIME = 60.0
"""Drivers are given so long to follow before they count as not following, s."""
PRIOR_TOLD, PRIOR_FOLLOWED = 10.0, 7.0
"""Before anything is known 7 of 10 drivers are taken to follow."""


@dataclass(frozen=True)
class Told:
    """One vehicle that was told."""

    advisory: str
    """Id of the newest advisory to it."""
    saves: float
    """s"""
    device: int
    """Row of its terminal."""
    when: float
    """UTC epoch, s."""


@dataclass
class Case:
    """One trouble from the first offer to its end."""

    name: str
    link: int
    since: float
    link_s: float
    """Time on the link when it began, s."""
    queue_m: float
    told: dict[str, Told] = field(default_factory=dict)
    """By vehicle."""
    followed: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    """Newest advisory to each roadside unit."""
    units_told: float = -math.inf

    def watch(self, scene: Scene) -> None:
        """Note whose accepted route stays off the link."""
        for vehicle, told in self.told.items():
            route = scene.routes.get(told.device)
            if route is not None and self.link not in route:
                self.followed.add(vehicle)

    def effect(self, scene: Scene) -> dict[str, object]:
        """What is measured: the link before and now, and the time that those who followed save, s."""
        links = scene.picture.links
        saved = sum(self.told[vehicle].saves for vehicle in self.followed)
        return {
            "before": {"link_s": _tenth(self.link_s), "queue_m": _tenth(self.queue_m)},
            "now": {
                "link_s": _tenth(float(links.travel_time[self.link])),
                "queue_m": _tenth(float(links.queue_length[self.link])),
            },
            "seconds": round(scene.now - self.since, 1),
            "saved_s": round(saved, 1),
        }


def open_case(scene: Scene, name: str, link: int) -> Case:
    """Begin to follow a trouble."""
    links = scene.picture.links
    return Case(name, link, scene.now, float(links.travel_time[link]), float(links.queue_length[link]))


def followed_share(cases: Iterable[Case], now: float) -> float:
    """Part of the drivers, 0..1, that have done what they were told, drawn to the usual while few have had time."""
    told, followed = PRIOR_TOLD, PRIOR_FOLLOWED
    for case in cases:
        late = {vehicle for vehicle, one in case.told.items() if now - one.when > ANSWER_TIME}
        told += len(late | case.followed)
        followed += len(case.followed)
    return followed / told


def _tenth(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None
