"""`/api/v1/routes` and `/api/v1/travel-times`: ways by class of vehicle, and travel times now and for the next hour."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from cloudctl.access.permissions import Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import as_time
from cloudctl.api.paging import DEFAULT_LIMIT, BoxText, Cursor, Limit, make_cursor, read_box, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.routing_models import (
    LinkTimes,
    RouteItem,
    Routes,
    RouteStep,
    TravelTimes,
    TurnTime,
    VehicleClassItem,
)
from cloudctl.api.routing_outlook import RoutingDesk
from cloudctl.api.services import Services, now
from cloudctl.routing.errors import UnknownClassError
from cloudctl.routing.outlook import SLOT, SLOTS, Outlook, band
from cloudctl.routing.ways import TimedRoute, Wish
from maps.errors import NoRouteError, OffMapError

router = APIRouter(prefix="/api/v1", tags=["routing"], dependencies=[requires(Permission.SEE_PICTURE)])
AHEAD = timedelta(hours=1)
SLACK = timedelta(minutes=1)
"""A departure so far in the past is now: clocks differ."""
LOCAL = ZoneInfo("Asia/Shanghai")
"""Hours of the rules are those of the clock on the wall."""


@router.get("/travel-times", responses=RESPONSES)
async def list_travel_times(
    request: Request,
    link: Annotated[list[str] | None, Query(max_length=1000, description="Only these links, by id.")] = None,
    bbox: BoxText = None,
    turns: Annotated[bool, Query(description="Also give the turns at the ends of the links.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> TravelTimes:
    """Give travel times of links now and at every five minutes of the next hour, with their spread, by row."""
    services = Services.of(request)
    desk, moment = services.routing, now()
    outlook = desk.outlook(moment)
    after = read_cursor(cursor)
    rows = [row for row in _rows(services, link, bbox) if row > after]
    listed = rows[:limit]
    low, high = band(outlook.times[:, listed], outlook.spread[:, listed])
    links = desk.network.links
    items = [
        LinkTimes(
            row=row,
            id=str(links.id[row]),
            free=round(float(desk.ways.free[row]), 1),
            seconds=outlook.times[:, row].round(1).tolist(),
            low=low[:, place].round(1).tolist(),
            high=high[:, place].round(1).tolist(),
        )
        for place, row in enumerate(listed)
    ]
    begin = datetime.fromtimestamp(moment, UTC)
    return TravelTimes(
        items=items,
        turns=[turn for row in listed for turn in _turns(desk, outlook, row)] if turns else [],
        times=[begin + timedelta(seconds=SLOT * step) for step in range(SLOTS)],
        next=make_cursor(listed[-1]) if len(rows) > limit else None,
        time=as_time(desk.time or None),
    )


@router.get("/routes", responses=RESPONSES)
async def find_routes(
    request: Request,
    origin: Annotated[str, Query(alias="from", max_length=200, description="Link id, or LON,LAT in degrees.")],
    destination: Annotated[str, Query(alias="to", max_length=200, description="Link id, or LON,LAT in degrees.")],
    vehicle_class: Annotated[str, Query(alias="class", max_length=40, description="Class of vehicle.")] = "car",
    departure: Annotated[AwareDatetime | None, Query(description="Up to one hour ahead; else now.")] = None,
    alternatives: Annotated[int, Query(ge=1, le=4, description="Ways wanted at most.")] = 1,
    avoid: Annotated[list[str] | None, Query(max_length=100, description="Links to stay off, by id.")] = None,
    height: Annotated[float | None, Query(ge=0, le=10, description="m; else that of the class.")] = None,
    weight: Annotated[float | None, Query(ge=0, le=200, description="t; else that of the class.")] = None,
) -> Routes:
    """Find the quickest ways for a class of vehicle at a departure of the next hour, on live travel times."""
    desk = Services.of(request).routing
    moment = datetime.fromtimestamp(now(), UTC)
    leave = departure or moment
    if not moment - SLACK <= leave <= moment + AHEAD:
        raise ProblemError(422, "Unusable departure", "departure is between now and one hour ahead")
    try:
        rules = desk.classes.find(vehicle_class)
    except UnknownClassError as fault:
        raise ProblemError(422, "Unknown class", str(fault)) from fault
    local = leave.astimezone(LOCAL)
    closed = desk.classes.closed(rules, local.hour + local.minute / 60, height, weight)
    shut = (*closed.tolist(), *(_row(desk, name) for name in avoid or ()))
    kind = desk.classes.kind(rules)
    wish = Wish(
        source=_end(desk, origin),
        target=_end(desk, destination),
        kind=kind,
        departure=max((leave - moment).total_seconds(), 0.0),
        closed=shut,
        pace=rules.pace,
        delay=rules.delay,
        count=alternatives,
    )
    try:
        found = desk.ways.find(wish, desk.outlook(moment.timestamp()))
    except NoRouteError as fault:
        raise ProblemError(404, "No way", str(fault)) from fault
    return Routes(
        items=[_item(desk, way, leave) for way in found],
        vehicle_class=vehicle_class,
        departure=leave,
        closed_links=len(closed),
        corridor=rules.corridor,
        time=as_time(desk.time or None),
    )


@router.get("/routes/classes")
async def list_vehicle_classes(request: Request) -> list[VehicleClassItem]:
    """List the classes of vehicles that ways are found for, and their rules."""
    return [
        VehicleClassItem(
            name=name,
            kind=rules.kind.lower(),
            height=rules.height_m,
            weight=rules.weight_t,
            closed_zones=list(rules.closed_zones),
            closed_hours=[list(hours) for hours in rules.closed_hours],
            corridor=rules.corridor,
        )
        for name, rules in Services.of(request).routing.classes.classes.items()
    ]


def _rows(services: Services, names: list[str] | None, bbox: str | None) -> list[int]:
    desk = services.routing
    rows = range(len(desk.network.links.id)) if names is None else sorted({_row(desk, name) for name in names})
    box = read_box(bbox)
    if box is None:
        return list(rows)
    lon, lat = services.tables.link_middles
    return [row for row in rows if box[0] <= lon[row] <= box[2] and box[1] <= lat[row] <= box[3]]


def _turns(desk: RoutingDesk, outlook: Outlook, row: int) -> list[TurnTime]:
    graph, links = desk.ways.graph, desk.network.links
    return [
        TurnTime(
            from_link=str(links.id[row]),
            to_link=str(links.id[graph.heads[arc]]),
            seconds=round(max(float(outlook.times[0, row] + outlook.turn[arc]), 0.0) + float(graph.seconds[arc]), 1),
        )
        for arc in range(int(graph.starts[row]), int(graph.starts[row + 1]))
    ]


def _row(desk: RoutingDesk, name: str) -> int:
    row = desk.network.link_rows.get(name)
    if row is None:
        raise ProblemError(404, "No such link", f"no link has the id {name!r}")
    return row


def _end(desk: RoutingDesk, text: str) -> int:
    """Row of the link that is named, or nearest to a place."""
    if text in desk.network.link_rows or "," not in text:
        return _row(desk, text)
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise ProblemError(422, "Unusable place", f"{text!r} is neither a link nor LON,LAT in degrees") from fault
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ProblemError(422, "Unusable place", f"{text!r} is not on the globe")
    try:
        return desk.router.nearest_link(lon, lat)
    except OffMapError as fault:
        raise ProblemError(422, "Off the map", str(fault)) from fault


def _item(desk: RoutingDesk, way: TimedRoute, leave: datetime) -> RouteItem:
    links = desk.network.links
    steps = [
        RouteStep(
            link=str(links.id[row]),
            name_zh=str(links.name_zh[row]),
            name_en=str(links.name_en[row]),
            length=round(float(links.length[row]), 1),
            entered=round(entered, 1),
        )
        for row, entered in zip(way.links.tolist(), way.entered.tolist(), strict=True)
    ]
    return RouteItem(
        travel_time=round(way.travel_time, 1),
        low=round(way.low, 1),
        high=round(way.high, 1),
        arrival=leave + timedelta(seconds=way.travel_time),
        length=round(way.length, 1),
        steps=steps,
        points=desk.router.line_of(way.links),
    )
