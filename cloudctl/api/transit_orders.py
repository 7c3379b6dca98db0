"""What dispatch does: feedback on advice, requests for priority, connections, timetables, results of a day."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request

from cloudctl.access.actor import EVERY
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.access.roles import Role
from cloudctl.api.command_channel import order
from cloudctl.api.errors import ProblemError
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services, now
from cloudctl.api.transit_models import (
    AdviceItem,
    DayResults,
    FeedbackRequest,
    LineResult,
    PriorityItem,
    PriorityOrderRequest,
    RowFinding,
    Taken,
    TimetableSummary,
    TrunkArrivalsRequest,
)
from cloudctl.api.transit_routes import Id
from cloudctl.api.transit_view import NOTHING, View, advice_item, priority_item
from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.errors import DispatchError
from cloudctl.dispatch.office import MOST_BYTES, DispatchOffice
from cloudctl.dispatch.orders import CONNECTIONS, FEEDBACK, PRIORITY, TrunkArrival
from cloudctl.dispatch.priority import PriorityState
from cloudctl.transit.errors import TransitError

ZONE = "Asia/Shanghai"
"""Zone of the days where no timetable says one."""
_DISPATCH = [requires(Permission.DISPATCH_BUSES)]
_TO_ENGINE = {**RESPONSES, **problem_responses(409, 502, 504)}
_STORED = {**RESPONSES, **problem_responses(503)}
_UPLOAD = {**_STORED, **problem_responses(413)}
_ZIP: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Day = Annotated[
    dt.date, Query(description="In the zone of the timetable.", ge=dt.date(2000, 1, 1), le=dt.date(2100, 1, 1))
]
Key = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,128}$")]
router = APIRouter(prefix="/api/v1/transit", tags=["transit"])


async def _office(request: Request) -> AsyncIterator[DispatchOffice]:
    office = Services.of(request).dispatch
    if office is None:
        raise ProblemError(503, "Dispatch not reachable", "this gateway keeps no timetables and results")
    try:
        yield office
    except DispatchError as fault:
        raise ProblemError(503, "Dispatch not reachable", str(fault)) from fault
    except TransitError as fault:
        raise ProblemError(422, "Unusable timetable", str(fault)) from fault


Office = Annotated[DispatchOffice, Depends(_office)]


@router.post("/advice/{advice}/feedback", responses=_TO_ENGINE, dependencies=_DISPATCH)
async def answer_advice(
    request: Request, view: View, actor: CurrentActor, advice: Id, said: FeedbackRequest
) -> AdviceItem:
    """Say that an advice is accepted, rejected or done; to say the same again changes nothing."""
    if not any(each.id == advice and actor.dispatches_line(each.line) for each in view.advice()):
        raise ProblemError(404, "Unknown advice", f"no advice {advice!r} is open")
    services = Services.of(request)
    await services.audit.record(actor.id, "transit.feedback", f"advice:{advice}", {"status": said.status})
    content: dict[str, object] = {"advice": advice, "status": said.status}
    reply = await order(services.commands, FEEDBACK, content, issued_by=actor.id)
    return advice_item(msgspec.convert(reply.content["advice"], DispatchAdvice))


@router.post("/priority-requests", status_code=202, responses=_TO_ENGINE, dependencies=_DISPATCH)
async def request_priority(
    request: Request, view: View, actor: CurrentActor, wanted: PriorityOrderRequest, key: Key
) -> PriorityItem:
    """Ask for a green for a bus; the same key gives the request that was made first, and how far it has come."""
    bus = view.bus(wanted.vehicle)
    if not actor.dispatches_line(bus.line):
        raise ProblemError(404, "Unknown bus", f"no bus {wanted.vehicle!r} is on a line")
    name = "api-" + hashlib.sha256(f"{actor.id} {key}".encode()).hexdigest()[:24]
    services = Services.of(request)
    await services.audit.record(actor.id, "transit.priority", f"bus:{wanted.vehicle}", {"request": name})
    content: dict[str, object] = {"id": name, "vehicle": wanted.vehicle, "signal": wanted.signal or ""}
    reply = await order(services.commands, PRIORITY, content, issued_by=actor.id)
    return priority_item(msgspec.convert(reply.content["request"], PriorityState))


@router.put("/connections", responses={**_TO_ENGINE, **problem_responses(503)}, dependencies=_DISPATCH)
async def set_connections(request: Request, office: Office, actor: CurrentActor, wanted: TrunkArrivalsRequest) -> Taken:
    """Tell when trunk lines arrive where people change to buses.

    It takes the place of what was told before for the lines of the actor, and is kept: where the engine does not
    answer (504), it is told once it is back.
    """
    if any(each.line is None or not actor.dispatches_line(each.line) for each in wanted.items) and (
        EVERY not in actor.lines
    ):
        raise ProblemError(404, "Unknown line", "a connection names no line of yours")
    arrivals = [TrunkArrival(each.stop, each.arrival.timestamp(), each.trunk, each.line or "") for each in wanted.items]
    services = Services.of(request)
    await services.audit.record(actor.id, "transit.connections", "connections", {"count": len(arrivals)})
    lines = None if EVERY in actor.lines else actor.lines
    kept = await office.connect(arrivals, lines, actor.id, now())
    content: dict[str, object] = {"items": [msgspec.to_builtins(each) for each in kept]}
    await order(services.commands, CONNECTIONS, content, issued_by=actor.id)
    return Taken(taken=sum(each.arrival > now() for each in arrivals))


@router.post(
    "/timetable",
    responses=_UPLOAD,
    dependencies=[requires(Permission.MANAGE_TIMETABLE)],
    openapi_extra=_ZIP,
)
async def upload_timetable(
    request: Request,
    office: Office,
    actor: CurrentActor,
    partly: Annotated[bool, Query(description="Use it without the trips that call at missing stops.")] = False,
) -> TimetableSummary:
    """Upload a GTFS zip file: it is checked, kept and used; rows that are wrong are left out and named.

    Where trips call at stops that stops.txt lacks it is refused (422), the stops are named and nothing changes, unless
    it is to be used `partly`.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise ProblemError(413, "Too large", f"more than {MOST_BYTES >> 20} MiB")
    await Services.of(request).audit.record(actor.id, "transit.timetable", "timetable", {"bytes": len(content)})
    done = await office.take(bytes(content), actor.id, partly=partly)
    timetable = done.timetable
    return TimetableSummary(
        version=timetable.version,
        zone=str(timetable.zone),
        trips=len(timetable.trips),
        lines=len(timetable.lines),
        stops=len(timetable.stops),
        findings=[RowFinding(file=each.file, line=each.line, detail=each.detail) for each in done.findings[:500]],
        finding_count=len(done.findings),
    )


@router.get("/results", responses=_STORED, dependencies=[requires(Permission.SEE_BUSES)])
async def get_results(
    view: View,
    office: Office,
    actor: CurrentActor,
    day: Annotated[
        dt.date, Query(description="Day in the zone of the timetable.", ge=dt.date(2000, 1, 1), le=dt.date(2100, 1, 1))
    ],
) -> DayResults:
    """Sum up a day: headways, waits, dwells, advice and what came of it, requests for priority."""
    zone = ZoneInfo((view.lines or NOTHING).zone or ZONE)
    start = dt.datetime.combine(day, dt.time(), zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
    limited = EVERY not in actor.lines and not actor.roles - {Role.BUS_DISPATCHER}
    found = await office.store.day(start, end, actor.lines if limited else None)
    return DayResults(
        day=day,
        lines=[
            LineResult(
                line=each.line,
                visits=each.visits,
                headway_variation=each.variation,
                mean_wait=each.wait,
                mean_dwell=each.dwell,
                advice=each.advice,
                priority=each.priority,
            )
            for each in found
            if actor.sees_line(each.line)
        ],
    )
