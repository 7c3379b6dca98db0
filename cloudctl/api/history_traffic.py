"""`/api/v1/history/travel-times` and `links/{id}/...`: traffic over time, from counts of many vehicles."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.district_past import check_exit, check_links
from cloudctl.api.history_door import End, Start, ask, span
from cloudctl.api.history_models import (
    Diagram,
    DiagramPoint,
    LinkSumItem,
    MovementItem,
    ProfileItem,
    TravelTimeItem,
    TravelTimes,
)
from cloudctl.api.history_places import link_name, link_row, links_at
from cloudctl.api.models import Page
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services
from cloudctl.privacy.aggregates import SUPPRESSED, k_count, publishable
from cloudctl.store import traffic_queries
from cloudctl.store.traffic_queries import LinkUse, Step, TravelTime
from fusion.picture import LevelOfService

YEAR = timedelta(days=400)
LinkId = Annotated[str, Path(max_length=200)]
StepSeconds = Annotated[int, Query(ge=10, le=86_400, description="Length of a step of time, s.")]
Place = Annotated[str, Query(max_length=220, description="`lon,lat` in degrees, or `link:ID`.")]

router = APIRouter(
    prefix="/api/v1/history",
    tags=["history"],
    dependencies=[requires(Permission.SEE_HISTORY)],
    responses=RESPONSES,
)


@router.get("/travel-times")
async def list_travel_times(
    request: Request,
    actor: CurrentActor,
    origin: Place,
    destination: Place,
    start: Start,
    end: End,
    step: StepSeconds = 3600,
) -> TravelTimes:
    """Give the travel times between two places, measured on the vehicles that went from one to the other."""
    t0, t1 = span(start, end, timedelta(days=62))
    network = Services.of(request).tables.network
    origins, destinations = links_at(network, origin), links_at(network, destination)
    names = [[link_name(network, row) for row in rows] for rows in (origins, destinations)]
    for rows, of_rows in zip((origins, destinations), names, strict=True):
        check_links(rows, of_rows, districts_of(request, actor))
    found = await ask(request, lambda reader: traffic_queries.travel_times(reader, origins, destinations, t0, t1, step))
    items = [travel_time_item(row) for row in found]
    return TravelTimes(origin=names[0], destination=names[1], items=items)


@router.get("/links/{link_id}/diagram")
async def get_diagram(
    request: Request, actor: CurrentActor, link_id: LinkId, start: Start, end: End, step: StepSeconds = 300
) -> Diagram:
    """Give flow, density and speed of a link (Edie 1963: time and distance over the area of space and time)."""
    t0, t1 = span(start, end, timedelta(days=31))
    network = Services.of(request).tables.network
    row = link_row(network, link_id)
    check_links([row], [link_id], districts_of(request, actor))
    length = float(network.links.length[row])
    found = await ask(request, lambda reader: traffic_queries.link_use(reader, row, t0, t1, step))
    items = [diagram_point(use, length, step) for use in found]
    return Diagram(link=link_id, length=round(length, 1), lanes=int(network.links.lane_count[row]), items=items)


def travel_time_item(row: TravelTime) -> TravelTimeItem:
    """Travel times of one step of time, or nothing of them where so few vehicles could be told apart."""
    count = int(k_count(row.vehicles))
    figures = (row.mean, row.p15, row.median, row.p85, row.p95)
    mean, p15, median, p85, p95 = figures if count != SUPPRESSED else (None,) * len(figures)
    return TravelTimeItem.model_validate(
        {"time": row.t, "vehicles": count, "mean": mean, "p15": p15, "median": median, "p85": p85, "p95": p95}
    )


def diagram_point(use: LinkUse, length: float, step: float) -> DiagramPoint:
    """One point: flow = driven / (length * step), density = spent / (length * step), speed = flow / density."""
    area = max(length, 1.0) * step
    if not publishable(use.vehicles):
        return DiagramPoint.model_validate(
            {"time": use.t, "flow": None, "density": None, "speed": None, "vehicles": SUPPRESSED}
        )
    return DiagramPoint.model_validate(
        {
            "time": use.t,
            "flow": round(use.driven / area * 3600, 1),
            "density": round(use.spent / area * 1000, 2),
            "speed": round(use.driven / use.spent, 2) if use.spent > 0 else None,
            "vehicles": use.vehicles,
        }
    )


@router.get("/links/{link_id}/sums")
async def list_sums(
    request: Request, actor: CurrentActor, link_id: LinkId, start: Start, end: End, step: Step = Step.HOUR
) -> Page[LinkSumItem]:
    """List a link's stored sums by quarter of an hour, hour or day."""
    t0, t1 = span(start, end, YEAR)
    row = link_row(Services.of(request).tables.network, link_id)
    check_links([row], [link_id], districts_of(request, actor))
    found = await ask(request, lambda reader: traffic_queries.link_sums(reader, row, t0, t1, step))
    items = [
        LinkSumItem.model_validate(
            {
                "time": each.t,
                "samples": each.samples,
                "speed": each.speed,
                "speed_min": each.speed_min,
                "flow": each.flow,
                "queue_max": each.queue_max if each.queue_max >= 0 else None,
                "level_max": LevelOfService(each.level_max).name.lower()
                if 0 <= each.level_max < len(LevelOfService)
                else "unknown",
            }
        )
        for each in found
    ]
    return Page(items=items)


@router.get("/links/{link_id}/profile")
async def get_profile(request: Request, actor: CurrentActor, link_id: LinkId) -> Page[ProfileItem]:
    """Give a link's usual travel times over the week, of the last eight weeks."""
    network = Services.of(request).tables.network
    row = link_row(network, link_id)
    check_links([row], [link_id], districts_of(request, actor))
    length = float(network.links.length[row])
    found = await ask(request, lambda reader: traffic_queries.link_profile(reader, row))
    items = [
        ProfileItem(
            slot=slot.slot,
            samples=slot.samples,
            speed=round(slot.speed, 2),
            travel_time=round(length / max(slot.speed, 0.1), 1),
            slow_travel_time=round(length / max(slot.speed_low, 0.1), 1),
        )
        for slot in found
    ]
    return Page(items=items)


@router.get("/links/{link_id}/movements")
async def list_movements(
    request: Request, actor: CurrentActor, link_id: LinkId, start: Start, end: End
) -> Page[MovementItem]:
    """List how many vehicles went where from a link, by the hour."""
    t0, t1 = span(start, end, YEAR)
    network = Services.of(request).tables.network
    row = link_row(network, link_id)
    check_exit(row, link_id, districts_of(request, actor))
    found = await ask(request, lambda reader: traffic_queries.movement_counts(reader, row, t0, t1))
    items = [
        MovementItem.model_validate(
            {"time": each.t, "to_link": link_name(network, each.to_link), "vehicles": int(k_count(each.vehicles))}
        )
        for each in found
    ]
    return Page(items=items)
