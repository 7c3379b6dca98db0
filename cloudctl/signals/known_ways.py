"""Vehicles with priority whose way through the next signal is known: the lane they wait on and the light they need.

All others are spread over the lanes that they may be heading for, and a lane is open by the share of its vehicles that
a stage serves. A bus that turns off where most go straight on would then count as served by every green for those; and
those behind it on its lane wait with it. So its lane is as open as its own light is, the less so the more stand before
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.arrivals import insert, time_to_stop_line
from cloudctl.signals.layout import SIGHT, Ints, Layout, Priority, Reals, Tracks

Columns = tuple[Ints, Reals, Reals, Reals]
"""Vehicles of each lane: how many, and `[lane, place]` arrival, share, value."""


@dataclass(frozen=True, slots=True)
class KnownWay:
    """One vehicle: the link that it takes, local to the signal, and how many go before it on its lane."""

    link: int
    ahead: float


def known_rows(layout: Layout, tracks: Tracks, priority: Priority | None) -> NDArray[np.bool_]:
    """Tell the tracks whose way is known and whose lane before the next signal is in reach, `(tracks,)`."""
    known = np.zeros(tracks.road.size, np.bool_)
    if priority is None or priority.link is None:
        return known
    for row, link in zip(priority.row.tolist(), priority.link.tolist(), strict=True):
        known[row] = link >= 0 and distance_to_link(layout, tracks, row, link) <= SIGHT
    return known


def add_known(
    layout: Layout, tracks: Tracks, priority: Priority, known: NDArray[np.bool_], limit: Reals, columns: Columns
) -> dict[int, KnownWay]:
    """Put the vehicles of known ways on their lanes; give by lane (flat row) the one that comes first there.

    Args:
        layout: Layout of the area.
        tracks: All tracks.
        priority: Who has priority; its ways are known.
        known: For which tracks they count, see `known_rows`.
        limit: Speed limit of each approach lane, m/s.
        columns: Where to put them.
    """
    found: dict[int, tuple[float, KnownWay]] = {}
    count, arrival, share, value = columns
    links = np.full(len(priority.row), -1) if priority.link is None else priority.link
    rows = zip(priority.row.tolist(), links.tolist(), priority.worth.tolist(), priority.hold.tolist(), strict=True)
    for row, link, worth, hold in rows:
        if not known[row]:
            continue
        lane = _lane(layout, link)
        due = (
            time_to_stop_line(distance_to_link(layout, tracks, row, link), float(tracks.speed[row]), limit[lane]) + hold
        )
        held = arrival[lane, : count[lane]] < due
        way = KnownWay(
            link - int(layout.link_start[signal_of_link(layout, link)]), float(share[lane, : count[lane]][held].sum())
        )
        if lane not in found or due < found[lane][0]:
            found[lane] = due, way
        insert(lane, due, 1.0, worth, count, arrival, share, value)
    return {lane: way for lane, (_, way) in found.items()}


def opened(usual: Reals, shown: NDArray[np.bool_], first: int, ways: Mapping[int, KnownWay]) -> Reals:
    """Say what a signal opens for each lane, `[stage, lane]`, where ways are known.

    Args:
        usual: What it opens by the shares in which vehicles turn.
        shown: Whether each stage gives each link this kind of green, `[stage, link]`.
        first: Flat row of the signal's first lane.
        ways: Known ways by lane (flat row).
    """
    wanted: Sequence[int] = [lane for lane in ways if first <= lane < first + usual.shape[1]]
    if not wanted:
        return usual
    found = usual.copy()
    for lane in wanted:
        way = ways[lane]
        mixed = usual[:, lane - first] * way.ahead + shown[:, way.link]
        found[:, lane - first] = mixed / (way.ahead + 1.0)
    return found


def signal_of_link(layout: Layout, link: int) -> int:
    """Signal of a link (flat row)."""
    return int(np.searchsorted(layout.link_start, link, side="right")) - 1


def _lane(layout: Layout, link: int) -> int:
    return int(layout.lane_start[signal_of_link(layout, link)] + layout.link_lane[link])


def distance_to_link(layout: Layout, tracks: Tracks, row: int, link: int) -> float:
    """Way of a track to the stop line of a link, m; inf where it is not in reach."""
    road, signal, lane = int(tracks.road[row]), signal_of_link(layout, link), _lane(layout, link)
    rows = slice(int(layout.reach_start[road]), int(layout.reach_start[road + 1]))
    lanes, extra = layout.reach_lane[rows], layout.reach_extra[rows]
    own = lanes == lane
    if not own.any():  # it still has to change lanes
        own = (lanes >= layout.lane_start[signal]) & (lanes < layout.lane_start[signal + 1])
    return float(tracks.rest[row] + extra[own].min()) if own.any() else float("inf")
