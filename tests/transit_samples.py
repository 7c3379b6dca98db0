"""What the engine tells of two bus lines, as the gateway gets it."""

import msgspec
import transit_world as world

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.api.live_state import LiveState
from cloudctl.api.transit_log import VisitState
from cloudctl.dispatch.advice import DispatchAdvice, Expected
from cloudctl.dispatch.priority import PriorityState
from cloudctl.dispatch.state import DispatchState
from cloudctl.transit.describe import describe
from cloudctl.transit.lines import describe_lines
from cloudctl.transit.state import LineFindingState, TransitState

VISIT = VisitState(
    vehicle="BUS1", pattern="1/0/x", trip="e0@20261123", number=0, stop="S0", arrival=1000.0, departure=1020.0, line="1"
)


def advice(name: str = "a1", line: str = "1", vehicle: str = "BUS1", now: float = 1000.0) -> DispatchAdvice:
    """Advice to hold."""
    return DispatchAdvice(
        id=name, kind=AdvisoryKind.BUS_HOLD, vehicle=vehicle, line=line, direction=0, pattern="1/0/x", trip="",
        created=now, valid_until=now + 60.0, updated=now, lon=112.93, lat=28.2, reason="100 s to A ahead",
        reason_code="dispatch.hold", expected=Expected(headway_ahead_now=100.0, delay=30.0), stop="S3", seconds=30.0,
        until=now + 45.0,
    )  # fmt: skip


def priority(name: str = "p1", line: str = "1", now: float = 1000.0) -> PriorityState:
    """A request of dispatch."""
    return PriorityState(
        id=name, vehicle="BUS1", line=line, trip="e0@20261123", signal="SP3", phase_id=1, requested=now, updated=now,
        arrival=now + 30.0,
    )  # fmt: skip


def transit_state(now: float) -> TransitState:
    """Three buses on line 1 and one on line 2, with a finding on each line."""
    desk = world.desk()
    buses = [world.Bus("BUS1", world.stop_x(6)), world.Bus("BUS2", world.stop_x(3)), world.Bus("BUS3", world.stop_x(0))]
    said = {bus.name: world.status(passengers=30) for bus in buses}
    buses.append(world.Bus("OTHER", world.stop_x(1)))
    said["OTHER"] = world.status("2路")
    world.drive(desk, buses, 30, world.SIX + 6 * world.LEG, said)
    state = describe(desk, world.network().plane, lambda _: 1, {}, world.SIX + 6 * world.LEG + 30)
    findings = tuple(
        LineFindingState(
            kind="gap", line=line, vehicle=vehicle, trip="", figure=700.0, reason="700 s behind", since=now - 60
        )
        for line, vehicle in (("1", "BUS3"), ("2", "OTHER"))
    )
    return msgspec.structs.replace(shifted(state, now), findings=findings)


def shifted(state: TransitState, now: float) -> TransitState:
    """The same at another time."""
    by = now - state.time
    buses = tuple(
        msgspec.structs.replace(
            bus,
            updated=bus.updated + by,
            arrivals=tuple(
                msgspec.structs.replace(
                    each, expected=each.expected + by, earliest=each.earliest + by, latest=each.latest + by
                )
                for each in bus.arrivals
            ),
        )
        for bus in state.buses
    )
    return msgspec.structs.replace(state, time=now, buses=buses)


def fill(live: LiveState, now: float) -> None:
    """Give a gateway what the engine tells."""
    timetable, patterns, of_trip = world.city()
    lines = describe_lines(timetable, patterns, of_trip, world.network().plane)
    advised = (advice("a1", "1", "BUS1", now), advice("a2", "2", "OTHER", now))
    state = DispatchState(time=now, advice=advised, priority=(priority("p1", "1", now), priority("p2", "2", now)))
    for topic, content in (
        ("STATE/LINES", lines), ("STATE/TRANSIT", transit_state(now)), ("STATE/DISPATCH", state),
        ("TRANSIT/VISIT", VISIT), ("TRANSIT/ADVICE", advised[0]), ("TRANSIT/PRIORITY", state.priority[0]),
    ):  # fmt: skip
        live.accept(f"V2X/CLOUD/{topic}", msgspec.json.encode(content), now)
