"""Lights as a running SUMO shows them, without a countdown: a controller that is commanded knows of none."""

import libsumo
import numpy as np

from cloudctl.signals.evaluation.sumo_lights import LETTERS
from fusion.picture import SignalStates
from maps.network import RoadNetwork


class ShownLights:
    """Reads the state of every signal group off the letters that its signal shows."""

    def __init__(self, network: RoadNetwork) -> None:
        self._count = len(network.groups.signal)
        joins, lanes = network.connections, network.lanes.id
        wanted = np.flatnonzero(joins.group >= 0).tolist()
        group = {
            (str(lanes[joins.from_lane[row]]), str(lanes[joins.to_lane[row]])): int(joins.group[row]) for row in wanted
        }
        crossing = {
            str(name): int(row) for name, row in zip(network.crossings.id, network.crossings.group, strict=True)
        }
        self._places: dict[str, dict[int, int]] = {}
        for name in libsumo.trafficlight.getIDList():
            places: dict[int, int] = {}
            for place, ways in enumerate(libsumo.trafficlight.getControlledLinks(name)):
                for way in ways:
                    found = group.get((way[0], way[1]), -1)
                    edges = [libsumo.lane.getEdgeID(lane) for lane in (*way[:2], way[2]) if lane]
                    walked = [crossing[edge] for edge in edges if crossing.get(edge, -1) >= 0]
                    places.update(dict.fromkeys([found] if found >= 0 else walked, place))
            self._places[name] = places

    def read(self, now: float) -> SignalStates:
        """States at `now`, UTC epoch, s; when they change is not known."""
        state = np.zeros(self._count, np.uint8)
        for name, places in self._places.items():
            shown = libsumo.trafficlight.getRedYellowGreenState(name)
            for group, place in places.items():
                state[group] = LETTERS.get(shown[place], 0)
        unknown = np.full(self._count, np.nan)
        known = np.where(state > 0, now, np.nan)
        return SignalStates(state, unknown, unknown, unknown, unknown, (state > 0).astype(np.float32), known)
