"""`/api/v1/transit/...`: lines, stops, buses, arrivals, advice and findings; a dispatcher gets the own lines only."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloudctl.access.permissions import Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import Page, as_time
from cloudctl.api.problems import RESPONSES
from cloudctl.api.transit_models import (
    NAME_PATTERN,
    AccuracyItem,
    AdviceItem,
    ArrivalItem,
    BusDetail,
    BusItem,
    FindingItem,
    LineDetail,
    LineItem,
    PriorityItem,
    RowFinding,
    StopItem,
    TimetableSummary,
)
from cloudctl.api.transit_view import (
    View,
    advice_item,
    arrival_item,
    bus_fields,
    bus_item,
    priority_item,
    sorted_advice,
)

Id = Annotated[str, Path(pattern=NAME_PATTERN)]
OfLine = Annotated[str | None, Query(description="Only this line.", pattern=NAME_PATTERN)]
router = APIRouter(
    prefix="/api/v1/transit", tags=["transit"], dependencies=[requires(Permission.SEE_BUSES)], responses=RESPONSES
)


@router.get("/lines")
async def list_lines(view: View) -> Page[LineItem]:
    """List the lines."""
    return Page[LineItem](items=view.line_items(), time=as_time(view.transit.time))


@router.get("/lines/{line}")
async def get_line(view: View, line: Id) -> LineDetail:
    """Give a line: its ways with stops, the buses on them and their headways."""
    item = view.line_item(view.line(line))
    return LineDetail(**item.model_dump(), patterns=view.pattern_items(line))


@router.get("/stops")
async def list_stops(view: View) -> Page[StopItem]:
    """List the stops."""
    return Page[StopItem](items=view.stop_items(), time=as_time(view.transit.time))


@router.get("/stops/{stop}/arrivals")
async def list_arrivals(view: View, stop: Id, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[ArrivalItem]:
    """List the buses that come to a stop, the earliest first."""
    return Page[ArrivalItem](items=view.arrivals(stop)[:limit], time=as_time(view.transit.time))


@router.get("/buses")
async def list_buses(view: View, line: OfLine = None) -> Page[BusItem]:
    """List the buses on lines."""
    if line is not None:
        view.line(line)
    return Page[BusItem](items=[bus_item(bus) for bus in view.buses(line)], time=as_time(view.transit.time))


@router.get("/buses/{vehicle}")
async def get_bus(view: View, vehicle: Id) -> BusDetail:
    """Give a bus: where on its line, headways, lateness, predicted arrivals, load, advice."""
    bus = view.bus(vehicle)
    return BusDetail.model_validate(
        {
            **bus_fields(bus),
            "arrivals": [arrival_item(bus, each) for each in bus.arrivals],
            "advice": [advice_item(each) for each in view.advice(vehicle=vehicle)],
        }
    )


@router.get("/advice")
async def list_advice(view: View, line: OfLine = None) -> Page[AdviceItem]:
    """List open advice, the newest first."""
    if line is not None:
        view.line(line)
    return Page[AdviceItem](items=sorted_advice(view.advice(line)), time=as_time(view.transit.time))


@router.get("/findings")
async def list_findings(view: View, line: OfLine = None) -> Page[FindingItem]:
    """List bunching, gaps, buses off their route, late departures and breakdowns."""
    if line is not None:
        view.line(line)
    return Page[FindingItem](items=view.findings(line), time=as_time(view.transit.time))


@router.get("/priority-requests")
async def list_priority_requests(view: View) -> Page[PriorityItem]:
    """List requests for signal priority of the last minutes, the newest first."""
    found = sorted(view.priority(), key=lambda each: -each.requested)
    return Page[PriorityItem](items=[priority_item(each) for each in found], time=as_time(view.transit.time))


@router.get("/priority-requests/{request_id}")
async def get_priority_request(view: View, request_id: Id) -> PriorityItem:
    """Give a request and how far it has come."""
    for each in view.priority():
        if each.id == request_id:
            return priority_item(each)
    raise ProblemError(404, "Unknown request", f"no request {request_id!r} of the last minutes")


@router.get("/timetable")
async def get_timetable(view: View) -> TimetableSummary:
    """Give the timetable in use and what was left out of its source."""
    lines = view.lines
    return TimetableSummary(
        version=lines.version,
        zone=lines.zone,
        trips=lines.trips,
        lines=len(lines.lines),
        stops=len(lines.stops),
        findings=[RowFinding(file=each.file, line=each.line, detail=each.detail) for each in lines.findings],
        finding_count=lines.finding_count,
        refused=lines.refused,
    )


@router.get("/accuracy")
async def get_accuracy(view: View) -> AccuracyItem:
    """Tell how good predictions five minutes ahead were, beside the shifted timetable."""
    known = view.transit.accuracy
    return AccuracyItem(
        judged=known.judged,
        median_error_s=known.median_error_s,
        within_band=known.within_band,
        band_width_s=known.band_width_s,
        timetable_median_error_s=known.timetable_median_error_s,
    )
