"""Ways around closed and jammed links, planned by the same guidance that `cloudctl diversion evaluate` measures.

What is measured now becomes an outlook on the next hour; vehicles on their known or likely ways, and those told before,
are load on it; `cloudctl.routing.guidance` gives each vehicle that is asked for the way that is best under the load of
all others, so no detour jams. Who was told counts by the part of drivers that have followed so far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.routing.capacity import link_begins, link_capacities
from cloudctl.routing.guidance import Guidance, Traveller, committed_links
from cloudctl.routing.outlook import Outlook, arc_times, free_usual, make_outlook, turn_delays
from cloudctl.routing.ways import WayFinder, Wish
from fusion.movements import Movements
from maps.errors import NoRouteError
from maps.network import Ints
from maps.participants import ParticipantKind

MEMORY = 900.0
"""A vehicle that was told counts as load no longer than this, s."""
LEAST = 0.1
"""No link takes less, s."""


@dataclass(frozen=True)
class Concern:
    """A vehicle that is to be led around a link if that is better."""

    vehicle: str
    track: int
    """Row of its track."""
    avoid: int
    beyond: int
    """Link after `avoid` that it is taken to head for where its way is not known."""


@dataclass(frozen=True)
class Detour:
    """A way around."""

    links: tuple[int, ...]
    saves: float
    """s against its way so far, with the load of all others."""


@dataclass(frozen=True)
class _Told:
    route: Ints
    device: int
    since: float
    until: float


class Detours:
    """Plans detours and remembers who is on them."""

    def __init__(self, routes: LiveRoutes) -> None:
        network = routes.network
        self._network, self._ways = network, WayFinder(network)
        self._movements = Movements.of(network)
        self._guidance = Guidance(self._ways.graph, link_capacities(network), link_begins(network), self._ways.free)
        self._usual = free_usual(self._ways.free)
        self._told: dict[str, _Told] = {}

    def plan(
        self,
        scene: Scene,
        concerns: Sequence[Concern],
        slow: Mapping[int, float],
        closed: Mapping[int, float],
        followed: float = 1.0,
    ) -> dict[str, Detour]:
        """Give those who are better off on another way that way, by vehicle.

        Args:
            scene: What is known now.
            concerns: Who is asked for.
            slow: Time that links take, s, where it is more than is measured, by row.
            closed: For how long links stay closed, s, by row.
            followed: Part of the drivers, 0..1, that do what they are told.
        """
        if not concerns:
            return {}
        outlook = self._outlook(scene, slow, closed)
        at = _places(scene)
        asked = {concern.vehicle for concern in concerns}
        travellers = [*self._under_way(scene, at, asked, followed)]
        travellers += [one for concern in concerns if (one := self._asked(scene, concern, outlook)) is not None]
        flow = np.asarray(scene.picture.links.flow, np.float64)
        detours: dict[str, Detour] = {}
        for change in self._guidance.plan(scene.now, travellers, outlook, flow):
            track = next(concern.track for concern in concerns if concern.vehicle == change.name)
            device = int(scene.picture.tracks.self_device[track])
            until = scene.now + min(change.time, MEMORY)
            self._told[change.name] = _Told(change.route, device, scene.now, until)
            detours[change.name] = Detour(tuple(change.route.tolist()), change.saves)
        return detours

    def drop(self, vehicle: str) -> None:
        """Forget a detour that was planned and not told."""
        self._told.pop(vehicle, None)

    def _outlook(self, scene: Scene, slow: Mapping[int, float], closed: Mapping[int, float]) -> Outlook:
        present = np.maximum(np.asarray(scene.picture.links.travel_time, np.float64), LEAST)
        turns = turn_delays(self._ways.graph, present, self._by_turn(scene))
        for row, seconds in slow.items():
            present[row] = np.fmax(present[row], seconds)
        return make_outlook(present, turns, self._usual, closed=closed)

    def _by_turn(self, scene: Scene) -> NDArray[np.float64]:
        """Time of each turn now, s, (arcs,); NaN where nobody was seen to take it."""
        states, table = scene.picture.movements, self._movements
        if len(states.travel_time) != len(table):
            return np.full(len(self._ways.graph.heads), np.nan)
        seen = np.isfinite(states.travel_time) & ~states.estimated
        times = states.travel_time[seen].astype(np.float64)
        return arc_times(self._ways.graph, table.from_link[seen], table.to_link[seen], times)

    def _under_way(self, scene: Scene, at: Mapping[int, int], asked: set[str], followed: float) -> Iterator[Traveller]:
        """Those whose way is known: accepted from us, or told by us not long ago."""
        self._told = {name: told for name, told in self._told.items() if scene.now < told.until}
        self._guidance.forget(set(self._told))
        for device, accepted in scene.routes.items():
            name, ahead = scene.device_names[device], _ahead(accepted, at.get(device))
            if name not in asked and len(ahead):
                yield Traveller(name, ahead, open_to_advice=False)
        for name, told in self._told.items():
            ahead = _ahead(told.route, at.get(told.device))
            if name not in asked and told.device not in scene.routes and len(ahead):
                yield Traveller(name, ahead, open_to_advice=False, weight=followed)

    def _asked(self, scene: Scene, concern: Concern, outlook: Outlook) -> Traveller | None:
        tracks, length = scene.picture.tracks, self._network.links.length
        start = int(self._network.lanes.link[int(tracks.lane[concern.track])])
        kind = ParticipantKind(int(tracks.kind[concern.track]))
        accepted = scene.routes.get(int(tracks.self_device[concern.track]))
        way = _ahead(accepted, start) if accepted is not None else self._likely_way(start, concern, kind, outlook)
        if not len(way):
            return None
        place, speed = float(tracks.lane_offset[concern.track]), float(tracks.speed[concern.track])
        fixed = committed_links(way, length, place, speed)
        return Traveller(concern.vehicle, way, fixed, kind=kind)

    def _likely_way(self, start: int, concern: Concern, kind: ParticipantKind, outlook: Outlook) -> Ints:
        """The quickest way to the link to be avoided, and from there to the one beyond."""
        try:
            [there] = self._ways.find(Wish(start, concern.avoid, kind), outlook)
            [onward] = self._ways.find(Wish(concern.avoid, concern.beyond, kind), outlook)
        except NoRouteError:
            return np.empty(0, np.int32)
        return np.concatenate([there.links, onward.links[1:]])


def _places(scene: Scene) -> dict[int, int]:
    """Link of each terminal that is seen on a lane, by its row."""
    tracks = scene.picture.tracks
    seen = (tracks.self_device >= 0) & (tracks.lane >= 0)
    links = scene.topology.network.lanes.link[tracks.lane[seen]]
    return dict(zip(tracks.self_device[seen].tolist(), links.tolist(), strict=True))


def _ahead(route: Sequence[int] | Ints, link: int | None) -> Ints:
    """What is ahead of a vehicle on `link`: all where it is not seen, nothing where it has left the route."""
    rows = np.asarray(route, np.int32)
    if link is None:
        return rows
    places = np.flatnonzero(rows == link)
    return rows[places[0] :] if len(places) else rows[:0]
