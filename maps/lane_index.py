"""Nearest lanes for many positions at once: a grid of lane segments, searched by compiled code.

Each cell of the grid lists the segments that come within `reach` of any point in it, so one look-up answers. A lane
fits by a Gaussian of the distance to its centre line and of the difference in heading; the probability weighs the best
lane against the other lanes in reach and against being off every lane (Quddus, Ochieng and Noland 2007,
doi:10.1016/j.trc.2007.05.002).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.lane_grid import build_grid, search_grid
from maps.network import Floats, Ints, RoadNetwork
from maps.polyline import Segments

SIGMA_HEADING = 0.35
"""Spread of a vehicle's heading about its lane's, rad."""
MAX_CELLS = 4_000_000
_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True)
class LaneMatch:
    """Best lane of each position, arrays of the length of the query."""

    lane: Ints
    """Row in `RoadNetwork.lanes`, -1 where no lane is near."""
    offset: Floats
    """Distance along the lane from its start, m."""
    lateral: Floats
    """Distance from the centre line, m, positive to the left of the lane's direction."""
    probability: Floats
    """0..1; 0 where no lane is near."""


class LaneIndex:
    """Finds lanes of one network. Immutable, safe to share between threads.

    `reach` bounds the `max_distance` of later queries; cells are about as wide as `cell`, both m.
    """

    def __init__(self, network: RoadNetwork, *, reach: float = 15.0, cell: float = 20.0) -> None:
        lanes = network.lanes
        self.reach = reach
        segments = Segments.of(network.points, lanes.shape_start, lanes.shape_count)
        self._allowed = lanes.allowed.copy()
        self._grid = build_grid(segments, reach, cell, MAX_CELLS)

    def match(
        self,
        x: ArrayLike,
        y: ArrayLike,
        heading: ArrayLike | None = None,
        kind: ArrayLike | None = None,
        *,
        max_distance: float = 8.0,
        sigma: ArrayLike = 1.5,
    ) -> LaneMatch:
        """Match positions (n,) in the local plane, m, to lanes whose centre line runs within `max_distance`.

        Args:
            x: East, m.
            y: North, m.
            heading: rad, clockwise from north, NaN where unknown; pedestrians' headings are not looked at.
            kind: `ParticipantKind`; lanes closed to the kind are not considered. UNKNOWN may be anywhere.
            max_distance: m, at most the `reach` of the index.
            sigma: 1-sigma of the positions, m, one for all or one each.

        Raises:
            ValueError: `max_distance` is beyond the reach of the index.
        """
        if max_distance > self.reach:
            raise ValueError(f"max_distance {max_distance:g} m is beyond the reach {self.reach:g} m of the index")
        count = len(np.asarray(x))
        query = (
            as_column(x, count, np.float64),
            as_column(y, count, np.float64),
            as_column(np.nan if heading is None else heading, count, np.float32),
            as_column(0 if kind is None else kind, count, np.uint8),
            as_column(sigma, count, np.float32),
        )
        return LaneMatch(*search_grid(self._grid, self._allowed, query, (max_distance, SIGMA_HEADING)))


def as_column(values: ArrayLike, count: int, dtype: type[_Number]) -> NDArray[_Number]:
    """Writable contiguous column: arrays of one layout, so that the search is compiled once."""
    return np.require(np.broadcast_to(np.asarray(values, dtype), (count,)), requirements=["C", "W"])
