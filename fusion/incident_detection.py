"""Finds incidents: every rule looks at the cycle's scene, the book gives what they find a life."""

import numpy as np
from numpy.typing import NDArray

from fusion.congestion import Congestion
from fusion.debris import Debris
from fusion.fast_vehicles import FastVehicles
from fusion.illegal_parking import IllegalParking
from fusion.incident_book import IncidentBook
from fusion.incident_parameters import IncidentParameters
from fusion.incident_turns import Turn
from fusion.incidents import MOMENTARY, Incident, IncidentKind
from fusion.lane_ends import LaneEnds
from fusion.motion_history import MotionHistory
from fusion.near_misses import NearMisses
from fusion.path_index import PathIndex
from fusion.pedestrians import Carriageway, Pedestrians
from fusion.places import Places
from fusion.red_light import RedLight
from fusion.scene import Scene
from fusion.signal_state import RED
from fusion.slow_vehicles import SlowVehicles
from fusion.spill_back import SpillBack
from fusion.stopped_vehicles import StoppedVehicles
from fusion.sudden_braking import SuddenBraking
from fusion.wrong_way import WrongWay
from maps.lane_index import LaneIndex
from maps.network import RoadNetwork

PROTECTED_GREEN = 6
"""LightState: who has it need not give way, so who does not go has another reason."""


class IncidentDetection:
    """Keeps the incidents of one network."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, parameters: IncidentParameters | None = None) -> None:
        self.parameters = tuning = parameters or IncidentParameters()
        self.places = Places(network)
        paths, ends = PathIndex(network), LaneEnds(network)
        carriageway = Carriageway(network, index, self.places, tuning)
        self._history = MotionHistory(tuning.braking_within)
        motion = (
            SlowVehicles(network, self.places, self._history, tuning),
            FastVehicles(network, tuning),
            SuddenBraking(network, self._history, tuning),
            RedLight(network, ends, tuning),
        )
        beside = (
            Pedestrians(network, carriageway, tuning),
            Debris(network, carriageway, tuning),
            IllegalParking(network, index, self.places, tuning),
        )
        self._turns = (
            Turn((NearMisses(network, tuning),), 0.1, 0.05),
            Turn(motion, 0.2, first=self._history.follow),
            Turn((WrongWay(network, index, paths, tuning),), 0.2, 0.1),
            Turn((StoppedVehicles(network, self.places, paths, ends, tuning),), 0.5, 0.1),
            Turn(beside, 0.5, 0.3),
            Turn((Congestion(network, tuning), SpillBack(network, tuning)), 1.0, 0.5),
        )
        self._book = IncidentBook()
        self._gone_after = dict.fromkeys(IncidentKind, tuning.gone_after)
        self._gone_after.update(dict.fromkeys(MOMENTARY, tuning.shown_for))
        self._gone_after[IncidentKind.CONGESTION] = tuning.congestion_gone_after
        self._gone_after[IncidentKind.CONGESTION_TAIL] = tuning.tail_gone_after
        self._gone_after[IncidentKind.SPILL_BACK] = tuning.spill_back_gone_after

    def green_for(self, state: NDArray[np.uint8], shown_for: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by lane how long all its lights have been green, 0 where one is not, NaN where that is unknown."""
        return self._lit_for(state == PROTECTED_GREEN, shown_for)

    def red_for(self, state: NDArray[np.uint8], shown_for: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by lane how long all its lights have been red, 0 where one is not, NaN where that is unknown."""
        return self._lit_for(state == RED, shown_for)

    def _lit_for(self, lit: NDArray[np.bool_], shown_for: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.places.green_for(np.where(np.isnan(shown_for), np.nan, np.where(lit, shown_for, 0.0)))

    def find(self, scene: Scene) -> tuple[Incident, ...]:
        """Return open incidents and those that ended just now, by id."""
        findings = [finding for turn in self._turns for finding in turn.find(scene)]
        return self._book.enter(findings, scene.now, self._gone_after)
