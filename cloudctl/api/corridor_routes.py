"""`/api/v1/corridors`: green corridors for emergency vehicles from A to B."""

import asyncio
import uuid
from datetime import datetime
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.incident_door import CHANGE, READ, DeskOf, audited, person, show_now
from cloudctl.api.incident_models import Line
from cloudctl.api.models import Page, as_time
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.operator_answers import WorkId, answer, ended_item, shown_of_kind
from cloudctl.api.operator_models import Latitude, Longitude, WorkItem
from cloudctl.api.services import Services, now
from cloudctl.incidents.corridor_plan import CorridorPlan, plan_corridor, planned_pace
from cloudctl.incidents.work import WorkKind
from cloudctl.incidents.work_store import NewWork, Work
from maps.errors import MapsError
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Route, Router

router = APIRouter(prefix="/api/v1/corridors", tags=["corridors"], dependencies=[requires(Permission.OPEN_CORRIDOR)])


class Place(BaseModel):
    """A point, deg."""

    lon: Longitude
    lat: Latitude


class CorridorRequest(BaseModel):
    """A way to be kept green ahead of an emergency vehicle."""

    origin: Place
    destination: Place
    vehicle: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z_-]*$")] = ""
    """Id of its terminal; without one it is reckoned to drive as planned."""
    minutes: Annotated[float, Field(gt=0, le=120)] = 30.0
    reason: Line


class StopItem(BaseModel):
    """One signal on the way, with the arrival that is expected where the road is free."""

    signal: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    arrival: datetime | None


class CorridorItem(BaseModel):
    """An open corridor; progress stands in `work.result`."""

    work: WorkItem
    length_m: float
    seconds: float
    points: list[list[float]]
    stops: list[StopItem]


@router.get("", responses=READ)
async def list_corridors(desk: DeskOf) -> Page[WorkItem]:
    """List corridors that are open or were closed within the last half hour, with their progress."""
    return Page[WorkItem](items=shown_of_kind(desk, WorkKind.CORRIDOR), time=as_time(now()))


@router.post("", status_code=201, responses={**CHANGE})
async def open_corridor(request: Request, desk: DeskOf, actor: CurrentActor, wanted: CorridorRequest) -> CorridorItem:
    """Open a corridor: priority is requested at each signal of the quickest way ahead of the vehicle."""
    network = Services.of(request).tables.network
    route, points = await asyncio.to_thread(_find, Services.of(request).tables, wanted)
    links = [str(network.links.id[row]) for row in route.links.tolist()]
    plan = plan_corridor(network, links)
    content: dict[str, object] = {
        "vehicle": wanted.vehicle,
        "links": links,
        "opened": now(),
        "points": points,
        "reason": wanted.reason,
    }
    name = uuid.uuid4().hex[:16]
    told = {"vehicle": wanted.vehicle, "links": links, "reason": wanted.reason}
    await audited(request, actor, "corridor.open", f"corridor:{name}", told)
    asked = NewWork(name, WorkKind.CORRIDOR, content, now() + 60 * wanted.minutes)
    made, reply = await desk.work.begin(asked, person(actor))
    await show_now(request, desk)
    return _item(network, plan, made, answer(made, reply))


@router.get("/{corridor}", responses=READ)
async def get_corridor(request: Request, desk: DeskOf, corridor: WorkId) -> CorridorItem:
    """Give one corridor with its signals and how far it is."""
    network = Services.of(request).tables.network
    known = await desk.work.store.get(WorkKind.CORRIDOR, corridor)
    links = known.content.get("links")
    plan = plan_corridor(network, [str(link) for link in links] if isinstance(links, list) else [])
    return _item(network, plan, known, WorkItem.of(known))


@router.delete("/{corridor}", responses=CHANGE)
async def close_corridor(request: Request, desk: DeskOf, corridor: WorkId, actor: CurrentActor) -> WorkItem:
    """Close a corridor: nothing more is requested of its signals."""
    known = await desk.work.store.get(WorkKind.CORRIDOR, corridor)
    await audited(request, actor, "corridor.close", f"corridor:{corridor}")
    await desk.work.end(known, actor.id)
    await show_now(request, desk)
    return await ended_item(desk, WorkKind.CORRIDOR, corridor)


_ROUTERS: WeakKeyDictionary[NetworkTables, Router] = WeakKeyDictionary()
"""One router a network, made at the first corridor: it takes a moment."""


def _find(tables: NetworkTables, wanted: CorridorRequest) -> tuple[Route, list[list[float]]]:
    router = _ROUTERS.get(tables) or _ROUTERS.setdefault(tables, Router(tables.network))
    try:
        ends = [
            router.nearest_link(place.lon, place.lat, ParticipantKind.CAR)
            for place in (wanted.origin, wanted.destination)
        ]
        route = router.route(ends[0], ends[1], ParticipantKind.CAR)
    except MapsError as fault:
        raise ProblemError(422, "No way", str(fault)) from fault
    return route, router.line(route)


def _item(network: RoadNetwork, plan: CorridorPlan, work: Work, item: WorkItem) -> CorridorItem:
    pace = planned_pace(network, plan)
    opened = work.content.get("opened")
    start = opened if isinstance(opened, int | float) else work.created
    signals, points = network.signals, work.content.get("points")
    stops = []
    for stop in plan.stops:
        lon, lat = network.plane.inverse(signals.x[stop.signal], signals.y[stop.signal])
        stops.append(
            StopItem(
                signal=str(signals.id[stop.signal]),
                name_zh=str(signals.name_zh[stop.signal]),
                name_en=str(signals.name_en[stop.signal]),
                lon=float(lon),
                lat=float(lat),
                arrival=as_time(start + plan.seconds(0.0, stop.along, pace)),
            )
        )
    return CorridorItem(
        work=item,
        length_m=round(plan.length, 1),
        seconds=round(plan.seconds(0.0, plan.length, pace), 1),
        points=points if isinstance(points, list) else [],
        stops=stops,
    )
