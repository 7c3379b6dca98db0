"""Since when tracks have stood in one place: who is there again after it was hidden has been there meanwhile."""

import numpy as np
from numpy.typing import NDArray

from fusion.scene import Scene
from fusion.track_memory import TrackMemory


class Standstill:
    """Remembers since when a condition has held for each track in one place.

    A lapse no longer than `grace` s does not end it, nor do `patience` looks at most from which the track is hidden.
    """

    def __init__(self, grace: float, patience: int, moved: float) -> None:
        """Who is more than `moved` m from where it began stands anew."""
        self._grace, self._patience, self._moved = grace, patience, moved
        self._memory = TrackMemory(patience, since=np.nan, x=np.nan, y=np.nan, lapse=0.0, hidden=0.0)

    def follow(self, scene: Scene, holds: NDArray[np.bool_], hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take the condition (n,) of one look and who cannot be judged; return for how long it has held, s.

        It is 0 for those for whom it does not hold at this moment.
        """
        memory = self._memory.follow(scene.tracks.track_id, scene.alignment)
        x, y = scene.tracks.x, scene.tracks.y
        memory["lapse"][:] = np.where(holds, 0.0, memory["lapse"] + scene.span * ~hidden)
        memory["hidden"][:] = np.where(holds, 0.0, memory["hidden"] + hidden)
        over = (memory["lapse"] > self._grace) | (memory["hidden"] > self._patience)
        memory["since"][over] = np.nan
        moved = np.hypot(x - memory["x"], y - memory["y"]) > self._moved
        fresh = holds & (np.isnan(memory["since"]) | moved)
        memory["since"][fresh] = scene.now - scene.span
        memory["x"][fresh], memory["y"][fresh] = x[fresh], y[fresh]
        return np.where(holds, scene.now - memory["since"], 0.0)
