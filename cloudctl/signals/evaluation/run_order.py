"""What to run and what came of it, free of SUMO so that the command line can name them quickly."""

from dataclasses import dataclass
from pathlib import Path

from cloudctl.signals.evaluation.measures import Measures


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What to run. `share` of the vehicles that is seen, `end` s of the scenario's clock or its own."""

    config: Path
    controller: str
    seed: int
    share: float = 1.0
    end: float | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """Measures of a run and its cost: CPU s of one decision of all signals, mean and highest; CPU s a s simulated."""

    seed: int
    measures: Measures
    signals: int
    decision_mean: float
    decision_max: float
    pace: float
