"""`/api/v1/gtfs-rt/...`: GTFS-Realtime 2.0 for journey planners, valid at all times: without buses it is empty."""

import msgspec
from fastapi import APIRouter, Request, Response

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.line_sight import sight_of
from cloudctl.api.services import Services, now
from cloudctl.feeds.gtfs_realtime import alerts, trip_updates, vehicle_positions
from cloudctl.transit.state import TransitState

MEDIA_TYPE = "application/x-protobuf"
router = APIRouter(prefix="/api/v1/gtfs-rt", tags=["transit"], dependencies=[requires(Permission.SEE_PICTURE)])
_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"description": "FeedMessage of gtfs-realtime.proto", "content": {MEDIA_TYPE: {}}}
}


@router.get("/vehicle-positions", response_class=Response, responses=_ANSWER)
async def read_vehicle_positions(request: Request, actor: CurrentActor) -> Response:
    """Where every bus with a trip is, with congestion and occupancy."""
    return _answer(vehicle_positions(_state(request, actor), now()))


@router.get("/trip-updates", response_class=Response, responses=_ANSWER)
async def read_trip_updates(request: Request, actor: CurrentActor) -> Response:
    """When every bus with a trip comes to the stops ahead of it."""
    return _answer(trip_updates(_state(request, actor), now()))


@router.get("/alerts", response_class=Response, responses=_ANSWER)
async def read_alerts(request: Request, actor: CurrentActor) -> Response:
    """What is wrong on the lines."""
    return _answer(alerts(_state(request, actor), {}, now()))


def _state(request: Request, actor: Actor) -> TransitState:
    """All lines, for the feeds are public; to a dispatcher the own ones."""
    state = Services.of(request).state.transit or TransitState.empty(now())
    sight = sight_of(actor) if actor.may(Permission.SEE_BUSES) else None
    if sight is None:
        return state
    return msgspec.structs.replace(
        state,
        buses=tuple(bus for bus in state.buses if sight.line(bus.line)),
        findings=tuple(each for each in state.findings if sight.line(each.line)),
    )


def _answer(body: bytes) -> Response:
    return Response(body, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
