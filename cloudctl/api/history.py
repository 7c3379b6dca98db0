"""What the gateway asks of the trajectory store."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TrailPoint:
    """One stored point of a trajectory."""

    time: float
    """UTC epoch, s."""
    lon: float
    lat: float
    """deg, WGS-84"""
    speed: float
    """m/s"""


class History(Protocol):
    """Reads what the archiver stored."""

    async def reachable(self) -> bool:
        """Tell whether the database answers."""
        ...

    async def list_trail(self, track_id: int, start: float, end: float, most: int) -> list[TrailPoint]:
        """List the newest `most` points of a track between two UTC epochs (s), oldest first."""
        ...
