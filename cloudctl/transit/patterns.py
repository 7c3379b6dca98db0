"""Ways of bus lines over the road network: from stop to stop along links, with distances along the way.

A pattern (行车路线) is one sequence of stops of one line in one direction; all trips with these stops share it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cloudctl.transit.errors import PatternError
from cloudctl.transit.timetable import BusStop, Timetable, Trip
from maps.errors import MapsError
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router

STOP_REACH = 60.0
"""A stop lies no farther from its road than this, m."""
SAME_LINE = 2.5
"""Two directions of a road that are drawn this close to each other leave open on which side a stop lies, m."""
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """One way of a line; distances in m from its first link's start."""

    id: str
    line: str
    direction: int
    stops: tuple[str, ...]
    links: NDArray[np.int32]
    """Rows of the links in order, (k,)."""
    link_start: Reals
    """Where each link begins along the way, (k,)."""
    points: Reals
    """The way itself, (p, 2), m in the local plane."""
    point_at: Reals
    """Distance of each point along the way, (p,)."""
    stop_at: Reals
    """Distance of each stop, (s,), increasing."""

    @property
    def length(self) -> float:
        """Length of the way, m."""
        return float(self.point_at[-1])

    @cached_property
    def places_of_link(self) -> dict[int, tuple[int, ...]]:
        """Numbers in `links` at which the way runs over a link, by row."""
        found: dict[int, tuple[int, ...]] = {}
        for number, link in enumerate(self.links.tolist()):
            found[link] = (*found.get(link, ()), number)
        return found

    def locate(self, place: tuple[float, float], window: tuple[float, float]) -> tuple[float, float, float]:
        """Nearest place of the way between two distances: (distance along, off the way in m, heading there in rad)."""
        first = max(int(np.searchsorted(self.point_at, window[0], "right")) - 1, 0)
        last = min(int(np.searchsorted(self.point_at, window[1], "left")) + 1, len(self.points))
        if last - first < 2:
            first, last = max(len(self.points) - 2, 0), len(self.points)
        part, steps = slice(first, last), slice(first, last - 1)
        return _nearest(self.points[part], self.point_at[part], (self._steps[steps], self._squares[steps]), place)

    @cached_property
    def _steps(self) -> Reals:
        """From each point to the next, (p - 1, 2), m."""
        return np.diff(self.points, axis=0)

    @cached_property
    def _squares(self) -> Reals:
        return np.asarray(np.maximum((self._steps**2).sum(axis=1), 1e-9))

    def next_stop(self, along: float) -> int:
        """Number of the first stop at or beyond a distance; the number of stops where all are passed."""
        return int(np.searchsorted(self.stop_at, along, "left"))


@dataclass(frozen=True)
class _Anchor:
    """Where a stop lies on the road."""

    link: int
    offset: float


class PatternMaker:
    """Lays lines onto the roads."""

    def __init__(self, network: RoadNetwork, router: Router) -> None:
        self._network = network
        self._router = router
        self._stops = {str(name): row for row, name in enumerate(network.stops.id)}
        self._anchors: dict[str, tuple[_Anchor, ...]] = {}
        links = network.links
        self._ends = dict(
            zip(zip(links.from_node.tolist(), links.to_node.tolist(), strict=True), range(len(links.id)), strict=True)
        )

    def all_of(self, timetable: Timetable) -> tuple[dict[str, Pattern], dict[str, str], list[PatternError]]:
        """Patterns by id, the pattern id of each trip, and what could not be laid onto the roads."""
        patterns: dict[str, Pattern] = {}
        of_trip: dict[str, str] = {}
        bad: dict[str, PatternError] = {}
        for trip in timetable.trips.values():
            name = pattern_id(trip)
            if name not in patterns and name not in bad:
                try:
                    patterns[name] = self.make(trip, timetable.stops)
                except PatternError as fault:
                    bad[name] = fault
            if name in patterns:
                of_trip[trip.id] = name
        return patterns, of_trip, list(bad.values())

    def make(self, trip: Trip, stops: Mapping[str, BusStop]) -> Pattern:
        """Lay one trip onto the roads.

        Raises:
            PatternError: a stop is off every road that buses may use, or two stops cannot be joined.
        """
        name = pattern_id(trip)
        anchors, parts = self._join(name, trip.stops, [self._anchors_of(name, stops[stop]) for stop in trip.stops])
        links, at = [anchors[0].link], [0]
        for part in parts:
            links += part
            at.append(len(links) - 1)
        lengths = self._network.links.length[links].astype(float)
        begins = np.concatenate(([0.0], np.cumsum(lengths)[:-1]))
        stop_at = np.array([begins[number] + anchor.offset for number, anchor in zip(at, anchors, strict=True)])
        shapes = [self._shape(link) for link in links]
        point_at = np.concatenate(
            [begin + _along(shape, length) for begin, shape, length in zip(begins, shapes, lengths, strict=True)]
        )
        rows = np.array(links, np.int32)
        return Pattern(
            name, trip.line, trip.direction, trip.stops, rows, begins, np.concatenate(shapes), point_at, stop_at
        )

    def _join(
        self, name: str, stops: Sequence[str], choices: Sequence[Sequence[_Anchor]]
    ) -> tuple[list[_Anchor], list[list[int]]]:
        """Choose the side of the road at each stop so that the whole is shortest (Viterbi over at most two sides)."""
        best: list[tuple[float, list[_Anchor], list[list[int]]]] = [(0.0, [each], []) for each in choices[0]]
        for stop, ends in zip(stops[1:], choices[1:], strict=True):
            onward, fault = list[tuple[float, list[_Anchor], list[list[int]]]](), None
            for end in ends:
                reached = list[tuple[float, list[_Anchor], list[list[int]]]]()
                for cost, chosen, parts in best:
                    try:
                        part = self._between(name, stop, chosen[-1], end)
                    except PatternError as error:
                        fault = error
                        continue
                    length = float(self._network.links.length[part].sum()) if part else 0.0
                    reached.append((cost + length, [*chosen, end], [*parts, part]))
                if reached:
                    onward.append(min(reached, key=lambda way: way[0]))
            if not onward and fault is not None:
                raise fault
            best = onward
        _, anchors, parts = min(best, key=lambda way: way[0])
        return anchors, parts

    def _between(self, pattern: str, stop: str, start: _Anchor, end: _Anchor) -> list[int]:
        if start.link == end.link and end.offset > start.offset:
            return []
        try:
            return [int(row) for row in self._router.route(start.link, end.link, ParticipantKind.BUS).links[1:]]
        except MapsError as fault:
            raise PatternError(pattern, stop, f"no way for a bus from the stop before: {fault}") from fault

    def _shape(self, link: int) -> Reals:
        links = self._network.links
        return self._network.shape(int(links.shape_start[link]), int(links.shape_count[link]))

    def _anchors_of(self, pattern: str, stop: BusStop) -> tuple[_Anchor, ...]:
        if stop.id not in self._anchors:
            known = self._known(stop)
            self._anchors[stop.id] = (known,) if known else self._nearest(pattern, stop)
        return self._anchors[stop.id]

    def _known(self, stop: BusStop) -> _Anchor | None:
        """Place of a stop that the network has under the same id, if it lies where the timetable says."""
        row = self._stops.get(stop.id)
        if row is None:
            return None
        network = self._network
        lane, offset = int(network.stops.lane[row]), float(network.stops.offset[row])
        link = int(network.lanes.link[lane])
        ratio = float(network.links.length[link]) / max(float(network.lanes.length[lane]), 1e-9)
        return _Anchor(link, min(offset * ratio, float(network.links.length[link])))

    def _nearest(self, pattern: str, stop: BusStop) -> tuple[_Anchor, ...]:
        """Place of a stop on the nearest road, and on its other side where both are drawn along one line."""
        try:
            link = self._router.nearest_link(stop.lon, stop.lat, ParticipantKind.BUS, max_distance=STOP_REACH)
        except MapsError as fault:
            raise PatternError(pattern, stop.id, str(fault)) from fault
        x, y = self._network.plane.forward(stop.lon, stop.lat)
        place, links = (float(x), float(y)), self._network.links
        first, off = self._place(link, place)
        other = self._ends.get((int(links.to_node[link]), int(links.from_node[link])))
        if other is None:
            return (first,)
        second, other_off = self._place(other, place)
        return (first, second) if abs(other_off - off) <= SAME_LINE else (first,)

    def _place(self, link: int, place: tuple[float, float]) -> tuple[_Anchor, float]:
        shape, length = self._shape(link), float(self._network.links.length[link])
        along, off, _ = _locate(shape, _along(shape, length), place)
        return _Anchor(link, along), off


def pattern_id(trip: Trip) -> str:
    """Name of a trip's pattern: the same for all trips of a line with the same stops and direction."""
    digest = hashlib.sha256("\n".join(trip.stops).encode()).hexdigest()[:8]
    return f"{trip.line}/{trip.direction}/{digest}"


def _along(shape: Reals, length: float) -> Reals:
    """Distance of each point of a link's shape from its start, when the whole is so long."""
    drawn = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
    return drawn * (length / max(float(drawn[-1]), 1e-9))


def _locate(points: Reals, point_at: Reals, place: tuple[float, float]) -> tuple[float, float, float]:
    """Nearest place of a polyline: (distance along, off it in m, heading there in rad)."""
    step = np.diff(points, axis=0)
    return _nearest(points, point_at, (step, np.maximum((step**2).sum(axis=1), 1e-9)), place)


def _nearest(
    points: Reals, point_at: Reals, steps: tuple[Reals, Reals], place: tuple[float, float]
) -> tuple[float, float, float]:
    """As `_locate`, with the steps between the points (p - 1, 2) and their squared lengths."""
    step, square = steps
    to_place = np.array(place) - points[:-1]
    share = np.minimum(np.maximum(np.einsum("ij,ij->i", to_place, step) / square, 0.0), 1.0)
    beside = share[:, None] * step - to_place
    off = np.sqrt(np.einsum("ij,ij->i", beside, beside))
    best = int(off.argmin())
    along = point_at[best] + share[best] * (point_at[best + 1] - point_at[best])
    return float(along), float(off[best]), float(np.arctan2(step[best, 0], step[best, 1]))
