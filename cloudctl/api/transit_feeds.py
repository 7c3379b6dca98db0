"""`/api/v1/gtfs-rt/...`: GTFS-Realtime 2.0 for journey planners, valid at all times: without buses it is empty."""

from fastapi import APIRouter, Request, Response

from cloudctl.access.permissions import Permission, requires
from cloudctl.api.services import Services, now
from cloudctl.feeds.gtfs_realtime import alerts, trip_updates, vehicle_positions
from cloudctl.transit.state import TransitState

MEDIA_TYPE = "application/x-protobuf"
router = APIRouter(prefix="/api/v1/gtfs-rt", tags=["transit"], dependencies=[requires(Permission.SEE_PICTURE)])
_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"description": "FeedMessage of gtfs-realtime.proto", "content": {MEDIA_TYPE: {}}}
}


@router.get("/vehicle-positions", response_class=Response, responses=_ANSWER)
async def read_vehicle_positions(request: Request) -> Response:
    """Where every bus with a trip is, with congestion and occupancy."""
    return _answer(vehicle_positions(_state(request), now()))


@router.get("/trip-updates", response_class=Response, responses=_ANSWER)
async def read_trip_updates(request: Request) -> Response:
    """When every bus with a trip comes to the stops ahead of it."""
    return _answer(trip_updates(_state(request), now()))


@router.get("/alerts", response_class=Response, responses=_ANSWER)
async def read_alerts(request: Request) -> Response:
    """What is wrong on the lines."""
    return _answer(alerts(_state(request), {}, now()))


def _state(request: Request) -> TransitState:
    return Services.of(request).state.transit or TransitState.empty(now())


def _answer(body: bytes) -> Response:
    return Response(body, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
