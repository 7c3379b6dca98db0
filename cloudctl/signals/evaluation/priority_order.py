"""What to run with bus priority and what came of it, free of SUMO so that the command line can name it quickly."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Grant(StrEnum):
    """Which buses get priority."""

    NONE = "none"
    CONDITIONAL = "conditional"
    """All count by their passengers, those behind their timetable several times."""
    UNCONDITIONAL = "unconditional"
    """Every bus goes before all others."""


@dataclass(frozen=True, slots=True)
class PriorityOrder:
    """What to run; `end` s of the scenario's clock or its own; vehicles count that set off at `since` s or later."""

    config: Path
    controller: str
    grant: Grant
    seed: int
    end: float | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class PriorityResult:
    """One run: s a bus lost before signals and in all, s another vehicle lost, s a person lost, numbers of vehicles."""

    bus_at_signals_s: float
    bus_delay_s: float
    other_delay_s: float
    person_delay_s: float
    buses: float
    others: float


FIELDS = ("bus_at_signals_s", "bus_delay_s", "other_delay_s", "person_delay_s", "buses", "others")
