"""Finds incidents: every rule looks at the cycle's scene, the book gives what they find a life."""

import numpy as np
from numpy.typing import NDArray

from fusion.congestion import Congestion
from fusion.incident_book import IncidentBook
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import Incident, IncidentKind
from fusion.places import Places
from fusion.scene import Scene
from fusion.signal_state import GREEN
from fusion.stopped_vehicles import StoppedVehicles
from fusion.wrong_place import Pedestrians, WrongWay
from maps.lane_index import LaneIndex
from maps.network import RoadNetwork


class IncidentDetection:
    """Keeps the incidents of one network."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, parameters: IncidentParameters | None = None) -> None:
        self.parameters = parameters or IncidentParameters()
        self.places = Places(network)
        self._rules = (
            StoppedVehicles(network, self.places, self.parameters),
            Congestion(network, self.parameters),
            WrongWay(network, index, self.parameters),
            Pedestrians(network, index, self.places, self.parameters),
        )
        self._book = IncidentBook()
        self._gone_after = dict.fromkeys(IncidentKind, self.parameters.gone_after)
        self._gone_after[IncidentKind.CONGESTION] = 0.0

    def green_for(self, state: NDArray[np.uint8], shown_for: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by lane how long all its lights have been green, 0 where one is not, NaN where that is unknown."""
        green = np.where(np.isin(state, GREEN), shown_for, 0.0)
        return self.places.green_for(np.where(np.isnan(shown_for), np.nan, green))

    def find(self, scene: Scene) -> tuple[Incident, ...]:
        """Return open incidents and those that ended just now, by id."""
        findings = [finding for rule in self._rules for finding in rule.find(scene)]
        return self._book.enter(findings, scene.now, self._gone_after)
