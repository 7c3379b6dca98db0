"""A built city on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Incident:
    """A lane that is to be blocked."""

    lane: str
    position: float
    """m from the start of the lane."""
    after: float
    """s from the start of the demo."""
    duration: float
    """s"""


@dataclass(frozen=True)
class CityFiles:
    """A built city on disk."""

    net: Path
    additional: Path
    routes: Path
    services: Path
    """Bus lines with their departures, from which a timetable is made."""
    sumocfg: Path
    background_geojson: Path | None
    """River and parks; None for a foreign network."""
    state: Path
    """Warm state at second `begin`."""
    begin: float
    incident: Incident
