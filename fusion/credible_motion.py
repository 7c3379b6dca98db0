"""Whose motion can be believed: nobody changes velocity faster than tyres and legs allow.

A place that is corrected, or that jumps from lane to lane in one step, makes a track fast and turns it for a moment.
What such a track does then is no evidence of anything.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.scene import Scene
from fusion.track_memory import TrackMemory

MOST = 11.0
"""Largest change of velocity, m/s2: full braking on a dry road."""
ASTRAY = 2.5
"""A velocity this far from what it can have become, and 1-sigma more, is not believed, m/s,"""
DISTRUST = 1.5
"""and nor is the track for so long after, s."""
LONGEST = 1.0
"""Who was not reported may have changed velocity for as long, but what came later is not told from a mistake, s."""


class CredibleMotion:
    """Follows each velocity as fast as it can change, and sees which are ahead of that."""

    def __init__(self) -> None:
        self._memory = TrackMemory(vx=np.nan, vy=np.nan, trusted=-np.inf, updated=np.inf)

    def follow(self, scene: Scene) -> NDArray[np.bool_]:
        """Take one cycle; tell whose motion (n,) can be believed."""
        memory, tracks = self._memory.follow(scene.tracks.track_id, scene.alignment), scene.tracks
        fresh = np.isnan(memory["vx"])
        east = np.where(fresh, 0.0, tracks.vx - memory["vx"])
        north = np.where(fresh, 0.0, tracks.vy - memory["vy"])
        gap = np.hypot(east, north)
        unseen = np.clip(tracks.updated - memory["updated"], scene.span, max(LONGEST, scene.span))
        memory["updated"][:] = tracks.updated
        share = np.minimum(1.0, MOST * unseen / np.maximum(gap, 1e-9))
        memory["vx"][:] = np.where(fresh, tracks.vx, memory["vx"] + share * east)
        memory["vy"][:] = np.where(fresh, tracks.vy, memory["vy"] + share * north)
        sigma = np.sqrt((tracks.covariance[:, 2, 2] + tracks.covariance[:, 3, 3]) / 2)
        astray = gap * (1.0 - share) > ASTRAY + sigma
        memory["trusted"][astray] = scene.now + DISTRUST
        believed: NDArray[np.bool_] = scene.now >= memory["trusted"]
        return believed
