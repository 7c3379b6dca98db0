"""Green corridors (绿波应急通道): priority requested at each signal of a way ahead of an emergency vehicle.

The vehicle is followed by its terminal; while it is not in the picture it is reckoned to drive as planned. The requests
take the way of every priority request, an emergency before any bus, and a signal under manual hold is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.priority_request import Cause, PriorityRequest
from cloudctl.advice.scene import Scene
from cloudctl.incidents.corridor_plan import SLOWEST, CorridorPlan, PlannedStop, plan_corridor, planned_pace
from cloudctl.incidents.work import CorridorOrder, CorridorState, CorridorStop
from maps.network import RoadNetwork

AHEAD = 60.0
"""A signal is asked when the vehicle is this near in time, s."""
REQUEST_LIFE = 3.0
"""A request that is not renewed is forgotten after so long, s."""
BLEND = 0.5
"""How much of the pace that others drive holds for an emergency vehicle, which they give way to."""

Ask = Callable[[PriorityRequest], None]


@dataclass
class _Corridor:
    order: CorridorOrder
    plan: CorridorPlan
    pace: NDArray[np.float64]
    """On each link of the way, m/s."""
    along: float = 0.0
    moved: float = 0.0
    """When `along` was reckoned, UTC epoch s."""
    seen: bool = False
    arrivals: list[float] = field(default_factory=list)
    passed: float = -1.0


class Corridors:
    """Corridors that are open; `ask` takes priority requests."""

    def __init__(
        self, network: RoadNetwork, ask: Ask, answer_of: Callable[[str], str], is_held: Callable[[int], bool]
    ) -> None:
        self._network = network
        self._ask = ask
        self._answer_of, self._is_held = answer_of, is_held
        self._open: dict[str, _Corridor] = {}

    def open(self, order: CorridorOrder) -> None:
        """Open a corridor; the same once more changes nothing. Raises UnusableWorkError where links do not join."""
        if order.id not in self._open:
            plan = plan_corridor(self._network, order.links)
            self._open[order.id] = _Corridor(order, plan, planned_pace(self._network, plan), moved=order.opened)

    def close(self, corridor: str) -> bool:
        """Close one: nothing more is asked; False where there is none."""
        return self._open.pop(corridor, None) is not None

    def follow(self, scene: Scene) -> None:
        """Move every corridor's vehicle on, and ask the signals that it comes near to."""
        for name, corridor in list(self._open.items()):
            self._move(scene, corridor)
            if scene.now >= corridor.order.until or corridor.along >= corridor.plan.length - 1.0:
                del self._open[name]
                continue
            for number, stop in enumerate(corridor.plan.stops):
                if corridor.along < stop.along and corridor.arrivals[number] - scene.now <= AHEAD:
                    self._request(scene.now, corridor, number)

    def states(self) -> tuple[CorridorState, ...]:
        """Give how far every corridor is."""
        return tuple(self._state(corridor) for corridor in self._open.values())

    def _move(self, scene: Scene, corridor: _Corridor) -> None:
        plan = corridor.plan
        speed = scene.picture.links.speed[list(plan.links)].astype(np.float64)
        planned = planned_pace(self._network, plan)
        corridor.pace = np.maximum(
            np.where(np.isfinite(speed), BLEND * planned + (1 - BLEND) * speed, planned), SLOWEST
        )
        seen = _place_of(scene, corridor)
        corridor.seen = seen is not None
        if seen is None:
            corridor.along = _reckoned(corridor, scene.now - corridor.moved)
        else:
            corridor.along = max(seen, corridor.along - 50.0)
        corridor.moved = scene.now
        corridor.arrivals = [scene.now + plan.seconds(corridor.along, stop.along, corridor.pace) for stop in plan.stops]

    def _request(self, now: float, corridor: _Corridor, number: int) -> None:
        stop = corridor.plan.stops[number]
        self._ask(
            PriorityRequest(
                vehicle=_vehicle(corridor.order),
                group=stop.group,
                arrival=corridor.arrivals[number],
                received=now,
                expires=now + REQUEST_LIFE,
                request_id=_request_id(corridor.order, stop),
                urgent=True,
                cause=Cause.CORRIDOR,
            )
        )

    def _state(self, corridor: _Corridor) -> CorridorState:
        plan, order = corridor.plan, corridor.order
        stops = [
            self._stop(corridor, stop, arrival)
            for stop, arrival in zip(plan.stops, corridor.arrivals or [order.opened] * len(plan.stops), strict=True)
        ]
        return CorridorState(
            id=order.id,
            revision=order.revision,
            seen=corridor.seen,
            along_m=round(corridor.along, 1),
            length_m=round(plan.length, 1),
            stops=tuple(stops),
        )

    def _stop(self, corridor: _Corridor, stop: PlannedStop, arrival: float) -> CorridorStop:
        signals, plane = self._network.signals, self._network.plane
        lon, lat = plane.inverse(signals.x[stop.signal], signals.y[stop.signal])
        if corridor.along >= stop.along:
            status = "passed"
        elif self._is_held(stop.signal):
            status = "held"
        else:
            status = self._answer_of(_request_id(corridor.order, stop)) or "ahead"
        return CorridorStop(
            signal=str(signals.id[stop.signal]),
            lon=round(float(lon), 7),
            lat=round(float(lat), 7),
            arrival=round(arrival, 1),
            status=status,
        )


def _vehicle(order: CorridorOrder) -> str:
    return order.vehicle or f"E{order.id[:7]}"


def _request_id(order: CorridorOrder, stop: PlannedStop) -> str:
    return f"corridor-{order.id}-{stop.group}"


def _place_of(scene: Scene, corridor: _Corridor) -> float | None:
    """Where the vehicle is on the way (m from its start), None where it is not in the picture or off the way."""
    tracks = scene.picture.tracks
    for row in np.flatnonzero((tracks.self_device >= 0) & (tracks.lane >= 0)).tolist():
        if scene.device_names[int(tracks.self_device[row])] != corridor.order.vehicle:
            continue
        link = int(scene.topology.network.lanes.link[int(tracks.lane[row])])
        if link in corridor.plan.links:
            return float(corridor.plan.starts[corridor.plan.links.index(link)] + tracks.lane_offset[row])
    return None


def _reckoned(corridor: _Corridor, seconds: float) -> float:
    """Go on for so long at the pace of each link."""
    plan, along = corridor.plan, corridor.along
    paces: list[float] = corridor.pace.tolist()
    for number, pace in enumerate(paces):
        end = float(plan.starts[number + 1])
        if along >= end:
            continue
        needed = (end - along) / pace
        if needed > seconds:
            return along + seconds * pace
        seconds -= needed
        along = end
    return along
