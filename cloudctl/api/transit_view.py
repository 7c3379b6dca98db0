"""The bus network as one actor may see it: a line that is not theirs is as unknown as one that does not exist."""

import math
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import LiveState
from cloudctl.api.models import as_time
from cloudctl.api.services import Services, now
from cloudctl.api.transit_models import (
    AdviceItem,
    ArrivalItem,
    BusItem,
    ExpectedItem,
    FindingItem,
    LineItem,
    PatternItem,
    PatternStop,
    PriorityItem,
    StopItem,
)
from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.priority import PriorityState
from cloudctl.transit.headways import variation
from cloudctl.transit.lines import LinesState, PatternPlace
from cloudctl.transit.state import BusState, StopPrediction, TransitState

NOTHING = LinesState(version="", zone="", trips=0)


class TransitView:
    """What an actor sees."""

    def __init__(self, state: LiveState, actor: Actor) -> None:
        self.actor = actor
        self.transit = state.transit or TransitState.empty(now())
        self.lines = state.lines or NOTHING
        self.dispatch = state.dispatch

    def line(self, line: str) -> str:
        """Give the line back; raise ProblemError where the actor knows none of this id."""
        if not self.actor.sees_line(line) or all(each.id != line for each in self.lines.lines):
            raise ProblemError(404, "Unknown line", f"no line {line!r}")
        return line

    def bus(self, vehicle: str) -> BusState:
        """Give a bus; raise ProblemError where the actor knows none of this name."""
        for bus in self.transit.buses:
            if bus.vehicle == vehicle and self.actor.sees_line(bus.line):
                return bus
        raise ProblemError(404, "Unknown bus", f"no bus {vehicle!r} is on a line")

    def buses(self, line: str | None = None) -> list[BusState]:
        """Buses of the actor's lines."""
        return [
            bus for bus in self.transit.buses if (line is None or bus.line == line) and self.actor.sees_line(bus.line)
        ]

    def advice(self, line: str | None = None, vehicle: str | None = None) -> list[DispatchAdvice]:
        """Open advice of the actor's lines."""
        kept = self.dispatch.advice if self.dispatch else ()
        return [
            each
            for each in kept
            if line in {None, each.line} and vehicle in {None, each.vehicle} and self.actor.sees_line(each.line)
        ]

    def priority(self) -> list[PriorityState]:
        """Requests for priority of the actor's lines."""
        kept = self.dispatch.priority if self.dispatch else ()
        return [each for each in kept if self.actor.sees_line(each.line)]

    def line_items(self) -> list[LineItem]:
        """Lines that the actor sees."""
        return [self.line_item(each.id) for each in self.lines.lines if self.actor.sees_line(each.id)]

    def line_item(self, line: str) -> LineItem:
        """Describe a line."""
        known = next(each for each in self.lines.lines if each.id == line)
        buses = self.buses(line)
        spread = variation([bus.headway_ahead for bus in buses if bus.headway_ahead is not None])
        return LineItem(
            id=line,
            name=known.name,
            long_name=known.long_name,
            buses=len(buses),
            headway_variation=None if math.isnan(spread) else round(spread, 3),
            findings=sum(each.line == line for each in self.transit.findings),
        )

    def pattern_items(self, line: str) -> list[PatternItem]:
        """Ways of a line."""
        names = {stop.id: stop.name for stop in self.lines.stops}
        return [self._pattern(each, names) for each in self.lines.patterns if each.line == line]

    def stop_items(self) -> list[StopItem]:
        """Stops of the actor's lines."""
        serving: dict[str, dict[str, None]] = {}
        for pattern in self.lines.patterns:
            if self.actor.sees_line(pattern.line):
                for stop in pattern.stops:
                    serving.setdefault(stop, {})[pattern.line] = None
        return [
            StopItem(id=stop.id, name=stop.name, lon=stop.lon, lat=stop.lat, lines=list(serving[stop.id]))
            for stop in self.lines.stops
            if stop.id in serving
        ]

    def arrivals(self, stop: str) -> list[ArrivalItem]:
        """Arrivals at a stop, the earliest first; ProblemError where no line of the actor serves it."""
        if not any(stop in each.stops and self.actor.sees_line(each.line) for each in self.lines.patterns):
            raise ProblemError(404, "Unknown stop", f"no stop {stop!r}")
        found = [(each, bus) for bus in self.buses() for each in bus.arrivals if each.stop == stop]
        found.sort(key=lambda pair: pair[0].expected)
        return [arrival_item(bus, each) for each, bus in found]

    def findings(self, line: str | None = None) -> list[FindingItem]:
        """What is wrong on the actor's lines."""
        return [
            FindingItem(
                kind=each.kind,
                line=each.line,
                vehicle=each.vehicle,
                trip=each.trip,
                figure=each.figure,
                reason=each.reason,
                since=as_time(each.since),
            )
            for each in self.transit.findings
            if line in {None, each.line} and self.actor.sees_line(each.line)
        ]

    def _pattern(self, pattern: PatternPlace, names: dict[str, str]) -> PatternItem:
        buses = [bus for bus in self.buses(pattern.line) if bus.pattern == pattern.id]
        stops = zip(pattern.stops, pattern.stop_at, strict=True)
        return PatternItem(
            id=pattern.id,
            direction=pattern.direction,
            length=pattern.length,
            stops=[PatternStop(id=stop, name=names.get(stop, stop), at=at) for stop, at in stops],
            points=list(pattern.points),
            trips=pattern.trips,
            buses=[bus_item(bus) for bus in sorted(buses, key=lambda bus: -bus.along)],
        )


def bus_item(bus: BusState) -> BusItem:
    """Describe a bus."""
    return BusItem.model_validate(bus_fields(bus))


def bus_fields(bus: BusState) -> dict[str, object]:
    """Fields that list and detail share."""
    same = (
        "vehicle", "line", "direction", "trip", "lon", "lat", "bearing", "speed", "along", "at_stop", "lateness",
        "headway_ahead", "headway_behind", "headway_planned", "vehicle_ahead", "vehicle_behind", "passengers",
        "capacity",
    )  # fmt: skip
    following = bus.arrivals[0].stop if bus.arrivals else None
    return {
        **{name: getattr(bus, name) for name in same},
        "next_stop": following,
        "off_route": bus.astray,
        "updated": as_time(bus.updated),
    }


def arrival_item(bus: BusState, arrival: StopPrediction) -> ArrivalItem:
    """Describe an arrival."""
    return ArrivalItem(
        vehicle=bus.vehicle,
        line=bus.line,
        direction=bus.direction,
        trip=bus.trip,
        stop=arrival.stop,
        expected=as_time(arrival.expected),
        earliest=as_time(arrival.earliest),
        latest=as_time(arrival.latest),
        scheduled=as_time(arrival.scheduled),
    )


def advice_item(advice: DispatchAdvice) -> AdviceItem:
    """Describe an advice."""
    expected = advice.expected
    return AdviceItem(
        id=advice.id,
        kind=advice.kind,
        vehicle=advice.vehicle,
        line=advice.line,
        direction=advice.direction,
        trip=advice.trip,
        stop=advice.stop,
        seconds=advice.seconds,
        until=as_time(advice.until or None),
        speed=advice.speed or None,
        other=advice.other,
        reason=advice.reason,
        reason_code=advice.reason_code,
        expected=ExpectedItem(
            headway_ahead_now=expected.headway_ahead_now,
            headway_ahead_then=expected.headway_ahead_then,
            headway_behind_now=expected.headway_behind_now,
            headway_behind_then=expected.headway_behind_then,
            delay=expected.delay,
        ),
        created=as_time(advice.created),
        valid_until=as_time(advice.valid_until),
        status=advice.status,
        said_by=advice.said_by,
    )


def priority_item(state: PriorityState) -> PriorityItem:
    """Describe a request."""
    return PriorityItem(
        id=state.id,
        vehicle=state.vehicle,
        line=state.line,
        trip=state.trip,
        signal=state.signal,
        phase_id=state.phase_id,
        requested=as_time(state.requested),
        updated=as_time(state.updated),
        arrival=as_time(state.arrival),
        status=state.status,
        strategy=state.strategy,
        seconds=state.seconds,
        gained=state.gained,
        reason=state.reason,
    )


def sorted_advice(found: Iterable[DispatchAdvice]) -> list[AdviceItem]:
    """Describe advice, the newest first."""
    return [advice_item(each) for each in sorted(found, key=lambda each: -each.created)]


async def _view(request: Request, actor: CurrentActor) -> TransitView:
    return TransitView(Services.of(request).state, actor)


View = Annotated[TransitView, Depends(_view)]
"""Parameter of a route: the bus network as its actor sees it."""
