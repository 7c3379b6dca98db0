"""The plan as a graph: stretches of street between crossings, and the arms of every crossing."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulators import city_plan as plan
from simulators.city_plan_geometry import Line, bearing, cut, length, smooth, turn_angle


@dataclass(frozen=True)
class Stretch:
    """A street between two neighbouring crossings, drivable both ways."""

    start: str
    end: str
    name: str
    kind: str
    line: Line

    def reversed(self) -> "Stretch":
        """The same stretch in the other direction."""
        return Stretch(self.end, self.start, self.name, self.kind, self.line[::-1])


@dataclass(frozen=True)
class Turns:
    """Where one may go from an approach: end of the straight, left and right way, empty when there is none."""

    left: str
    straight: str
    right: str


def stretches() -> list[Stretch]:
    """All stretches of the city, side streets included."""
    found = [stretch for street in plan.STREETS for stretch in _street(street)]
    for side in plan.SIDE_STREETS:
        first, found = _split(found, side.start, f"{side.car_park}w")
        second, found = _split(found, side.end, f"{side.car_park}e")
        found.append(Stretch(f"{side.car_park}w", f"{side.car_park}e", side.name, "local", np.vstack([first, second])))
    return found


def _street(street: plan.Street) -> list[Stretch]:
    places = {**plan.NODES, **plan.GATES}
    points = np.array([places[step] if isinstance(step, str) else step for step in street.way], float)
    line, rows = smooth(points)
    marks = [(step, int(row)) for step, row in zip(street.way, rows, strict=True) if isinstance(step, str)]
    return [Stretch(a, b, street.name, street.kind, line[i : j + 1]) for (a, i), (b, j) in pairwise(marks)]


def _split(found: list[Stretch], ends: tuple[str, str], node: str) -> tuple[Line, list[Stretch]]:
    """Put a node into the middle of a stretch."""
    old = next(s for s in found if (s.start, s.end) == ends)
    before, after = cut(old.line, length(old.line) / 2)
    halves = [Stretch(old.start, node, old.name, old.kind, before), Stretch(node, old.end, old.name, old.kind, after)]
    return before[-1], [s for s in found if s is not old] + halves


def directed(found: list[Stretch]) -> list[Stretch]:
    """Both directions of every stretch."""
    return [way for stretch in found for way in (stretch, stretch.reversed())]


def turns_from(approach: Stretch, ways: list[Stretch]) -> Turns:
    """Sort the ways out of the crossing at the end of an approach into left, straight and right."""
    arrival = bearing(approach.line[-2], approach.line[-1])
    exits = [way for way in ways if way.start == approach.end and way.end != approach.start]
    angles = {way.end: turn_angle(arrival, bearing(way.line[0], way.line[1])) for way in exits}
    ordered = sorted(angles, key=lambda end: angles[end])
    if len(ordered) == 3:
        return Turns(right=ordered[0], straight=ordered[1], left=ordered[2])
    straight = min(angles, key=lambda end: abs(angles[end]), default="")
    if straight and abs(angles[straight]) > np.radians(45) and len(ordered) == 2:
        return Turns(right=ordered[0], straight="", left=ordered[1])
    side = next((end for end in ordered if end != straight), "")
    left = side if side and angles[side] > angles[straight] else ""
    return Turns(left=left, straight=straight, right="" if left else side)


def is_side_node(node: str) -> bool:
    """Whether a node is the mouth of a side street, where one only turns right."""
    return node[0] == "P"


def has_signal(node: str) -> bool:
    """Whether a crossing has lights."""
    return node in plan.NODES and node not in plan.WITHOUT_SIGNAL
