"""For how long and how far a condition has held for each track."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.scene import Scene
from fusion.track_memory import TrackMemory


class Held(NamedTuple):
    """By track (n,)."""

    seconds: NDArray[np.float64]
    metres: NDArray[np.float64]
    """Distance driven meanwhile."""


class Lasting:
    """Remembers since when a condition has held; a lapse no longer than `grace` s does not end it.

    Nor does it if a track is away from the picture for `patience` looks at most.
    """

    def __init__(self, grace: float = 0.0, patience: int = 0) -> None:
        self._grace = grace
        self._memory = TrackMemory(patience, seconds=0.0, metres=0.0, lapse=0.0)

    def follow(self, scene: Scene, holds: NDArray[np.bool_], doubt: NDArray[np.bool_] | None = None) -> Held:
        """Take the condition (n,) of one cycle; where it is in `doubt` (n,) it neither holds nor lapses."""
        memory = self._memory.follow(scene.tracks.track_id, scene.alignment)
        counts = np.ones(len(holds), np.bool_) if doubt is None else ~doubt
        lapse = np.where(holds, 0.0, memory["lapse"] + scene.span * counts)
        goes_on = holds | ((memory["seconds"] > 0.0) & (lapse <= self._grace))
        memory["seconds"][:] = np.where(goes_on, memory["seconds"] + scene.span * holds, 0.0)
        memory["metres"][:] = np.where(goes_on, memory["metres"] + scene.span * scene.tracks.speed * holds, 0.0)
        memory["lapse"][:] = np.where(goes_on, lapse, 0.0)
        return Held(memory["seconds"], memory["metres"])
