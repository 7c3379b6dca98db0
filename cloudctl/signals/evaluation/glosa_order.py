"""What to run with green-wave advice and what came of it, free of SUMO so that the command line can name it quickly."""

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


class Advice(StrEnum):
    """Who advises."""

    NONE = "none"
    OURS = "ours"
    DEVICE = "sumo-glosa"
    """SUMO's own device (https://sumo.dlr.de/docs/Simulation/GLOSA.html)."""


@dataclass(frozen=True, slots=True)
class GlosaOrder:
    """What to run: `share` of the vehicles is advised, `end` s of the scenario's clock or its own."""

    config: Path
    advice: Advice
    seed: int
    share: float = 1.0
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Trips:
    """Vehicles that arrived, columns: id, whether advised, halts, s waited, ml of fuel, s of time loss, s under way.

    `trip` counts from the planned departure. SUMO's device lowers the speed that time loss is counted from; `trip` is
    the fair measure.
    """

    name: NDArray[np.str_]
    advised: NDArray[np.bool_]
    stops: Reals
    wait: Reals
    fuel: Reals
    loss: Reals
    trip: Reals


MEASURES = tuple(field.name for field in fields(Trips))[2:]


@dataclass(frozen=True, slots=True)
class GlosaResult:
    """Trips of one run, how many never arrived, and how often advice was given."""

    trips: Trips
    missing: int
    given: int
