"""Which lane each track is on, with hysteresis: noise does not throw a vehicle from lane to lane.

A vehicle stays on its lane until another lane of the same link has fitted better for some time; onto another
link it goes at once. The lane never moves the track.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.track_memory import TrackMemory
from fusion.tracks import TrackTable
from maps.lane_index import LaneIndex, LaneMatch
from maps.network import RoadNetwork


@dataclass(frozen=True)
class LaneMatchParameters:
    """Tuning of the lane match."""

    max_distance: float = 6.0
    """Beyond this distance from its centre line a lane is not considered, m."""
    patience: float = 0.25
    """Time for which another lane of its link must fit better before a track changes to it, s."""
    sure: float = 0.95
    """A lane that fits with this probability is taken at once."""
    least_probability: float = 0.02
    """A track whose best lane fits worse is on no lane: it is off the road or drives against it."""
    least_sigma: float = 0.8
    """Positions are not trusted better than this against a map, m."""


class LaneMatcher:
    """Matches tracks to lanes and remembers where they were."""

    def __init__(self, network: RoadNetwork, parameters: LaneMatchParameters | None = None) -> None:
        self.index = LaneIndex(network)
        self.parameters = parameters or LaneMatchParameters()
        self._link = np.append(network.lanes.link, -1)
        self._length = np.append(network.lanes.length, np.inf)
        self._memory = TrackMemory(lane=-1.0, wanted=-1.0, better=0.0)
        self.found = LaneMatch(np.zeros(0, np.int32), *np.zeros((3, 0), np.float32))
        """Best lanes of the tracks of the last call, without hysteresis."""
        self.lateral: NDArray[np.float32] = np.zeros(0, np.float32)
        """Distance of each track of the last call from its best lane's centre line, m, positive to the left."""

    def match(self, tracks: TrackTable, span: float = 0.1) -> TrackTable:
        """Return the tracks with their lanes; `tracks` come in the order of their ids, `span` s after the last call."""
        sigma = np.maximum(tracks.sigma, self.parameters.least_sigma)
        distance = self.parameters.max_distance
        found = self.index.match(tracks.x, tracks.y, tracks.heading, tracks.kind, max_distance=distance, sigma=sigma)
        self.found, self.lateral = found, found.lateral
        best = np.where(found.probability >= self.parameters.least_probability, found.lane, -1).astype(np.int32)
        lane, kept = self._steady(tracks.track_id, best, found.probability, span)
        offset = np.minimum(found.offset, self._length[lane]).astype(np.float32)
        probability = np.where(kept, np.minimum(found.probability, 0.5), found.probability)
        return replace(
            tracks,
            lane=lane,
            lane_probability=probability.astype(np.float32),
            lane_offset=np.where(lane >= 0, offset, np.nan).astype(np.float32),
        )

    def _steady(
        self, ids: NDArray[np.uint32], best: NDArray[np.int32], probability: NDArray[np.float32], span: float
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the lane of each track and whether it is kept against a better one."""
        memory = self._memory.follow(ids)
        before = memory["lane"].astype(np.int32)
        rival = (best != before) & (best >= 0) & (before >= 0) & (self._link[best] == self._link[before])
        better = np.where(rival & (memory["wanted"] == best), memory["better"] + span, 0.0)
        kept = rival & (better < self.parameters.patience) & (probability < self.parameters.sure)
        lane = np.where(kept, before, best).astype(np.int32)
        memory["lane"][:], memory["wanted"][:], memory["better"][:] = lane, best, better
        return lane, kept
