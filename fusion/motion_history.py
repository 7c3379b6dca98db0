"""Speed of each track over the last seconds: how hard it brakes and whether it drives steadily."""

import numpy as np
from numpy.typing import NDArray

from fusion.scene import Scene
from fusion.track_memory import TrackMemory

STEPS = 5
UNSEEN = 0.3
"""A track that nobody reported for so long, s, has a guessed speed: what it really lost meanwhile comes out at once."""
_NAMES = tuple(f"speed{step}" for step in range(2 * STEPS))
_SEEN = tuple(f"seen{step}" for step in range(STEPS))


class MotionHistory:
    """Keeps speeds of the last `2 * within` s, one in five parts of `within`."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._memory = TrackMemory(wait=0.0, **dict.fromkeys(_NAMES, float("nan")), **dict.fromkeys(_SEEN, 0.0))
        self.drop: NDArray[np.float64] = np.zeros(0)
        """Speed lost since `within` s ago, m/s; NaN for tracks younger than that."""
        self.steady: NDArray[np.float64] = np.zeros(0)
        """Speed kept throughout the `within` s before, m/s; NaN for tracks younger than that.

        A speed that was there for a moment only, as when a vehicle changes lanes in one step or its place is
        corrected, is none from which it could have braked.
        """
        self.watched: NDArray[np.bool_] = np.zeros(0, bool)
        """Reported now and `within` s ago: neither speed is a guess, though a sensor may have missed it meanwhile."""

    def follow(self, scene: Scene) -> None:
        """Take the speeds of one cycle."""
        memory = self._memory.follow(scene.tracks.track_id, scene.alignment)
        speed = scene.tracks.speed.astype(np.float64)
        seen = scene.now - scene.tracks.updated <= UNSEEN
        self.watched = seen & (memory[_SEEN[-1]] > 0.0)
        memory["wait"] += scene.span
        due = memory["wait"] >= self._within / STEPS - 1e-6
        memory["wait"][due] = 0.0
        self.drop = memory[_NAMES[STEPS - 1]] - speed
        self.steady = np.minimum.reduce([memory[name] for name in _NAMES[STEPS - 1 :]])
        for names, newest in ((_NAMES, speed), (_SEEN, seen)):
            for newer, older in zip(reversed(names[:-1]), reversed(names), strict=False):
                memory[older][due] = memory[newer][due]
            memory[names[0]][due] = newest[due]
