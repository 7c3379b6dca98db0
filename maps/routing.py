"""Routes over links with turn restrictions, per kind of road user, on live travel times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.errors import NoRouteError
from maps.link_graph import link_graph
from maps.link_limits import LinkLimits, VehicleBody
from maps.link_lines import LinkLines
from maps.network import Ints, RoadNetwork
from maps.participants import ParticipantKind
from maps.shortest_path import Arcs, search
from maps.two_way_search import search_two_ways

Seconds = NDArray[np.float64]
MAX_STRETCH = 1.6
"""An alternative takes at most this many times as long as the best route."""
LEAST_GUIDANCE = 0.35
"""Where the mean speed over the highest is below this, bounds guide so little that two searches meet sooner."""


@dataclass(frozen=True)
class Route:
    """A way over links."""

    links: Ints
    """Rows of the links, first and last included."""
    travel_time: float
    """From the start of the first link to the end of the last, s."""
    length: float
    """m"""


@dataclass(frozen=True)
class _Costs:
    """Travel time of each link, the speed (m/s) that no arc exceeds, and whether it guides; replaced as one."""

    times: Seconds
    speed: float
    guided: bool = True


class Router:
    """Finds routes in one network. Searches may run in several threads while travel times change.

    `limits` close links to vehicles that are too high or too heavy; by default those of the network.
    """

    def __init__(self, network: RoadNetwork, limits: LinkLimits | None = None) -> None:
        self._network = network
        self._limits = limits or LinkLimits.of(network)
        self._graph = link_graph(network)
        self._free = network.links.length.astype(np.float64) / network.links.speed
        self._tails = self._graph.tails
        self._hops = np.hypot(*(self._graph.ends[self._graph.heads] - self._graph.ends[self._tails]).T)
        self._costs = self._cost(self._free)
        self._lines = LinkLines(network, self._graph.link_allowed)
        if len(self._free):
            # The engine starts on free roads; code that only jams need must not be compiled while it runs.
            search_two_ways(self._arcs, self._arcs_into, self._free, np.uint32(1), (0, 0))

    @property
    def free_flow_times(self) -> Seconds:
        """Travel time (n,) of each link at its speed limit, s."""
        return self._free.copy()

    @property
    def travel_times(self) -> Seconds:
        """Travel time (n,) of each link that routes reckon with now, s."""
        return self._costs.times.copy()

    def set_travel_times(self, times: ArrayLike) -> None:
        """Use live travel times (n,) of all links, s; NaN means unknown and stands for free flow, inf for closed.

        Raises:
            ValueError: not one time for each link, or a time that is not above 0.
        """
        given = np.asarray(times, np.float64)
        if given.shape != self._free.shape:
            raise ValueError(f"{given.shape} travel times for {self._free.shape} links")
        merged = np.where(np.isnan(given), self._free, given)
        if not (merged > 0).all():
            row = int(np.argmin(merged))
            raise ValueError(f"travel time {merged[row]} s of link {self._network.links.id[row]!r} is not above 0")
        self._costs = self._cost(merged)

    def route(
        self,
        from_link: int,
        to_link: int,
        kind: ParticipantKind = ParticipantKind.CAR,
        *,
        avoid: Sequence[int] | Ints = (),
        body: VehicleBody | None = None,
    ) -> Route:
        """Quickest way from the start of one link to the end of another.

        Args:
            from_link: Row of the first link; it is never avoided.
            to_link: Row of the last link.
            kind: Who travels.
            avoid: Rows of links to stay off.
            body: How high and heavy the vehicle is; links whose limits it exceeds are closed to it.

        Raises:
            NoRouteError: no way is open to the kind; the error names the links.
        """
        return self._route(from_link, to_link, kind, self._without(self._closed(avoid, body), from_link))

    def alternatives(
        self,
        from_link: int,
        to_link: int,
        kind: ParticipantKind = ParticipantKind.CAR,
        *,
        count: int = 3,
        avoid: Sequence[int] | Ints = (),
        penalty: float = 1.5,
        max_overlap: float = 0.7,
    ) -> list[Route]:
        """Up to `count` ways that really differ, the quickest first, by making links of found ways slower.

        Args:
            from_link: Row of the first link.
            to_link: Row of the last link.
            kind: Who travels.
            count: Ways wanted at most.
            avoid: Rows of links to stay off.
            penalty: Links of found ways become this many times slower for the next search.
            max_overlap: No way shares more of its length with a quicker one than this, 0..1.

        Raises:
            NoRouteError: not even one way is open to the kind.
        """
        costs = self._without(avoid, from_link)
        last = self._route(from_link, to_link, kind, costs)
        found = [last]
        times = costs.times.copy()
        for _ in range(4 * count):
            if len(found) == count:
                break
            times[last.links] *= penalty
            raised = replace(costs, times=times)
            last = self._measure(self._route(from_link, to_link, kind, raised).links, costs.times)
            fresh = all(self.overlap(last, route) <= max_overlap for route in found)
            if fresh and last.travel_time <= MAX_STRETCH * found[0].travel_time:
                found.append(last)
        return sorted(found, key=lambda route: route.travel_time)

    def overlap(self, route: Route, other: Route) -> float:
        """Share 0..1 of the length of `route` that `other` runs over too."""
        length = self._network.links.length
        shared = np.isin(route.links, other.links)
        return float(length[route.links[shared]].sum() / length[route.links].sum())

    def reach(self, from_link: int, kind: ParticipantKind = ParticipantKind.CAR) -> Seconds:
        """Travel times (n,) from the start of one link to the end of every link, s; inf where no way leads."""
        known, _ = self._search(from_link, -1, kind, _Costs(self._costs.times, np.inf))
        return known

    def nearest_link(
        self, lon: float, lat: float, kind: ParticipantKind = ParticipantKind.CAR, *, max_distance: float = 500.0
    ) -> int:
        """Row of the link open to `kind` whose line runs nearest to a position (deg).

        Raises:
            OffMapError: no such link within `max_distance` m.
        """
        return self._lines.nearest(lon, lat, kind, max_distance)

    def line(self, route: Route) -> list[list[float]]:
        """Longitudes and latitudes [[lon, lat], ...] of a route (1e-7 deg), joined across the junctions."""
        return self._lines.join(route.links)

    def line_of(self, rows: Ints) -> list[list[float]]:
        """Longitudes and latitudes [[lon, lat], ...] of links (1e-7 deg), joined across the junctions."""
        return self._lines.join(rows)

    def _cost(self, times: Seconds) -> _Costs:
        graph = self._graph
        speeds = self._hops / (graph.seconds + times[graph.heads])
        fastest = float(speeds.max(initial=1.0))
        return _Costs(times, fastest, float(speeds.mean()) >= LEAST_GUIDANCE * fastest if len(speeds) else True)

    def _closed(self, avoid: Sequence[int] | Ints, body: VehicleBody | None) -> Sequence[int] | Ints:
        if body is None:
            return avoid
        return np.concatenate([np.asarray(avoid, np.int32), self._limits.closed_to(body)])

    def _without(self, avoid: Sequence[int] | Ints, from_link: int) -> _Costs:
        costs = self._costs
        if not len(avoid):
            return costs
        rows = np.asarray(avoid, np.int64)
        if rows.min() < 0 or rows.max() >= len(self._free):
            raise IndexError(f"link rows to avoid {rows.min()}..{rows.max()} are not within 0..{len(self._free) - 1}")
        times = costs.times.copy()
        times[rows] = np.inf
        times[from_link] = costs.times[from_link]
        return replace(costs, times=times)

    def _route(self, from_link: int, to_link: int, kind: ParticipantKind, costs: _Costs) -> Route:
        if costs.guided:
            _, before = self._search(from_link, to_link, kind, costs)
            return self._measure(self._chain(before, from_link, to_link, kind), costs.times)
        self._check_rows(from_link, to_link)
        bit, ends = np.uint32(kind.bit), (int(from_link), int(to_link))
        meet, before, after = search_two_ways(self._arcs, self._arcs_into, costs.times, bit, ends)
        if meet < 0:
            raise self._no_route(from_link, to_link, kind)
        links = self._chain(before, from_link, meet, kind).tolist()
        while links[-1] != to_link:
            links.append(int(after[links[-1]]))
        return self._measure(np.array(links, np.int32), costs.times)

    def _chain(self, before: Ints, from_link: int, to_link: int, kind: ParticipantKind) -> Ints:
        """Links from the first to the last, by the link before each."""
        row, links = to_link, [to_link]
        while row != from_link:
            row = int(before[row])
            if row < 0:
                raise self._no_route(from_link, to_link, kind)
            links.append(row)
        return np.array(links[::-1], np.int32)

    @cached_property
    def _arcs(self) -> Arcs:
        graph = self._graph
        return graph.starts, graph.heads, graph.seconds, graph.allowed

    @cached_property
    def _arcs_into(self) -> Arcs:
        """The arcs into each link."""
        graph = self._graph
        order = np.argsort(graph.heads, kind="stable")
        starts = np.searchsorted(graph.heads[order], np.arange(len(self._free) + 1)).astype(np.int64)
        return starts, self._tails[order].astype(np.int32), graph.seconds[order], graph.allowed[order]

    def _check_rows(self, from_link: int, to_link: int) -> None:
        count = len(self._free)
        if not (0 <= from_link < count and -1 <= to_link < count):
            raise IndexError(f"link rows {from_link}, {to_link} are not within 0..{count - 1}")

    def _search(self, from_link: int, to_link: int, kind: ParticipantKind, costs: _Costs) -> tuple[Seconds, Ints]:
        self._check_rows(from_link, to_link)
        ends, guide = (int(from_link), int(to_link)), (self._graph.ends, costs.speed)
        return search(self._arcs, costs.times, np.uint32(kind.bit), ends, guide)

    def _measure(self, links: Ints, times: Seconds) -> Route:
        """Route over links that follow one another."""
        graph = self._graph
        arcs = [
            start + int(np.flatnonzero(graph.heads[start : graph.starts[tail + 1]] == head)[0])
            for tail, head in pairwise(links.tolist())
            for start in (int(graph.starts[tail]),)
        ]
        seconds = times[links].sum() + graph.seconds[arcs].sum()
        metres = self._network.links.length[links].sum(dtype=np.float64) + graph.metres[arcs].sum()
        return Route(links, float(seconds), float(metres))

    def _no_route(self, from_link: int, to_link: int, kind: ParticipantKind) -> NoRouteError:
        first, last = (str(self._network.links.id[row]) for row in (from_link, to_link))
        if not self._graph.link_allowed[to_link] & np.uint32(kind.bit):
            return NoRouteError(first, last, f"the last link is closed to {kind.label}")
        return NoRouteError(first, last, f"no way is open to {kind.label}")
