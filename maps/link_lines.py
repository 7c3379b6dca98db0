"""Lines of links: which one runs nearest to a position, and the line of a way over links."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.errors import OffMapError
from maps.network import Ints, RoadNetwork
from maps.participants import ParticipantKind


class LinkLines:
    """Lines of the links of one network; `allowed` (n,) are the bits of the kinds that each link is open to."""

    def __init__(self, network: RoadNetwork, allowed: NDArray[np.uint32]) -> None:
        self._network = network
        self._allowed = allowed
        self._trees: dict[ParticipantKind, tuple[Ints, shapely.STRtree]] = {}

    def nearest(self, lon: float, lat: float, kind: ParticipantKind, max_distance: float) -> int:
        """Row of the link open to `kind` whose line runs nearest to a position (deg).

        Raises:
            OffMapError: no such link within `max_distance` m.
        """
        x, y = self._network.plane.forward(lon, lat)
        rows, tree = self._tree(kind)
        hits = tree.query_nearest(shapely.Point(float(x), float(y)), max_distance=max_distance)
        if not len(hits):
            raise OffMapError(lon, lat, max_distance)
        return int(rows[hits[0]])

    def join(self, rows: Ints) -> list[list[float]]:
        """Longitudes and latitudes [[lon, lat], ...] of links (1e-7 deg), joined across the junctions."""
        links = self._network.links
        shapes = [self._network.shape(links.shape_start[row], links.shape_count[row]) for row in rows.tolist()]
        points = np.concatenate(shapes)
        degrees = self._network.plane.inverse(points[:, 0], points[:, 1])
        line: list[list[float]] = np.round(np.column_stack(degrees), 7).tolist()
        return line

    @cached_property
    def _lines(self) -> NDArray[np.object_]:
        """Line of each link."""
        links = self._network.links
        pieces = [
            self._network.shape(start, count) for start, count in zip(links.shape_start, links.shape_count, strict=True)
        ]
        owner = np.repeat(np.arange(len(pieces)), links.shape_count)
        lines: NDArray[np.object_] = shapely.linestrings(np.concatenate(pieces), indices=owner)
        return lines

    def _tree(self, kind: ParticipantKind) -> tuple[Ints, shapely.STRtree]:
        """Rows of the links open to `kind` and the index of their lines."""
        if kind not in self._trees:
            rows = np.flatnonzero(self._allowed & np.uint32(kind.bit)).astype(np.int32)
            self._trees[kind] = rows, shapely.STRtree(self._lines[rows])
        return self._trees[kind]
