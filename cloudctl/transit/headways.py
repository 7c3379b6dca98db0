"""Headways on a line: the time to the bus ahead and from the bus behind, and where they are uneven.

The headway of a bus is how long ago the bus ahead was where it is now, or for a part of the way that the bus ahead
did not run while watched, the distance over the usual speed between them. Coefficient of variation as in the
Transit Capacity and Quality of Service Manual (TCRP 165, chapter 5).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cloudctl.transit.patterns import Pattern
from cloudctl.transit.trip_matching import Run

STEP = 50.0
"""Distance between two remembered passages of a bus, m."""
REMEMBERED = 400
"""Passages remembered a bus."""


@dataclass(frozen=True)
class Headway:
    """Time between a bus and its neighbours, s; None where there is none."""

    ahead: float | None
    behind: float | None
    planned: float | None
    """By the timetable, to the trip before."""
    vehicle_ahead: str | None = None
    vehicle_behind: str | None = None


class Passages:
    """When each bus was where on its way."""

    def __init__(self) -> None:
        self._passed: dict[tuple[str, str], deque[tuple[float, float]]] = {}

    def note(self, run: Run) -> None:
        """Remember a bus every `STEP` m."""
        if run.pattern is None:
            return
        kept = self._passed.setdefault((run.vehicle, run.pattern), deque(maxlen=REMEMBERED))
        if kept and run.along < kept[-1][0] - 300.0:
            kept.clear()
        if not kept or run.along >= kept[-1][0] + STEP:
            kept.append((run.along, run.fix.updated))

    def passed_at(self, vehicle: str, pattern: str, along: float) -> float | None:
        """When a bus passed a distance, UTC epoch s; None where it was not seen there."""
        kept = self._passed.get((vehicle, pattern), deque())
        if len(kept) < 2 or not kept[0][0] <= along <= kept[-1][0]:
            return None
        return float(np.interp(along, [place for place, _ in kept], [moment for _, moment in kept]))

    def forget(self, vehicles: set[str]) -> None:
        """Keep only these buses."""
        self._passed = {key: kept for key, kept in self._passed.items() if key[0] in vehicles}


def headways(
    runs: Sequence[Run], pattern: Pattern, passages: Passages, planned: Mapping[str, float], speed: float, now: float
) -> dict[str, Headway]:
    """Headways of the buses of one pattern, by vehicle.

    Args:
        runs: Its buses.
        pattern: Their way.
        passages: Where they were when.
        planned: Headway by the timetable, by vehicle, s.
        speed: Usual speed on the way, dwells included, m/s; used where a bus did not watch the stretch.
        now: UTC epoch, s.
    """
    order = sorted(runs, key=lambda run: -run.along)
    gaps: list[float] = []
    for front, run in pairwise(order):
        passed = passages.passed_at(front.vehicle, pattern.id, run.along)
        gaps.append(now - passed if passed is not None else (front.along - run.along) / max(speed, 1.0))
    found: dict[str, Headway] = {}
    for number, run in enumerate(order):
        first, last = number == 0, number == len(order) - 1
        found[run.vehicle] = Headway(
            None if first else gaps[number - 1],
            None if last else gaps[number],
            planned.get(run.vehicle),
            None if first else order[number - 1].vehicle,
            None if last else order[number + 1].vehicle,
        )
    return found


def variation(gaps: Sequence[float]) -> float:
    """Coefficient of variation of headways: standard deviation over mean; NaN for fewer than two."""
    values = np.asarray(gaps, float)
    return float(values.std() / values.mean()) if len(values) > 1 and values.mean() > 0 else float("nan")


def mean_wait(gaps: Sequence[float]) -> float:
    """Mean wait of passengers who come at random: E[h²] / 2 E[h], s (Osuna and Newell, 1972)."""
    values = np.asarray(gaps, float)
    return float((values**2).sum() / (2 * values.sum())) if len(values) and values.sum() > 0 else float("nan")
