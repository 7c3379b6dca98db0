"""`/api/v1/parking/...`: lots, free places now and ahead, history, guidance, register, occupancy, DATEX II."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.command_channel import order
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Cursor, Limit, make_cursor, read_cursor
from cloudctl.api.parking_guidance import Wish, rank
from cloudctl.api.parking_models import (
    LOT_PATTERN,
    GuidanceAnswer,
    HistoryItem,
    LotRequest,
    OccupancyRequest,
    OccupancyTaken,
    ParkingDetail,
    ParkingHistory,
    ParkingItem,
    ParkingSummary,
)
from cloudctl.api.parking_view import ParkingView
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services, now
from cloudctl.parking.datex import status_publication, table_publication
from cloudctl.parking.errors import ParkingStoreError, RegisterError
from cloudctl.parking.office import ParkingOffice
from cloudctl.parking.orders import OCCUPANCY
from cloudctl.parking.register import CarPark

XML = "application/xml"
MOST_STEPS = 2000
Id = Annotated[str, Path(pattern=LOT_PATTERN)]
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]
Moment = Annotated[dt.datetime, Query(description="RFC 3339 with offset; without one it is UTC.")]
_STORED = {**RESPONSES, **problem_responses(503)}
_TO_ENGINE = {**RESPONSES, **problem_responses(409, 502, 504)}
_SEE, _MANAGE = [requires(Permission.SEE_PARKING)], [requires(Permission.MANAGE_PARKING)]
_DATEX: dict[int | str, dict[str, object]] = {
    200: {"description": "DATEX II 3 payload", "content": {XML: {"schema": {"type": "string"}}}}
}
router = APIRouter(prefix="/api/v1/parking", tags=["parking"])


async def _view(request: Request) -> ParkingView:
    return ParkingView(Services.of(request), now())


async def _office(request: Request) -> AsyncIterator[ParkingOffice]:
    office = Services.of(request).parking
    if office is None:
        raise ProblemError(503, "Parking not reachable", "this gateway keeps no register and history of lots")
    try:
        yield office
    except ParkingStoreError as fault:
        raise ProblemError(503, "Parking not reachable", str(fault)) from fault
    except RegisterError as fault:
        raise ProblemError(422, "Unusable lot", str(fault)) from fault


View = Annotated[ParkingView, Depends(_view)]
Office = Annotated[ParkingOffice, Depends(_office)]


@router.get("", responses=RESPONSES, dependencies=_SEE)
async def list_parking(view: View, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[ParkingItem]:
    """List lots with their free places."""
    start = read_cursor(cursor) + 1
    more = make_cursor(start + limit - 1) if len(view.lots) > start + limit else None
    items = [view.item(lot) for lot in view.lots[start : start + limit]]
    return Page[ParkingItem](items=items, next=more, time=as_time(view.now))


@router.get("/summary", responses=RESPONSES, dependencies=_SEE)
async def summarise_parking(view: View) -> ParkingSummary:
    """Sum up the city, now and for the next hour."""
    return await asyncio.to_thread(view.summary)


@router.get("/datex2", response_class=Response, responses=_DATEX | RESPONSES, dependencies=_SEE)
async def read_datex(
    view: View, publication: Annotated[Literal["status", "table"], Query(description="What is told.")] = "status"
) -> Response:
    """Give the lots as a DATEX II 3 publication."""
    table = publication == "table"
    body = table_publication(view.lots, view.now) if table else status_publication(view.records(), view.now)
    return Response(body, media_type=XML, headers={"Cache-Control": "no-cache"})


@router.get("/guidance", responses=RESPONSES, dependencies=_SEE)
async def guide(
    request: Request,
    view: View,
    from_lon: Lon,
    from_lat: Lat,
    to_lon: Lon,
    to_lat: Lat,
    stay: Annotated[int, Query(ge=1, le=10_080, description="Minutes, for the price.")] = 60,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> GuidanceAnswer:
    """Lots for a destination, the best first: by which route, and with what chance."""
    wish = Wish((from_lon, from_lat), (to_lon, to_lat), stay, limit)
    roads = Services.of(request).roads
    return GuidanceAnswer(items=await asyncio.to_thread(rank, view, roads, wish))


@router.get("/lots/{lot}", responses=RESPONSES, dependencies=_SEE)
async def get_lot(view: View, lot: Id) -> ParkingDetail:
    """Give a lot with its entrances, hours, price, and free places ahead."""
    return view.detail(view.find(lot))


@router.get("/lots/{lot}/history", responses=_STORED, dependencies=_SEE)
async def get_history(
    view: View,
    office: Office,
    lot: Id,
    start: Moment,
    end: Moment,
    step: Annotated[int, Query(ge=60, le=86_400, description="s")] = 900,
) -> ParkingHistory:
    """Occupancy of a lot over time, and how many cars came and went."""
    name = view.find(lot).id
    first, last = (each if each.tzinfo else each.replace(tzinfo=dt.UTC) for each in (start, end))
    try:
        steps = (last - first).total_seconds() / step
        first, last = first.astimezone(dt.UTC), last.astimezone(dt.UTC)
    except OverflowError as fault:
        raise ProblemError(422, "Unusable span", "start or end lies outside the calendar") from fault
    if not 0 < steps <= MOST_STEPS:
        raise ProblemError(422, "Unusable span", f"{steps:.0f} steps of {step} s are not from 1 to {MOST_STEPS}")
    found = await office.store.history(name, first, last, dt.timedelta(seconds=step))
    items = [HistoryItem.model_validate(each, from_attributes=True) for each in found]
    return ParkingHistory(lot=name, step_s=step, items=items)


@router.put("/lots/{lot}", responses=_STORED, dependencies=_MANAGE)
async def put_lot(request: Request, office: Office, actor: CurrentActor, lot: Id, wanted: LotRequest) -> ParkingDetail:
    """Enter a lot, or change it; it takes the place of the map's lot with this id."""
    try:
        entered = msgspec.convert({**wanted.model_dump(), "id": lot}, CarPark)
    except msgspec.ValidationError as fault:
        raise ProblemError(422, "Unusable lot", str(fault)) from fault
    services = Services.of(request)
    await services.audit.record(actor.id, "parking.register", f"lot:{lot}", wanted.model_dump(mode="json"))
    kept = await office.put(entered, actor.id)
    return ParkingView(services, now()).detail(kept)


@router.delete("/lots/{lot}", status_code=204, responses=_STORED, dependencies=_MANAGE)
async def remove_lot(request: Request, office: Office, actor: CurrentActor, lot: Id) -> None:
    """Take a lot out of the register; a lot of the map is then as the map has it."""
    await Services.of(request).audit.record(actor.id, "parking.remove", f"lot:{lot}", {})
    if not await office.remove(lot, actor.id):
        raise ProblemError(404, "Unknown lot", f"the register has no lot {lot!r}")


@router.post(
    "/lots/{lot}/occupancy", responses=_TO_ENGINE, dependencies=[requires(Permission.REPORT_PARKING)], status_code=202
)
async def report_occupancy(
    request: Request, view: View, actor: CurrentActor, lot: Id, said: OccupancyRequest
) -> OccupancyTaken:
    """Report how full a lot is; more cars than places are refused, and other lots do not notice."""
    known = view.find(lot)
    status = view.status.get(known.id)
    capacity = said.capacity or (status.capacity if status else known.capacity)
    if said.occupied > capacity:
        view.services.measures.refused.labels("more_cars_than_places").inc()
        detail = f"occupied {said.occupied} is more than the capacity {capacity} of lot {lot!r}"
        raise ProblemError(422, "More cars than places", detail)
    content: dict[str, object] = {
        "lot": known.id,
        "occupied": said.occupied,
        "capacity": capacity,
        "time": said.time.timestamp() if said.time else 0.0,
    }
    reply = await order(Services.of(request).commands, OCCUPANCY, content, issued_by=actor.id)
    return OccupancyTaken.model_validate({"lot": known.id, **reply.content})
