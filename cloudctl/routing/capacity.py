"""What ways are reckoned on: how many vehicles a link lets pass (lanes, green of their lights), where it begins."""

import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork

SATURATION = 1700.0
"""Vehicles an hour and lane of green (HCM 6, base 1,900 less turns and heavy vehicles)."""
WITHOUT_LIGHT = 0.55
"""Share of the saturation flow that a lane without a light passes: others have right of way at times."""
LEAST_GREEN = 0.08
_GREENS = (4, 5, 6)
"""Flashing, permissive and protected green of LightState (T/CSAE 53-2020)."""


def green_shares(network: RoadNetwork) -> NDArray[np.float64]:
    """Share of its cycle that each signal group is green by the default program, (groups,); a half without one."""
    shares = np.full(len(network.groups.signal), 0.5)
    signals, program = network.signals, network.program
    for row in range(len(signals.id)):
        start, count = int(signals.program_start[row]), int(signals.program_count[row])
        first, groups = int(signals.group_start[row]), int(signals.group_count[row])
        if not count or not groups:
            continue
        where = program.state_start[start : start + count, None] + np.arange(groups)
        green = np.isin(network.program_states[where], _GREENS)
        duration = program.duration[start : start + count].astype(np.float64)
        shares[first : first + groups] = (green * duration[:, None]).sum(0) / max(float(duration.sum()), 1.0)
    least: NDArray[np.float64] = np.maximum(shares, LEAST_GREEN)
    return least


def link_capacities(network: RoadNetwork) -> NDArray[np.float64]:
    """Vehicles an hour that each link lets pass at its end, (links,)."""
    connections, lanes = network.connections, network.lanes
    known = connections.from_lane >= 0
    lane, group = connections.from_lane[known], connections.group[known]
    shares = green_shares(network)
    padded = np.append(shares, WITHOUT_LIGHT)
    best = np.zeros(len(lanes.link))
    np.maximum.at(best, lane, padded[group])
    best[best == 0] = WITHOUT_LIGHT
    flow = np.bincount(lanes.link, best * SATURATION, len(network.links.id))
    capacities: NDArray[np.float64] = np.maximum(flow, LEAST_GREEN * SATURATION)
    return capacities


def link_begins(network: RoadNetwork) -> NDArray[np.float64]:
    """Give the first point of each link, (links, 2), m."""
    begins: NDArray[np.float64] = np.ascontiguousarray(network.points[network.links.shape_start], np.float64)
    return begins
