"""Vehicles that stand, sorted by lane, and who stands beside them."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from fusion.queues import LaneOrder
from fusion.tracks import TrackTable
from maps.compiled import compiled


class StandingOrder(NamedTuple):
    """Standing motor vehicles, sorted by lane; arrays of length m."""

    lane: NDArray[np.int32]
    offset: NDArray[np.float64]
    """m"""

    @classmethod
    def of(cls, tracks: TrackTable, order: LaneOrder, slow: float) -> Self:
        """Pick those slower than `slow` m/s."""
        stands = np.flatnonzero(order.speed < slow)
        return cls(order.lane[stands], tracks.lane_offset[order.row[stands]].astype(np.float64))


@compiled
def neighbours_stand(
    lane: NDArray[np.int32],
    offset: NDArray[np.float64],
    order: StandingOrder,
    link: NDArray[np.int32],
    reach: tuple[float, float],
) -> NDArray[np.bool_]:
    """Tell which vehicles (n,) have others standing on a lane beside theirs, `reach` m behind to ahead of them."""
    found = np.zeros(len(lane), np.bool_)
    for at in range(len(lane)):
        for side in (-1, 1):
            other = lane[at] + side
            if other < 0 or other >= len(link) or link[other] != link[lane[at]]:
                continue
            place = np.searchsorted(order.lane, other)
            while place < len(order.lane) and order.lane[place] == other:
                ahead = order.offset[place] - offset[at]
                if -reach[0] < ahead < reach[1]:
                    found[at] = True
                    break
                place += 1
    return found
