"""`/api/v1/history/tracks`, `devices/{id}/tracks`, `links/{id}/stays`: stored road users. Each look is entered.

Whoever is bound to districts gets of a track what lies in them; a page may then hold fewer than were asked for.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.district_past import check_links, cut_points, seen_points
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.errors import ProblemError
from cloudctl.api.history_door import (
    DEFAULT_LIMIT,
    DEFAULT_PURPOSE,
    End,
    Limit,
    Purpose,
    Start,
    StoreCursor,
    ask,
    enter_look,
    span,
)
from cloudctl.api.history_models import DeviceTrackItem, StayItem, TrackPoints, Trip
from cloudctl.api.history_places import link_row
from cloudctl.api.history_trips import split_tracks, trip_of
from cloudctl.api.models import Page
from cloudctl.api.paging import BoxText, read_box
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services
from cloudctl.store.reader import Box
from cloudctl.store.track_queries import DeviceTrack, points_of_tracks, stays_on_link, tracks_of_device

DAY = timedelta(days=1)
MONTH = timedelta(days=31)

router = APIRouter(
    prefix="/api/v1/history",
    tags=["history"],
    dependencies=[requires(Permission.SEE_HISTORY), requires(Permission.SEE_TRAJECTORIES)],
    responses=RESPONSES,
)


@router.get("/tracks")
async def list_points(
    request: Request,
    actor: CurrentActor,
    start: Start,
    end: End,
    bbox: BoxText = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Page[TrackPoints]:
    """List the points of all tracks of a time and an area; a track that goes on may come on several pages."""
    t0, t1 = span(start, end, DAY)
    box = read_box(bbox)
    await enter_look(request, purpose, {"start": t0, "end": t1, "bbox": bbox})
    page = await ask(request, lambda reader: reader.tracks_between(t0, t1, Box(*box) if box else None, limit, cursor))
    points = cut_points(page.tracks, districts_of(request, actor))
    return Page(items=split_tracks(points), next=page.cursor)


@router.get("/tracks/{session}/{track_id}")
async def get_trip(
    request: Request,
    actor: CurrentActor,
    session: Annotated[int, Path(ge=0, lt=2**63)],
    track_id: Annotated[int, Path(ge=0, lt=2**32)],
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Trip:
    """Give one road user's whole trip: its points, the links it went over, distance and time."""
    await enter_look(request, purpose, {"session": session, "track": track_id})
    points = await ask(request, lambda reader: reader.track(track_id, session))
    seen = seen_points(points, districts_of(request, actor))
    if not seen.any():
        raise ProblemError(404, "No such track", f"session {session} has no track {track_id}")
    return trip_of(points, Services.of(request).tables.network, seen)


@router.get("/devices/{device_id}/tracks")
async def list_device_tracks(
    request: Request,
    actor: CurrentActor,
    device_id: Annotated[str, Path(max_length=64)],
    start: Start,
    end: End,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Page[DeviceTrackItem]:
    """List the tracks that a device saw, or is itself."""
    t0, t1 = span(start, end, MONTH)
    await enter_look(request, purpose, {"device": device_id, "start": t0, "end": t1})
    found, more = await ask(
        request, lambda reader: tracks_of_device(reader, device_id, t0, t1, limit=limit, cursor=cursor)
    )
    if (sight := districts_of(request, actor)) is not None:
        found = await _seen_tracks(request, found, t0, t1, sight) if sight.device(device_id) else []
    items = [
        DeviceTrackItem.model_validate(
            {"session": track.session, "id": track.track_id, "first": track.first, "last": track.last}
        )
        for track in found
    ]
    return Page(items=items, next=more)


@router.get("/links/{link_id}/stays")
async def list_stays(
    request: Request,
    actor: CurrentActor,
    link_id: Annotated[str, Path(max_length=200)],
    start: Start,
    end: End,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Page[StayItem]:
    """List who was on a link, by time; one who stays longer than ten seconds comes once for each ten."""
    t0, t1 = span(start, end, MONTH)
    link = link_row(Services.of(request).tables.network, link_id)
    check_links([link], [link_id], districts_of(request, actor))
    await enter_look(request, purpose, {"link": link_id, "start": t0, "end": t1})
    found, more = await ask(request, lambda reader: stays_on_link(reader, link, t0, t1, limit=limit, cursor=cursor))
    items = [
        StayItem.model_validate(
            {
                "session": stay.session,
                "id": stay.track_id,
                "entered": stay.t,
                "left": stay.last,
                "distance": stay.distance,
                "entry_speed": stay.entry_speed,
            }
        )
        for stay in found
    ]
    return Page(items=items, next=more)


async def _seen_tracks(
    request: Request, tracks: Sequence[DeviceTrack], t0: float, t1: float, sight: DistrictSight
) -> list[DeviceTrack]:
    """Tracks that were in the actor's districts, and from when to when."""
    ids = [(track.session, track.track_id) for track in tracks]
    points = cut_points(await ask(request, lambda reader: points_of_tracks(reader, ids, t0, t1)), sight)
    times: dict[tuple[int, int], list[float]] = {}
    for session, track, t in zip(points.session.tolist(), points.track_id.tolist(), points.t.tolist(), strict=True):
        times.setdefault((session, track), []).append(t)
    return [DeviceTrack(*each, min(times[each]), max(times[each])) for each in ids if each in times]
