"""False alarms of roadside sensors: objects that are not there, some of which last for a few samples."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.participants import ParticipantKind as Kind
from simulators.fleet_motion import Rows, Values

LASTING = 0.3
"""Share of false alarms that last for 2 to 5 samples."""
_KINDS = np.array([Kind.CAR, Kind.CYCLIST, Kind.PEDESTRIAN], np.uint8)
_SPEEDS = np.array([6.0, 3.0, 1.0])
_LENGTHS = np.array([4.5, 1.8, 0.5])


@dataclass(frozen=True)
class Ghosts:
    """False objects of one group of units at one sample; arrays of equal length."""

    unit: Rows
    ptc_id: NDArray[np.int64]
    kind: NDArray[np.uint8]
    dx: Values
    dy: Values
    """Metres east and north of the unit."""
    speed: Values
    heading: Values
    length: Values
    left: NDArray[np.int64]
    """Samples that it will still be reported, this one included."""


class Clutter:
    """Draws and moves the false alarms of all units."""

    def __init__(self, reach: Values, rate: float, rng: np.random.Generator) -> None:
        """`rate` is the mean number of new false alarms a unit and sample."""
        self._reach, self._rate, self._rng = reach, rate, rng
        self._alive: dict[int, Ghosts] = {}

    def sample(self, group: int, units: Rows, period: float, name: Callable[[Rows], NDArray[np.int64]]) -> Ghosts:
        """False objects that `units` (the group's) report now; `name` gives new ids to rows of units."""
        born = self._born(units, name)
        old = self._alive.get(group)
        ghosts = born if old is None else _moved(old, born, period)
        self._alive[group] = _kept(ghosts)
        return ghosts

    def _born(self, units: Rows, name: Callable[[Rows], NDArray[np.int64]]) -> Ghosts:
        rng = self._rng
        unit = np.repeat(units, rng.poisson(self._rate, len(units)))
        count = len(unit)
        distance = self._reach[unit] * np.sqrt(rng.random(count))
        bearing = rng.uniform(0.0, 2 * np.pi, count)
        which = rng.choice(len(_KINDS), count, p=(0.6, 0.2, 0.2))
        lasting = rng.random(count) < LASTING
        return Ghosts(
            unit=unit,
            ptc_id=name(unit),
            kind=_KINDS[which],
            dx=distance * np.sin(bearing),
            dy=distance * np.cos(bearing),
            speed=_SPEEDS[which] * rng.random(count),
            heading=rng.uniform(0.0, 2 * np.pi, count),
            length=_LENGTHS[which],
            left=np.where(lasting, rng.integers(2, 6, count), 1),
        )


def _moved(old: Ghosts, born: Ghosts, period: float) -> Ghosts:
    return Ghosts(
        unit=np.concatenate((old.unit, born.unit)),
        ptc_id=np.concatenate((old.ptc_id, born.ptc_id)),
        kind=np.concatenate((old.kind, born.kind)),
        dx=np.concatenate((old.dx + period * old.speed * np.sin(old.heading), born.dx)),
        dy=np.concatenate((old.dy + period * old.speed * np.cos(old.heading), born.dy)),
        speed=np.concatenate((old.speed, born.speed)),
        heading=np.concatenate((old.heading, born.heading)),
        length=np.concatenate((old.length, born.length)),
        left=np.concatenate((old.left, born.left)),
    )


def _kept(ghosts: Ghosts) -> Ghosts:
    kept = np.flatnonzero(ghosts.left > 1)
    columns = {name: values[kept] for name, values in vars(ghosts).items()}
    columns["left"] = columns["left"] - 1
    return Ghosts(**columns)
