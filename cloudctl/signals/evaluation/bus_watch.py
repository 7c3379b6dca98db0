"""Buses of a running SUMO scenario: what they lose before signals, how late they are, what priority they get."""

import libsumo
import numpy as np

from cloudctl.signals.evaluation.priority_order import Grant
from cloudctl.signals.evaluation.sumo_scenario import TrackSource
from cloudctl.signals.layout import SIGHT, Layout, Priority, Tracks
from cloudctl.signals.priority_worth import worth_of

ALLOWANCE = 0.10
"""share of the time under way that timetables leave for delay; what is lost beyond makes a bus late"""
FIRST = 300.0
"""vehicles that a bus counts as where it goes before all others"""
_BUSES = frozenset({"bus", "coach", "tram"})


class BusWatch:
    """Follows all buses from their departure to their arrival."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._born: dict[str, float] = {}
        self._links: dict[tuple[str, int], int] = {}
        self.departed: dict[str, float] = {}
        """When each bus set off, s"""
        self.lost: dict[str, float] = {}
        """s that each bus has lost so far within sight of a signal, stops for passengers left out"""

    def step(self, now: float, seconds: float) -> None:
        """Take in `seconds` s that ended at `now`, s."""
        for name in libsumo.simulation.getArrivedIDList():
            self._born.pop(name, None)
        for name in libsumo.simulation.getDepartedIDList():
            if libsumo.vehicle.getVehicleClass(name) in _BUSES:
                self._born[name] = self.departed[name] = now
                self.lost[name] = 0.0
        for name in self._born:
            ahead = libsumo.vehicle.getNextTLS(name)
            if ahead and ahead[0][2] <= SIGHT and not libsumo.vehicle.isAtBusStop(name):
                wished = max(float(libsumo.vehicle.getAllowedSpeed(name)), 0.1)
                self.lost[name] += seconds * max(1.0 - float(libsumo.vehicle.getSpeed(name)) / wished, 0.0)

    def requests(self, now: float, tracks: Tracks, source: TrackSource, layout: Layout) -> Priority | None:
        """Priority of the buses among the tracks."""
        if self._grant is Grant.NONE or not self._born:
            return None
        if not self._links:
            self._links = _links(layout)
        row = {track: number for number, track in enumerate(tracks.track.tolist())}
        found = [
            (row.get(source.track_of(name), -1), self._worth(name, now), _hold(name), self._link(name))
            for name in self._born
        ]
        columns = np.array([each for each in found if each[0] >= 0], np.float64).reshape(-1, 4)
        return Priority(columns[:, 0].astype(np.int32), columns[:, 1], columns[:, 2], columns[:, 3].astype(np.int32))

    def _link(self, name: str) -> int:
        """Link on which a bus crosses its next signal, as the route of its line has it; -1 where none comes."""
        ahead = libsumo.vehicle.getNextTLS(name)
        return self._links.get((ahead[0][0], ahead[0][1]), -1) if ahead else -1

    def _worth(self, name: str, now: float) -> float:
        if self._grant is Grant.UNCONDITIONAL:
            return FIRST
        late = float(libsumo.vehicle.getTimeLoss(name)) - ALLOWANCE * (now - self._born[name])
        return worth_of(late)


def _links(layout: Layout) -> dict[tuple[str, int], int]:
    """Flat row of each link, by signal and place in its state; the first where several lanes share a light."""
    found: dict[tuple[str, int], int] = {}
    for signal, program in enumerate(layout.programs):
        for row in range(int(layout.link_start[signal]), int(layout.link_start[signal + 1])):
            found.setdefault((program.signal, int(layout.link_light[row])), row)
    return found


def _hold(name: str) -> float:
    """Time that a bus will still stand at its next stop where that comes before the next light, s."""
    stops, lights = libsumo.vehicle.getStops(name, 1), libsumo.vehicle.getNextTLS(name)
    if not stops or not lights:
        return 0.0
    edge = stops[0].lane.rsplit("_", 1)[0]
    way = float(libsumo.vehicle.getDrivingDistance(name, edge, stops[0].endPos))
    return max(float(stops[0].duration), 0.0) if -1e6 < way <= float(lights[0][2]) else 0.0
