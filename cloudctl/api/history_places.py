"""From what a request names to rows of the road network: links, intersections, places."""

import numpy as np

from cloudctl.api.errors import ProblemError
from cloudctl.store.signal_queries import Movement
from maps.network import RoadNetwork, Turn

NEAR = 40.0
"""A place stands for the links that pass it this close, m."""


def link_row(network: RoadNetwork, link_id: str) -> int:
    """Row of a link; raise ProblemError where there is none of this id."""
    row = network.link_rows.get(link_id)
    if row is None:
        raise ProblemError(404, "No such link", f"no link has the id {link_id!r}")
    return row


def link_name(network: RoadNetwork, row: int) -> str:
    """Id of a link, or "" for a row of another road network."""
    return str(network.links.id[row]) if 0 <= row < len(network.links.id) else ""


def signal_row(network: RoadNetwork, signal_id: str) -> int:
    """Row of a signalised intersection; raise ProblemError where there is none of this id."""
    found = np.flatnonzero(network.signals.id == signal_id)
    if not len(found):
        raise ProblemError(404, "No such signal", f"no signal has the id {signal_id!r}")
    return int(found[0])


def links_at(network: RoadNetwork, place: str) -> list[int]:
    """Rows of the links that a place stands for: `link:ID`, or `lon,lat` in degrees with all links within NEAR.

    Raises:
        ProblemError: it is neither, or no link is there.
    """
    if place.startswith("link:"):
        return [link_row(network, place.removeprefix("link:"))]
    try:
        lon, lat = (float(part) for part in place.split(","))
    except ValueError as fault:
        raise ProblemError(422, "Unusable place", f"{place!r} is neither lon,lat nor link:ID") from fault
    x, y = network.plane.forward(np.array([lon]), np.array([lat]))
    near = [row for row in range(len(network.links.id)) if _distance(network, row, float(x[0]), float(y[0])) <= NEAR]
    if not near:
        raise ProblemError(404, "No link there", f"no link passes {place} within {NEAR:.0f} m")
    return near


def _distance(network: RoadNetwork, row: int, x: float, y: float) -> float:
    start, count = int(network.links.shape_start[row]), int(network.links.shape_count[row])
    points = network.shape(start, count).astype(np.float64)
    if count < 2:  # a line has two ends
        return float(np.inf) if count == 0 else float(np.hypot(*(points[0] - (x, y))))
    begin, along = points[:-1], np.diff(points, axis=0)
    length2 = np.maximum((along**2).sum(axis=1), 1e-9)
    share = np.clip((((x, y) - begin) * along).sum(axis=1) / length2, 0, 1)
    return float(np.hypot(*((begin + along * share[:, None]) - (x, y)).T).min())


def movements_of(network: RoadNetwork, signal: int, *, right_turns: bool) -> list[Movement]:
    """Ways of vehicles over an intersection, one for each pair of links."""
    ways, lanes = network.connections, network.lanes
    found: dict[tuple[int, int], Movement] = {}
    for row in np.flatnonzero((ways.signal == signal) & (ways.group >= 0)).tolist():
        turn = int(ways.turn[row])
        if Turn(turn) is Turn.RIGHT and not right_turns:
            continue
        link, onward = (int(lanes.link[int(lane[row])]) for lane in (ways.from_lane, ways.to_lane))
        found.setdefault((link, onward), Movement(link, onward, int(ways.group[row]), turn))
    return list(found.values())
