"""What a controller knows of the road: approach lanes, links through each signal, lanes upstream, all as columns.

Flat columns over all signals with start offsets (CSR): signal `s` owns lanes `lane_start[s]:lane_start[s + 1]`, links
`link_start[s]:...` and stages `stage_start[s]:...`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.program import Program

Ints = NDArray[np.int32]
Reals = NDArray[np.float64]
SIGHT = 250.0
"""m, how far before the stop line the tracks of an approach count"""
SHORT = 15.0
"""m, room for fewer than two vehicles"""
RED, YIELD, PROTECTED = 0, 1, 2
"""What a stage shows a link."""


@dataclass(frozen=True)
class Roads:
    """All lanes of the area, the ones inside junctions included. Length m, speed limit m/s."""

    ids: tuple[str, ...]
    length: Reals
    speed: Reals


@dataclass(frozen=True)
class Layout:
    """Columns of a controlled area. Rows named `*_road` point into `Roads`, `-1` where there is none."""

    roads: Roads
    programs: tuple[Program, ...]
    lane_start: Ints
    lane_road: Ints
    link_start: Ints
    link_lane: Ints
    """row of the approach lane, local to the signal"""
    link_light: Ints
    """place of the link in the state of the signal"""
    link_out: Ints
    link_via: Ints
    foe_start: Ints
    """per link; foes are links of the same signal, local, that go first"""
    foe: Ints
    stage_start: Ints
    shown: NDArray[np.uint8]
    """per stage and link of its signal, flat: RED, YIELD or PROTECTED; starts at `shown_start[signal]`"""
    shown_start: Ints
    reach_start: Ints
    """per road: which approach lanes a track on it may be heading for"""
    reach_lane: Ints
    """flat row of an approach lane"""
    reach_extra: Reals
    """m from the end of the road to the stop line"""
    reach_weight: Reals
    """chance that a track on the road is heading there, before any has been followed"""
    reach_way: Ints
    """row of the way that such a track takes next, -1 where it is on the approach lane or on the way already"""
    reach_next: Ints
    """row of `reach_*` for the road behind that way, -1 on the approach lane itself"""
    way_lane: Ints
    """ways from lane to lane without lights: lane, lane behind, lane inside the junction"""
    way_out: Ints
    way_via: Ints

    @property
    def signals(self) -> int:
        """Number of signals."""
        return len(self.programs)


@dataclass(frozen=True, slots=True)
class Tracks:
    """Tracks of one moment, columns of equal length. `rest` m from the end of the road, speed m/s, length m."""

    track: NDArray[np.int64]
    road: Ints
    rest: Reals
    speed: Reals
    length: Reals


@dataclass(frozen=True, slots=True)
class Lights:
    """State of all signals: stage (or the one that is coming), s since its green began, s until it begins."""

    stage: Ints
    green_for: Reals
    green_in: Reals


@dataclass(frozen=True, slots=True)
class Priority:
    """Vehicles whose delay counts more, columns.

    Row of the track, how many vehicles' delay its delay counts as, s that it will stand at a stop before the stop line,
    and the link (flat row) on which it crosses the next signal, -1 where that is not known.
    """

    row: Ints
    worth: Reals
    hold: Reals
    link: Ints | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a strategy sees at one moment: time s, tracks, lights, and who has priority where anybody has."""

    now: float
    tracks: Tracks
    lights: Lights
    priority: Priority | None = None
