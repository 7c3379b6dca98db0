"""A bus asks for signal priority: once per signal, when it nears a light that would stop it.

A city bus knows its line and so its way through the next junction. The network does not tell lines apart, so the way
is the connection of the bus's own lane, straight on where the lane leaves a choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork, Turn
from maps.v2x_map_export import node_reference
from simulators.fleet_motion import Segment
from simulators.obu_messages import Request, signal_priority, vir_text
from simulators.signal_controller import SignalController

ASK_WITHIN = 200.0
"""Distance to the stop line, m."""
ASK_AGAIN = 120.0
"""A bus that comes back to the same signal later asks anew, s."""
_GREEN = frozenset({5, 6})
_CRUISE = 8.0
"""Speed assumed for the way that is left when a bus is slow, m/s."""


@dataclass(frozen=True)
class Approach:
    """The way from the end of a lane to the next light."""

    signal: int
    """Row in the network's signals."""
    group: int
    """Number of the group within the signal."""
    phase_id: int
    onward: Mapping[str, object]
    """{region, id} of the junction beyond, as MAP names it."""
    end: NDArray[np.float64]
    """Where the lane ends, m."""
    beyond: float
    """From there to the stop line, m."""


class Approaches:
    """Finds the next light of every lane, once."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._known: dict[str, Approach | None] = {}
        self._out: dict[int, list[int]] = {}
        for row, lane in enumerate(network.connections.from_lane.tolist()):
            self._out.setdefault(lane, []).append(row)

    def of(self, lane: str) -> Approach | None:
        """Next light after a lane, None where there is none within reach."""
        if lane not in self._known:
            row = self._network.lane_rows.get(lane)
            self._known[lane] = None if row is None else self._search(row)
        return self._known[lane]

    def _search(self, first: int) -> Approach | None:
        lanes, connections = self._network.lanes, self._network.connections
        lane, beyond, seen = first, 0.0, set[int]()
        while lane not in seen and beyond <= ASK_WITHIN:
            seen.add(lane)
            ways = self._out.get(lane, [])
            if not ways:
                return None
            way = min(ways, key=lambda row: (int(connections.turn[row]) != Turn.STRAIGHT, row))
            if connections.group[way] >= 0:
                return self._approach(first, way, beyond)
            lane = int(connections.to_lane[way])
            beyond += float(lanes.length[lane])
        return None

    def _approach(self, lane: int, way: int, beyond: float) -> Approach:
        network = self._network
        group = int(network.connections.group[way])
        signal = int(network.groups.signal[group])
        target = int(network.lanes.link[network.connections.to_lane[way]])
        far = node_reference(network, int(network.links.to_node[target]))
        shape = network.shape(int(network.lanes.shape_start[lane]), int(network.lanes.shape_count[lane]))
        first = int(network.signals.group_start[signal])
        return Approach(signal, group - first, int(network.groups.phase_id[group]), far, shape[-1], beyond)


class PriorityAsker:
    """Decides for all buses when to ask."""

    def __init__(
        self, network: RoadNetwork, controllers: Mapping[int, SignalController], units: Mapping[int, str]
    ) -> None:
        """`controllers` and `units` (esn) are by row of the signal."""
        self._network, self._controllers, self._units = network, controllers, units
        self._approaches = Approaches(network)
        self._asked: dict[tuple[str, int], float] = {}
        self._numbers: dict[str, int] = {}

    def ask(self, vid: str, lane: str, stamp: float, segment: Segment, row: int) -> bytes | None:
        """VIR of a bus in a row of the segment, stamped with its own time; None where it need not ask, or did."""
        approach = self._approaches.of(lane) if lane else None
        if approach is None or approach.signal not in self._controllers:
            return None
        frame, source = segment.last, int(segment.last_row[row])
        here = np.array((frame.x[source], frame.y[source]))
        distance = float(np.hypot(*(approach.end - here))) + approach.beyond
        if distance > ASK_WITHIN or frame.time - self._asked.get((vid, approach.signal), -np.inf) < ASK_AGAIN:
            return None
        seconds = distance / max(float(frame.speed[source]), _CRUISE)
        if self._would_pass(approach, segment, seconds):
            return None
        self._asked[vid, approach.signal] = frame.time
        self._numbers[vid] = self._numbers.get(vid, -1) + 1
        place = float(segment.lon[row]), float(segment.lat[row])
        target = self._units.get(approach.signal, "")
        request = Request(vid, self._numbers[vid], *place, stamp, target, seconds + 30.0)
        reference = self._controllers[approach.signal].reference
        return vir_text(request, signal_priority(reference, approach.onward, approach.phase_id, seconds, distance))

    def _would_pass(self, approach: Approach, segment: Segment, seconds: float) -> bool:
        """Whether the light is green and its step lasts until the bus arrives."""
        controller, frame = self._controllers[approach.signal], segment.last
        state = frame.lights.get(controller.id, "")
        green = bool(state) and controller.lights(state)[approach.group] in _GREEN
        return green and frame.light_ends.get(controller.id, 0.0) >= frame.time + seconds
