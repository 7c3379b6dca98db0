"""`/api/v1/journeys/plan` and `/api/v1/gtfs/static.zip`: journeys from door to door, and the timetable behind them."""

import asyncio
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from cloudctl.access.permissions import Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.maas_models import JourneyItem, JourneyRequest, JourneysAnswer, LegItem, Mode, PlaceItem
from cloudctl.api.parking_guidance import chance_at
from cloudctl.api.parking_view import ParkingView
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services, now
from cloudctl.maas.desk import JourneyDesk
from cloudctl.maas.errors import JourneyError
from cloudctl.maas.journey import CAR, Journey, Leg, Wish
from cloudctl.maas.planner import CarParkChoice

LOTS = 8
"""Car parks that are looked at for a journey."""
LONGEST_AHEAD_S, LATE_S = 14 * 86_400.0, 60.0
ZIP = "application/zip"
_ANSWERS = {**RESPONSES, **problem_responses(503)}
_ZIP: dict[int | str, dict[str, object]] = {
    200: {"description": "GTFS Schedule", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]
router = APIRouter(prefix="/api/v1", tags=["journeys"], dependencies=[requires(Permission.SEE_PICTURE)])


@router.post("/journeys/plan", responses=_ANSWERS)
async def plan_journey(request: Request, wanted: JourneyRequest) -> JourneysAnswer:
    """Plan a journey over walk, bus, shuttle, and car with park and ride, on live times."""
    depart = wanted.depart.timestamp() if wanted.depart else now()
    wish = Wish(
        (wanted.start.lon, wanted.start.lat), (wanted.goal.lon, wanted.goal.lat), depart, frozenset(wanted.modes),
        wanted.walk_most, wanted.transfers, wanted.count, wanted.arrive.timestamp() if wanted.arrive else None,
    )  # fmt: skip
    return await _plan(Services.of(request), wish)


@router.get("/journeys/plan", responses=_ANSWERS)
async def find_journey(
    request: Request,
    from_lon: Lon,
    from_lat: Lat,
    to_lon: Lon,
    to_lat: Lat,
    depart: Annotated[dt.datetime | None, Query(description="RFC 3339; now where it is left out.")] = None,
    arrive: Annotated[dt.datetime | None, Query(description="RFC 3339; to be there by then, set out last.")] = None,
    mode: Annotated[list[Mode] | None, Query(description="All where it is left out.")] = None,
) -> JourneysAnswer:
    """Plan a journey with the usual bounds."""
    moment = now() if depart is None else _epoch(depart)
    modes = frozenset(mode) if mode else Wish.modes
    by = None if arrive is None else _epoch(arrive)
    return await _plan(Services.of(request), Wish((from_lon, from_lat), (to_lon, to_lat), moment, modes, arrive_by=by))


@router.get("/gtfs/static.zip", response_class=Response, responses={**_ZIP, **problem_responses(404)})
async def download_timetable(request: Request) -> Response:
    """Download the timetable in use, for planners such as OpenTripPlanner; its live twin is `/api/v1/gtfs-rt`."""
    desk = Services.of(request).journeys
    body = None if desk is None else await asyncio.to_thread(_packed, desk.source)
    if body is None:
        raise ProblemError(404, "No timetable", "no timetable was given to this gateway")
    return Response(body, media_type=ZIP, headers={"Content-Disposition": 'attachment; filename="static.zip"'})


async def _plan(services: Services, wish: Wish) -> JourneysAnswer:
    desk = services.journeys
    if desk is None:
        raise ProblemError(503, "Journeys not reachable", "this gateway plans no journeys")
    if not -LATE_S <= wish.depart - now() <= LONGEST_AHEAD_S:
        raise ProblemError(422, "Unusable departure", "depart from now to 14 days ahead")
    if wish.arrive_by is not None and not 0.0 < wish.arrive_by - wish.depart <= LONGEST_AHEAD_S:
        raise ProblemError(422, "Unusable arrival", "arrive after depart, and within 14 days of it")
    try:
        found = await asyncio.to_thread(_search, services, desk, wish)
    except JourneyError as fault:
        raise ProblemError(422, "No journey from there", fault.detail) from fault
    when = "in time" if wish.arrive_by is not None else "in the next hours"
    reason = None if found else f"no walk, bus or car park within the bounds leads there {when}"
    return JourneysAnswer(journeys=[_journey(each) for each in found], reason=reason)


def _search(services: Services, desk: JourneyDesk, wish: Wish) -> list[Journey]:
    return desk.plan(wish, _parks(services, desk, wish) if CAR in wish.modes else [])


def _parks(services: Services, desk: JourneyDesk, wish: Wish) -> list[CarParkChoice]:
    """Car parks that can be reached, the quickest first, with the chance of a place on arrival."""
    roads, view = services.roads, ParkingView(services, now())
    roads.refresh()
    start = roads.find_link(*wish.start)
    if start is None:
        return []
    drive, _ = view.table.best_entrances(roads.times_from(start))
    found = []
    for row in np.argsort(drive, kind="stable")[:LOTS].tolist():
        lot, moment = view.table.lots[row], wish.arrive_by or wish.depart + float(drive[row])
        if np.isfinite(drive[row]) and lot.open_at(moment, view.zone):
            spot = desk.walk.spots([lot.lon], [lot.lat])
            chance = chance_at(view, row, moment)
            found.append(CarParkChoice(lot.id, (lot.lon, lot.lat), spot, float(drive[row]), round(chance, 4)))
    return found


def _journey(journey: Journey) -> JourneyItem:
    return JourneyItem(
        departure=_time(journey.departure),
        arrival=_time(journey.arrival),
        duration_s=round(journey.arrival - journey.departure, 1),
        transfers=journey.transfers,
        walk_m=round(journey.walked, 1),
        legs=[_leg(leg) for leg in journey.legs],
    )


def _leg(leg: Leg) -> LegItem:
    return LegItem.model_validate(
        {
            "mode": leg.mode,
            "start": PlaceItem(lon=leg.start[0], lat=leg.start[1]),
            "end": PlaceItem(lon=leg.end[0], lat=leg.end[1]),
            "departure": _time(leg.departure),
            "arrival": _time(leg.arrival),
            "metres": round(leg.metres, 1) if leg.mode == "walk" else None,
            **{name: getattr(leg, name) or None for name in ("line", "trip", "from_stop", "to_stop", "lot")},
            "live": leg.live,
            "chance": leg.chance,
        }
    )


def _time(moment: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, dt.UTC)


def _epoch(moment: dt.datetime) -> float:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except OverflowError as fault:
        raise ProblemError(422, "Unusable time", "depart or arrive lies outside the calendar") from fault


def _packed(source: Path) -> bytes | None:
    """Bytes of the zip file; a folder is packed."""
    try:
        if not source.is_dir():
            return source.read_bytes()
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(source.glob("*.txt")):
                archive.write(path, path.name)
        return body.getvalue()
    except OSError:
        return None
