"""What to run under live recommendations and what came of it, free of SUMO."""

from dataclasses import dataclass
from pathlib import Path

from cloudctl.signals.evaluation.priority_order import PriorityResult


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """What to run: share of the signals whose controllers follow, whether buses are weighed; `end` s or its own.

    Vehicles count that set off at `since` s or later.
    """

    config: Path
    seed: int
    following: float = 1.0
    weighs: bool = True
    end: float | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class LiveResult:
    """Delays of one run, and the share of the signal seconds in which a stage was recommended."""

    delays: PriorityResult
    followed: float
