"""Finds vehicles that stand inside a junction where the next green would send others against them.

Turning vehicles that wait inside for a gap, and those caught behind them, usually leave while yellow is shown. Where
they do not, a green for crossing traffic locks the junction for good: each waits for the other. So red is shown for
some seconds more (dynamic red clearance, FHWA-SA-13-027).
"""

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.approach_counts import served_by_stage
from cloudctl.signals.layout import RED, SHORT, Ints, Layout, Tracks
from cloudctl.signals.program import programs_conflicts

SLOW = 3.0
"""m/s; who is faster is out before those who start arrive"""


class Clearance:
    """Which tracks stand in the way of which stages."""

    def __init__(self, layout: Layout) -> None:
        self._stage_start = layout.shown_start[:-1].astype(np.int64)
        self._links = np.diff(layout.link_start).astype(np.int64)
        self._link_start = layout.link_start
        self._signal = np.repeat(np.arange(layout.signals), self._links)
        self._link_of_road = np.full(len(layout.roads.ids), -1, np.int64)
        inside = np.flatnonzero(layout.link_via >= 0)
        self._link_of_road[layout.link_via[inside]] = inside
        self._against = np.concatenate(
            [np.zeros(0, np.bool_), *[_against(layout, signal).ravel() for signal in range(layout.signals)]]
        )
        served = [served_by_stage(layout, signal) for signal in range(layout.signals)]
        self._served = np.concatenate([np.zeros(0, np.bool_), *[each.ravel() for each in served]])
        self._served_start = np.cumsum([0, *[each.size for each in served]])
        self._lanes, self._lane_start = np.diff(layout.lane_start), layout.lane_start
        self._signal_of_lane = np.repeat(np.arange(layout.signals), self._lanes)
        self._lane_behind = _lane_behind(layout)

    def standing_inside(self, tracks: Tracks, stage: Ints) -> NDArray[np.bool_]:
        """For each signal whether somebody slow inside is in the way of its stage, `(signals,)`."""
        link = self._link_of_road[tracks.road[tracks.speed < SLOW]]
        link = link[link >= 0]
        signal = self._signal[link]
        row = self._stage_start[signal] + stage[signal] * self._links[signal] + link - self._link_start[signal]
        found = np.zeros(len(stage), np.bool_)
        found[signal[self._against[row] & self._can_go(link, stage)]] = True
        return found

    def _can_go(self, link: NDArray[np.int64], stage: Ints) -> NDArray[np.bool_]:
        """Whether who is on a link finds room behind it, or green where a stop line follows at once."""
        lane = self._lane_behind[link]
        signal = self._signal_of_lane[lane]
        row = self._served_start[signal] + stage[signal] * self._lanes[signal] + lane - self._lane_start[signal]
        free: NDArray[np.bool_] = (lane < 0) | self._served[row]
        return free


def _lane_behind(layout: Layout) -> Ints:
    """Approach lane (flat row) that each link leads to where it is too short to stand on, else -1."""
    lane = {int(road): row for row, road in enumerate(layout.lane_road.tolist()) if layout.roads.length[road] < SHORT}
    return np.array([lane.get(int(out), -1) for out in layout.link_out.tolist()], np.int32)


def _against(layout: Layout, signal: int) -> NDArray[np.bool_]:
    """`[stage, link]`: the stage shows the link red and one green that is never green together with it."""
    program = layout.programs[signal]
    links = slice(int(layout.link_start[signal]), int(layout.link_start[signal + 1]))
    light = layout.link_light[links].tolist()
    conflicts = programs_conflicts([phase.state for phase in program.phases])
    crossing = np.array([[(min(i, j), max(i, j)) in conflicts for j in light] for i in light], np.bool_)
    span = slice(int(layout.shown_start[signal]), int(layout.shown_start[signal + 1]))
    shown = layout.shown[span].reshape(len(program.greens), -1)
    found: NDArray[np.bool_] = (shown == RED) & ((shown != RED).astype(np.int64) @ crossing.astype(np.int64) > 0)
    return found
