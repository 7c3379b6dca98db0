"""Vehicles on approaches and exits of signals, counted per lane."""

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import SIGHT, YIELD, Layout, Reals, Tracks

STANDING = 0.1
"""m/s, as SUMO counts waiting"""


def count_on_lanes(layout: Layout, tracks: Tracks, within: float = SIGHT, standing: bool = False) -> Reals:
    """Tracks on each lane of the area whose front is within `within` m of the lane's end."""
    chosen = tracks.rest <= within
    if standing:
        chosen &= tracks.speed < STANDING
    found: Reals = np.bincount(tracks.road[chosen], minlength=len(layout.roads.ids)).astype(np.float64)
    return found


def count_towards(layout: Layout, tracks: Tracks, within: float) -> Reals:
    """Tracks heading for each approach lane within `within` m of its stop line, by chance of heading there."""
    first, last = layout.reach_start[tracks.road], layout.reach_start[tracks.road + 1]
    often = last - first
    row = np.repeat(first - np.concatenate([[0], np.cumsum(often)[:-1]]), often) + np.arange(int(often.sum()))
    near = np.repeat(tracks.rest, often) + layout.reach_extra[row] <= within
    weight = layout.reach_weight[row[near]]
    found: Reals = np.bincount(layout.reach_lane[row[near]], weight, len(layout.lane_road)).astype(np.float64)
    return found


def served_by_stage(layout: Layout, signal: int, least: int = YIELD) -> NDArray[np.bool_]:
    """Whether a stage shows a link of a lane green, `[stage, lane]`, local; `least` PROTECTED leaves yielding out."""
    links = slice(int(layout.link_start[signal]), int(layout.link_start[signal + 1]))
    stages = int(layout.stage_start[signal + 1] - layout.stage_start[signal])
    start, end = layout.shown_start[signal], layout.shown_start[signal + 1]
    shown = layout.shown[start:end].reshape(stages, -1)
    served = np.zeros((stages, int(layout.lane_start[signal + 1] - layout.lane_start[signal])), bool)
    for link, lane in enumerate(layout.link_lane[links].tolist()):
        served[:, lane] |= shown[:, link] >= least
    return served
