"""Where lanes begin and end at a junction: a map may cut a road between junctions, and nothing stops there."""

import numpy as np
from numpy.typing import NDArray

from fusion.sections import begins_section, ends_section
from maps.network import RoadNetwork


class LaneBounds:
    """Tells junctions from mere cuts, by lane (lanes + 1,); the last row stands for no lane."""

    def __init__(self, network: RoadNetwork) -> None:
        link = network.lanes.link
        self.begins: NDArray[np.bool_] = np.append(begins_section(network)[link], True)
        self.ends: NDArray[np.bool_] = np.append(ends_section(network)[link], True)
        self._length = np.append(network.lanes.length, 0.0).astype(np.float64)

    def away(self, lane: NDArray[np.int32], offset: NDArray[np.floating], reach: float) -> NDArray[np.bool_]:
        """Tell which places (n,), m along their lanes, are farther than `reach` m from every junction."""
        first = np.where(self.begins[lane], reach, -np.inf)
        last = np.where(self.ends[lane], self._length[lane] - reach, np.inf)
        inside: NDArray[np.bool_] = (offset > first) & (offset < last)
        return inside
