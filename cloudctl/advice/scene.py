"""What every advisor looks at: one traffic picture on one road network, at one moment that is passed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.topology import Topology
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.register import Profile
from fusion.picture import TrafficPicture


@dataclass(frozen=True)
class Lot:
    """What is known of one car park now."""

    occupied: int
    capacity: int
    updated: float
    """UTC epoch of the newest status, s."""
    trend: float = 0.0
    """Cars more a second, smoothed."""


@dataclass(frozen=True)
class Scene:
    """Everything an advisor may know. It has no clock: `now` is the UTC epoch, s."""

    now: float
    picture: TrafficPicture
    topology: Topology
    device_names: Sequence[str]
    """Id of each device by its row."""
    roadside_units: Mapping[int, str] = field(default_factory=dict)
    """Serial of the roadside unit that stands at a signal, by signal row."""
    unit_places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Where each roadside unit stands, at a signal or away from one, by serial: x, y on the plane of the network, m."""
    routes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Link rows that a vehicle is known to follow, by its device row."""
    lots: Mapping[int, Lot] = field(default_factory=dict)
    """State of car parks by row."""
    lot_table: LotTable | None = None
    """The lots that the rows of `lots` mean; None for those of the map."""
    lot_profiles: Mapping[str, Profile] = field(default_factory=dict)
    """What was learned of lots, by id."""
    lot_zone: str = ""
    """Time zone of opening hours and profiles."""


class Advisor(Protocol):
    """One kind of advice. It may remember what it advised before."""

    def advise(self, scene: Scene) -> list[Advisory]:
        """Give the advisories that are new at this moment."""


class Numbering:
    """Ids of advisories: unique over restarts because they carry the time, readable because they carry the kind."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0

    def next(self, now: float) -> str:
        """Give an id that was never given before."""
        self._count += 1
        return f"{self._prefix}-{int(now * 1000):x}-{self._count:x}"
