"""`/api/v1/tracks`: the road users of the newest picture, and the stored trail of one."""

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from numpy.typing import NDArray

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of, frame_for
from cloudctl.api.district_past import placed
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import Part
from cloudctl.api.models import Page, Track, TrackDetail, TrailItem, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, BoxText, Cursor, Limit, make_cursor, read_box, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services, now
from cloudctl.errors import DatabaseError
from cloudctl.privacy.errors import AuditUnavailableError
from cloudctl.publish.frames import Frame
from maps.participants import ParticipantKind

HAS_TERMINAL = 1
COASTING = 2
MAX_TRAIL_POINTS = 3000
KindName = Literal["unknown", "car", "van", "truck", "bus", "special", "motorcycle", "cyclist", "pedestrian"]

router = APIRouter(prefix="/api/v1", tags=["road users"], dependencies=[requires(Permission.SEE_TRAJECTORIES)])


@router.get("/tracks", responses=RESPONSES)
async def list_tracks(
    request: Request,
    actor: CurrentActor,
    bbox: BoxText = None,
    kind: Annotated[KindName | None, Query(description="Only this kind.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Track]:
    """List the road users of the newest picture, in the actor's districts, by id."""
    after, box = read_cursor(cursor), read_box(bbox)
    live = frame_for(request, actor, Part.MOVERS)
    if live is None:
        return Page[Track](items=[])
    frame = live.frame
    keep = frame.column("id").astype(np.int64) > after
    if kind is not None:
        keep &= frame.column("class") == ParticipantKind[kind.upper()].value
    if box is not None:
        keep &= _inside(frame, box)
    rows = np.flatnonzero(keep)
    rows = rows[np.argsort(frame.column("id")[rows], kind="stable")]
    items = [_track(frame, row) for row in rows[:limit].tolist()]
    more = make_cursor(items[-1].id) if len(rows) > limit else None
    return Page[Track](items=items, next=more, time=as_time(frame.time))


@router.get("/tracks/{track_id}", responses=RESPONSES)
async def get_track(
    request: Request,
    actor: CurrentActor,
    track_id: Annotated[int, Path(ge=0, le=2**32 - 1)],
    trail_seconds: Annotated[float, Query(ge=0, le=3600, description="How far back the trail goes, s.")] = 120.0,
) -> TrackDetail:
    """Give one road user with lane, accuracy, source and its stored trail in the actor's districts."""
    services = Services.of(request)
    live = frame_for(request, actor, Part.MOVERS)
    row = -1 if live is None else _find_row(live.frame, track_id)
    if live is None or row < 0:
        raise ProblemError(404, "No such road user", f"track {track_id} is not in the newest picture")
    trail, complete = await _trail(services, actor.id, track_id, trail_seconds)
    if (sight := districts_of(request, actor)) is not None:
        trail = placed(trail, sight)
    base = _track(live.frame, row).model_dump()
    found = _details(services, track_id) | {"trail": trail, "trail_complete": complete}
    return TrackDetail.model_validate(base | found)


async def _trail(services: Services, actor: str, track_id: int, seconds: float) -> tuple[list[TrailItem], bool]:
    """Give the stored trail, once the look is entered in the audit log; nothing where either fails."""
    if seconds == 0:
        return [], True
    until = now()
    try:
        what = {"route": "/api/v1/tracks", "track": track_id, "seconds": seconds}
        await services.audit.record_look(actor, "live operation", what)
        points = await services.history.list_trail(track_id, until - seconds, until, MAX_TRAIL_POINTS)
    except (DatabaseError, AuditUnavailableError):
        return [], False
    times = ((point, as_time(point.time)) for point in points)
    items = [TrailItem(time=at, lon=point.lon, lat=point.lat, speed=point.speed) for point, at in times if at]
    return items, True


def _details(services: Services, track_id: int) -> dict[str, object]:
    live = services.state.find_frame(Part.DETAILS)
    row = -1 if live is None else _find_row(live.frame, track_id)
    if live is None or row < 0:
        return {}
    found: dict[str, object] = {"sigma": int(live.frame.column("sigma")[row]) / 100.0}
    network = services.tables.network
    lane = int(live.frame.column("lane")[row])
    if 0 <= lane < len(network.lanes.id):
        link = int(network.lanes.link[lane])
        found |= {
            "lane": str(network.lanes.id[lane]),
            "link": str(network.links.id[link]),
            "road_zh": str(network.links.name_zh[link]),
            "road_en": str(network.links.name_en[link]),
        }
    device = int(live.frame.column("dev")[row])
    found["device"] = next((known.id for known in services.state.devices if known.row == device), None)
    return found


def _find_row(frame: Frame, track_id: int) -> int:
    rows = np.flatnonzero(frame.column("id") == track_id)
    return int(rows[0]) if len(rows) else -1


def _inside(frame: Frame, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    west, south, east, north = (round(edge * 1e7) for edge in box)
    lon, lat = frame.column("lon"), frame.column("lat")
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _track(frame: Frame, row: int) -> Track:
    column = {name: values[row].item() for name, values in frame.columns.items()}
    kind = column["class"]
    return Track(
        id=column["id"],
        kind=ParticipantKind(kind).label if kind < len(ParticipantKind) else "unknown",
        lon=column["lon"] / 1e7,
        lat=column["lat"] / 1e7,
        speed=column["speed"] / 100.0,
        heading=column["heading"] / 100.0,
        age=column["age"] / 1000.0,
        length=column["length"] / 10.0,
        width=column["width"] / 10.0,
        has_terminal=bool(column["flags"] & HAS_TERMINAL),
        coasting=bool(column["flags"] & COASTING),
    )
