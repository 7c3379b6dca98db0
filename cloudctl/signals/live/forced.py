"""Stages that vehicles with priority need at once, by signal row: from shortly before one comes until it has passed.

A stage that is held from the request on would stop all others for as long as the vehicle is under way; one that ends at
the arrival foreseen would leave a vehicle that was held up at red.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloudctl.advice.bus_approach import Approach

LEAD = 30.0
"""s before a vehicle needs green at which its stage is asked for: the least green of another stage and the change"""
HOLD = 3.0
"""s that it is held behind the arrival"""


@dataclass(frozen=True, slots=True)
class Need:
    """One vehicle; times are UTC epoch s."""

    vehicle: str
    group: int
    """Row of the signal group that it needs."""
    stage: int
    begin: float
    until: float


class ForcedStages:
    """Remembers who needs which stage."""

    def __init__(self) -> None:
        self._needs: dict[int, Need] = {}

    def add(self, signal: int, vehicle: str, group: int, stage: int, needed: float, passes: float) -> None:
        """Take a vehicle that needs green at a signal (row) at `needed` and passes at `passes`, UTC epoch s."""
        self._needs[signal] = Need(vehicle, group, stage, needed - LEAD, passes + HOLD)

    def follow(self, near: Iterable[Approach], now: float) -> dict[int, int]:
        """Give the stages that are needed now; `near` are the vehicles seen on their way to a light."""
        there = {(one.vehicle, one.group): one for one in near}
        for signal, need in list(self._needs.items()):
            seen = there.get((need.vehicle, need.group))
            if seen is not None:
                begin = min(need.begin, seen.arrival - seen.queue - LEAD)
                self._needs[signal] = replace(need, begin=begin, until=max(seen.arrival, now) + HOLD)
            elif now >= need.until:
                del self._needs[signal]
        return {signal: need.stage for signal, need in self._needs.items() if now >= need.begin}
