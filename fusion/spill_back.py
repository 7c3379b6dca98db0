"""Rule: standing traffic that fills a link back to the junction before it.

A column of vehicles stands there; one or two that stop at the start of a road, as buses do, fill nothing.
"""

import numpy as np

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.scene import Scene
from fusion.sections import begins_section
from maps.network import RoadNetwork

_COLUMN = 40.0
"""Shorter columns are no traffic, m;"""
_GAP = 25.0
"""in one nobody is farther from who is ahead, m,"""
_CREEPS = 3.0
"""and all are slower than this, m/s."""


class SpillBack:
    """Remembers since when links have been full."""

    def __init__(self, network: RoadNetwork, parameters: IncidentParameters) -> None:
        self._network, self._parameters = network, parameters
        self._begins = begins_section(network)
        self._since = np.full(len(network.links.id), np.nan)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        if not len(scene.links.spill_back):
            return []
        filled = scene.links.spill_back & self._begins
        for link in np.flatnonzero(filled).tolist():
            filled[link] = self._column(scene, link) >= min(_COLUMN, float(self._network.links.length[link]) / 2)
        self._since = np.where(filled, np.fmin(self._since, scene.now), np.nan)
        full = np.flatnonzero(scene.now - self._since >= self._parameters.spill_back_for)
        return [self._finding(scene, int(link)) for link in full]

    def _column(self, scene: Scene, link: int) -> float:
        """Return the length of the longest standing column at the start of a link's lanes, m."""
        order, links, longest = scene.order, self._network.links, 0.0
        first = int(links.lane_start[link])
        for lane in range(first, first + int(links.lane_count[link])):
            begin, end = np.searchsorted(order.lane, (lane, lane + 1))
            places = np.arange(begin, end)[::-1]
            stands = (order.speed[places] < _CREEPS) & (order.gap[places] < _GAP)
            if len(places) and order.speed[places[0]] < _CREEPS:
                last = int(np.argmin(stands)) if not stands.all() else len(places) - 1
                back = order.ahead[places[0]] + order.length[places[0]]
                longest = max(longest, float(back - order.ahead[places[last]]))
        return longest

    def _finding(self, scene: Scene, link: int) -> Finding:
        table, links = self._network.links, scene.links
        x, y = self._network.points[int(table.shape_start[link])]
        lasted, vehicles = scene.now - float(self._since[link]), int(links.vehicles[link])
        return Finding(
            cause=f"spill_back:{link}",
            kind=IncidentKind.SPILL_BACK,
            since=float(self._since[link]),
            x=float(x),
            y=float(y),
            link=link,
            lane=-1,
            tracks=(),
            confidence=float(min(0.95, 0.5 + 0.01 * lasted) * max(links.confidence[link], 0.5)),
            evidence=(
                f"traffic has stood back to the start of link {table.id[link]} ({float(table.length[link]):.0f} m, "
                f"{vehicles} vehicles) for {lasted:.0f} s"
            ),
            figures={
                "lasted_s": round(lasted, 1),
                "length_m": round(float(table.length[link]), 1),
                "vehicles": vehicles,
            },
        )
