"""Speed of each track over the last second: how hard it brakes and whether it drives steadily."""

import numpy as np
from numpy.typing import NDArray

from fusion.scene import Scene
from fusion.track_memory import TrackMemory

STEPS = 5
_NAMES = tuple(f"speed{step}" for step in range(STEPS))


class MotionHistory:
    """Keeps speeds of the last `within` s, one in five parts of it."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._memory = TrackMemory(wait=0.0, **dict.fromkeys(_NAMES, float("nan")))
        self.drop: NDArray[np.float64] = np.zeros(0)
        """Speed lost since the time before, m/s; NaN for tracks younger than that."""
        self.first: NDArray[np.float64] = np.zeros(0)
        """Speed at that time, m/s."""

    def follow(self, scene: Scene) -> None:
        """Take the speeds of one cycle."""
        memory = self._memory.follow(scene.tracks.track_id, scene.alignment)
        speed = scene.tracks.speed.astype(np.float64)
        memory["wait"] += scene.span
        due = memory["wait"] >= self._within / STEPS - 1e-6
        memory["wait"][due] = 0.0
        self.first = memory[_NAMES[-1]].copy()
        self.drop = self.first - speed
        for newer, older in zip(reversed(_NAMES[:-1]), reversed(_NAMES), strict=False):
            memory[older][due] = memory[newer][due]
        memory[_NAMES[0]][due] = speed[due]
