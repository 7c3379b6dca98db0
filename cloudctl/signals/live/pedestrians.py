"""Pedestrians who wait at a crossing of a signal, and for how long."""

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.program import GREEN, Program
from fusion.tracks import TrackTable
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

NEAR = 4.0
"""m around the end of a crossing in which who stands waits for it"""
STANDS = 0.5
"""m/s"""
PATIENCE = 60.0
"""s after which waiting pedestrians get the next stage in which they may walk"""


class Waiting:
    """Counts who waits at each crossing with a light of its own."""

    def __init__(self, network: RoadNetwork) -> None:
        crossings = network.crossings
        rows = np.flatnonzero(crossings.group >= 0)
        first = crossings.shape_start[rows]
        last = first + np.maximum(crossings.shape_count[rows], 1) - 1
        ends = np.concatenate([network.points[first], network.points[last]]) if len(rows) else np.zeros((0, 2))
        self._ends, self._group = ends, np.concatenate([crossings.group[rows]] * 2)
        self._since = np.full(len(network.groups.signal), np.nan)
        self.count = np.zeros(len(network.groups.signal), np.int64)
        """Pedestrians who wait, by signal group."""
        self.seconds = np.zeros(len(network.groups.signal))
        """For how long somebody has waited there without a break."""

    def follow(self, tracks: TrackTable, now: float) -> None:
        """Take the road users of one moment, UTC epoch s."""
        self.count[:] = 0
        stand = np.flatnonzero((tracks.kind == ParticipantKind.PEDESTRIAN) & (tracks.speed < STANDS))
        if len(stand) and len(self._ends):
            away = np.hypot(
                tracks.x[stand][:, None] - self._ends[None, :, 0], tracks.y[stand][:, None] - self._ends[None, :, 1]
            )
            nearest = np.argmin(away, axis=1)
            close = away[np.arange(len(stand)), nearest] <= NEAR
            np.add.at(self.count, self._group[nearest[close]], 1)
        waits = self.count > 0
        self._since = np.where(waits, np.where(np.isnan(self._since), now, self._since), np.nan)
        self.seconds = np.where(waits, now - self._since, 0.0)


def stage_for(program: Program, waited: NDArray[np.float64], stage: int) -> int | None:
    """Stage that lets those walk who have waited longest beyond `PATIENCE`; `waited` s by light of the signal.

    None where nobody has, or where they walk in the present stage.
    """
    overdue = [light for light in program.crossings if waited[light] >= PATIENCE]
    if not overdue:
        return None
    longest = max(overdue, key=lambda light: float(waited[light]))
    if program.stage_state(stage)[longest] in GREEN:
        return None
    stages = range(len(program.greens))
    return next((each for each in stages if program.stage_state(each)[longest] in GREEN), None)
