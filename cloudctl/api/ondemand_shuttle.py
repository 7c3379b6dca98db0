"""`/api/v1/ondemand/shuttle/...`: departures that suit the trains, and connections that are worth a wait."""

import datetime as dt

from fastapi import APIRouter, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.command_channel import order
from cloudctl.api.errors import ProblemError
from cloudctl.api.ondemand_models import (
    ProtectionAnswer,
    ProtectionItem,
    ProtectionRequest,
    ScheduleAnswer,
    ScheduleRequest,
    TrainItem,
)
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services
from cloudctl.dispatch.orders import CONNECTIONS
from cloudctl.ondemand.shuttle import Train, schedule, wait_or_leave
from cloudctl.transit.state import BusState

USUAL_HEADWAY = 600.0
"""To the next bus where nobody is behind, s."""
_TO_ENGINE = {**RESPONSES, **problem_responses(409, 502, 504)}
router = APIRouter(
    prefix="/api/v1/ondemand/shuttle", tags=["ondemand"], dependencies=[requires(Permission.DISPATCH_BUSES)]
)


@router.post("/schedule", responses=RESPONSES)
async def propose_schedule(wanted: ScheduleRequest) -> ScheduleAnswer:
    """Propose the departures by which riders of the trains wait least in all."""
    trains = [_train(each) for each in wanted.trains]
    times = schedule(trains, wanted.departures, wanted.spacing_s)
    riders = sum(train.riders for train in trains) or 1.0
    waits = sum(
        train.riders * (min(time for time in times if time >= train.arrival) - train.arrival) for train in trains
    )
    return ScheduleAnswer(
        departures=[dt.datetime.fromtimestamp(time, dt.UTC) for time in times], mean_wait_s=round(waits / riders, 1)
    )


@router.post("/connections", responses=_TO_ENGINE)
async def protect_connections(request: Request, actor: CurrentActor, wanted: ProtectionRequest) -> ProtectionAnswer:
    """Decide whether each bus before the stop waits for a train, and tell dispatch of those that are waited for."""
    if not actor.dispatches_line(wanted.line):
        raise ProblemError(404, "Unknown line", f"no line {wanted.line!r}")
    services = Services.of(request)
    transit = services.state.transit
    buses = [bus for bus in transit.buses if bus.line == wanted.line] if transit else []
    trains = [_train(each) for each in wanted.trains]
    decisions, kept = [], {}
    for bus in buses:
        decision = _decide(bus, trains, wanted)
        if decision is not None:
            decisions.append(decision[0])
            if decision[0].waits:
                kept[decision[1].trunk, decision[1].arrival] = decision[1]
    items = [
        {"stop": wanted.stop, "arrival": train.arrival, "trunk": train.trunk, "line": wanted.line}
        for train in kept.values()
    ]
    if items:
        detail = {"stop": wanted.stop, "count": len(items)}
        await services.audit.record(actor.id, "transit.connections", "connections", detail)
        await order(services.commands, CONNECTIONS, {"items": items}, issued_by=actor.id)
    return ProtectionAnswer(decisions=decisions, told=len(items))


def _decide(bus: BusState, trains: list[Train], wanted: ProtectionRequest) -> tuple[ProtectionItem, Train] | None:
    expected = next((each.expected for each in bus.arrivals if each.stop == wanted.stop), None)
    if expected is None:
        return None
    following = bus.headway_behind or bus.headway_planned or USUAL_HEADWAY
    found = wait_or_leave(trains, expected, following, float(bus.passengers or 0), wanted.farther)
    if found is None:
        return None
    item = ProtectionItem(
        vehicle=bus.vehicle, trunk=found.train.trunk, waits=found.waits, wait_s=round(found.wait, 1),
        gained_s=round(found.gained, 1),
    )  # fmt: skip
    return item, found.train


def _train(train: TrainItem) -> Train:
    return Train(train.trunk, train.arrival.timestamp(), train.riders)
