"""Rule: standing traffic that fills a link back to the junction before it."""

import numpy as np

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.scene import Scene
from maps.network import RoadNetwork


class SpillBack:
    """Remembers since when links have been full."""

    def __init__(self, network: RoadNetwork, parameters: IncidentParameters) -> None:
        self._network, self._parameters = network, parameters
        self._since = np.full(len(network.links.id), np.nan)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        if not len(scene.links.spill_back):
            return []
        self._since = np.where(scene.links.spill_back, np.fmin(self._since, scene.now), np.nan)
        full = np.flatnonzero(scene.now - self._since >= self._parameters.spill_back_for)
        return [self._finding(scene, int(link)) for link in full]

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
