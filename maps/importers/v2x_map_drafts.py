"""Links and lanes of MAP messages laid out on a plane; what a message does not say is drawn from what it says."""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from maps.geodesy import LocalPlane
from maps.importers.report import ImportReport
from maps.importers.v2x_map_records import MapConnection, MapLane, MapLink, MapNode, Place, Reference
from maps.network import Points, Turn

DEFAULT_WIDTH = 3.5
"""Width of a lane that names none, m (CJJ 37-2012, table 5.3.1)."""
SHORTEST = 0.02
"""Lanes and links have at least this length, m."""
STUB_LENGTH = 40.0
STUB_SETBACK = 15.0
"""An outgoing link that no message describes starts this far from the node and has this length, m."""
_TURN_ANGLE = {Turn.STRAIGHT: 0.0, Turn.LEFT: math.pi / 2, Turn.RIGHT: -math.pi / 2, Turn.U_TURN: math.pi}


@dataclass
class LaneDraft:
    """Lane on the plane."""

    number: int
    width: float
    shape: Points
    record: MapLane | None = None
    """None where the lane is a guess."""


@dataclass
class LinkDraft:
    """Link on the plane; lanes from right to left."""

    start: Reference
    end: Reference
    lanes: list[LaneDraft]
    shape: Points
    name: str = ""
    speed: float | None = None

    def lane(self, number: int | None) -> int | None:
        """Place of the lane of that number, counted from the right; the rightmost where none is asked for."""
        if number is None:
            return 0
        return next((row for row, lane in enumerate(self.lanes) if lane.number == number), None)


@dataclass
class Layout:
    """Lays out the links of some nodes in one plane."""

    plane: LocalPlane
    report: ImportReport
    links: list[LinkDraft] = field(default_factory=list)

    def add_nodes(self, nodes: list[MapNode]) -> None:
        """Lay out all links that messages describe, then those that they only point at."""
        for node in nodes:
            self.links += [self._link(node, link) for link in node.links]
        from_right = self._numbers_run_from_right()
        for node in nodes:
            for remote in dict.fromkeys(entry.remote for entry in _connections(node)):
                if self.onward(node.reference, remote, None) is None:
                    self.links.append(self._stub(node, remote, from_right=from_right))

    def onward(self, node: Reference, remote: Reference, number: int | None) -> LinkDraft | None:
        """Find the link from `node` to `remote`, one that has the lane `number` first."""
        found = [link for link in self.links if link.start == node and link.end == remote]
        return max(found, key=lambda link: link.lane(number) is not None, default=None)

    def metres(self, places: list[Place]) -> Points:
        """Points (n, 2), m, without repeats."""
        degrees = np.array(places, float).reshape(-1, 2)
        points = np.column_stack(self.plane.forward(degrees[:, 0], degrees[:, 1]))
        fresh = np.ones(len(points), bool)
        fresh[1:] = np.hypot(*np.diff(points, axis=0).T) > 1e-3
        return points[fresh] if fresh.sum() > 1 else points

    def _link(self, node: MapNode, link: MapLink) -> LinkDraft:
        records = [link.lanes[number] for number in sorted(link.lanes)]
        line = self._line(link.points, link.place)
        width = link.width / len(records) if link.width else DEFAULT_WIDTH
        self.report.guessed["lane_width"] += sum(not record.width for record in records)
        lanes = [
            LaneDraft(lane.number, lane.width or width, self._line(lane.points, lane.place), lane) for lane in records
        ]
        drawn = [lane for lane in lanes if len(lane.shape)]
        if not drawn:
            self._spread(link, lanes, line)
        elif len(drawn) < len(lanes):
            without = next(lane.record for lane in lanes if not len(lane.shape) and lane.record)
            self.report.dropped["lane_without_points"] += len(lanes) - len(drawn)
            self.report.dropped[f"{without.place} has no points"] += 1
            lanes = drawn
        first = lanes[0].shape
        lanes.sort(key=lambda lane: _side(lane.shape[-1], first))
        shape = line if len(line) else _middle([lane.shape for lane in lanes])
        return LinkDraft(link.upstream, node.reference, lanes, shape, link.name, link.speed)

    def _line(self, places: list[Place], place: str) -> Points:
        line = self.metres(places)
        if len(line) and float(np.hypot(*np.diff(line, axis=0).T).sum()) < SHORTEST:
            raise LayoutError(place, "all its points are the same place")
        return line

    def _spread(self, link: MapLink, lanes: list[LaneDraft], line: Points) -> None:
        """Put lanes side by side along the line of their link: number 1 is the leftmost (T/CSAE 159-2020)."""
        if not len(line):
            raise LayoutError(link.place, "neither the link nor its lanes have points")
        self.report.guessed["lane_points"] += len(lanes)
        total = sum(lane.width for lane in lanes)
        edge = total / 2
        for lane in lanes:
            lane.shape = shifted(line, edge - lane.width / 2)
            edge -= lane.width

    def _numbers_run_from_right(self) -> bool:
        votes: Counter[bool] = Counter()
        for link in self.links:
            numbers = [lane.number for lane in link.lanes]
            if len(numbers) > 1:
                votes[numbers == sorted(numbers)] += 1
        return votes[True] > votes[False]

    def _stub(self, node: MapNode, remote: Reference, *, from_right: bool) -> LinkDraft:
        """Guess an outgoing link: beside the link that comes from the same neighbour, else where the turns lead."""
        self.report.guessed["outgoing_link"] += 1
        entries = [entry for entry in _connections(node) if entry.remote == remote]
        numbers = sorted({entry.lane if entry.lane is not None else 1 for entry in entries}, reverse=not from_right)
        opposite = next((x for x in self.links if x.start == remote and x.end == node.reference), None)
        if opposite is not None:
            axis, width = self._beside(opposite)
        else:
            axis, width = self._ahead(node, remote), DEFAULT_WIDTH
        lanes = [
            LaneDraft(number, width, shifted(axis, -width * (len(numbers) - place - 0.5)))
            for place, number in enumerate(numbers)
        ]
        return LinkDraft(node.reference, remote, lanes, _middle([lane.shape for lane in lanes]))

    @staticmethod
    def _beside(opposite: LinkDraft) -> tuple[Points, float]:
        """Left edge of the opposite link, run backwards, and the width of its lanes."""
        leftmost = opposite.lanes[-1]
        axis: Points = shifted(leftmost.shape, leftmost.width / 2)[::-1].copy()
        return axis, leftmost.width

    def _ahead(self, node: MapNode, remote: Reference) -> Points:
        """Line from the node in the direction of a turn that leads to `remote`."""
        lanes = [lane for link in self.links if link.end == node.reference for lane in link.lanes if lane.record]
        turns = (
            (lane, entry.turn or Turn.STRAIGHT)
            for lane in lanes
            for entry in (lane.record.connections if lane.record else ())
            if entry.remote == remote
        )
        lane, turn = next(turns, (lanes[0], Turn.STRAIGHT))
        angle = direction(lane.shape[-2], lane.shape[-1]) + _TURN_ANGLE[turn]
        unit = np.array([math.cos(angle), math.sin(angle)])
        centre = self.metres([node.position])[0]
        return np.array([centre + unit * STUB_SETBACK, centre + unit * (STUB_SETBACK + STUB_LENGTH)])


class LayoutError(ValueError):
    """A link cannot be laid out; `place` names the part at fault."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


def direction(start: Points, end: Points) -> float:
    """Angle of a vector, rad, counter-clockwise from east."""
    return math.atan2(float(end[1] - start[1]), float(end[0] - start[0]))


def shifted(line: Points, left: float) -> Points:
    """Line (n, 2) moved `left` m to its left, mitred at its bends."""
    vectors = np.diff(line, axis=0)
    unit = vectors / np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    normals = np.column_stack([-unit[:, 1], unit[:, 0]])
    joined = np.vstack([normals[:1], normals[:-1] + normals[1:], normals[-1:]])
    size = np.hypot(joined[:, 0], joined[:, 1])
    joined /= np.maximum(size, 1e-6)[:, None]
    stretch = np.ones(len(line))
    stretch[1:-1] = 2 / np.maximum(size[1:-1], 1.0)
    moved: Points = line + joined * (left * stretch)[:, None]
    return moved


def curve(start: Points, start_angle: float, end: Points, end_angle: float) -> Points:
    """Way across a node: straight, or a quadratic curve that keeps both directions where these meet ahead."""
    ahead = np.array([math.cos(start_angle), math.sin(start_angle)])
    back = np.array([math.cos(end_angle), math.sin(end_angle)])
    cross = ahead[0] * back[1] - ahead[1] * back[0]
    gap = end - start
    if abs(cross) > 0.17:
        along = (gap[0] * back[1] - gap[1] * back[0]) / cross
        behind = (gap[0] * ahead[1] - gap[1] * ahead[0]) / cross
        if along > 0 > behind:
            t = np.linspace(0, 1, 9)[:, None]
            corner = start + ahead * along
            bent: Points = (1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end
            return bent
    return np.array([start, end])


def turn_between(start_angle: float, end_angle: float) -> Turn:
    """Turn by the change of direction: beyond 30 deg left or right, beyond 150 deg back."""
    change = math.remainder(end_angle - start_angle, math.tau)
    if abs(change) > math.radians(150):
        return Turn.U_TURN
    if abs(change) < math.radians(30):
        return Turn.STRAIGHT
    return Turn.LEFT if change > 0 else Turn.RIGHT


def _connections(node: MapNode) -> list[MapConnection]:
    return [entry for link in node.links for lane in link.lanes.values() for entry in lane.connections]


def _side(point: Points, line: Points) -> float:
    """Distance of a point to the left of the last piece of a line, m."""
    angle = direction(line[-2], line[-1])
    return float((point[1] - line[-1, 1]) * math.cos(angle) - (point[0] - line[-1, 0]) * math.sin(angle))


def _middle(shapes: list[Points]) -> Points:
    """Line half way between the outermost of some lanes; the rightmost where they do not run point by point."""
    if len(shapes[0]) != len(shapes[-1]):
        return shapes[0]
    middle: Points = (shapes[0] + shapes[-1]) / 2
    return middle
