"""What a trial of diversion runs and what came of a run, without SUMO, so that it is quick to import."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Way(StrEnum):
    """Who leads the vehicles of the guided share."""

    NOBODY = "nobody"
    DEVICE = "sumo-device"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Incident:
    """One link closed by standing vehicles on every lane, s on the clock of the run."""

    link: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """One run."""

    net: Path
    routes: Path
    """Vehicles with their routes, in SUMO's form."""
    seed: int
    way: Way
    share: float
    incident: Incident | None
    end: float
    """Last second; who is under way then is charged up to here."""
    teleport: float = 300.0
    """A vehicle that cannot move for this long is put past what holds it, s; SUMO's default, -1 never."""
    step: float = 1.0
    meso: bool = False


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Mean times in s, from the planned departure to the arrival or the end of the run."""

    way: str
    share: float
    seed: int
    incident: bool
    vehicles: int
    mean_s: float
    past_incident_s: float
    """Of those whose first route leads over the closed link."""
    guided_s: float
    others_s: float
    unfinished: int
    kept_out: int
    teleports: int
    told: int
    """Changes of way that vehicles were told."""
    cpu_s: float
    deciding_s: float
    """CPU time of the platform's own planning, s."""
