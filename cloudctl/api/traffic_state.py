"""`/api/v1/links/state`, `/api/v1/intersections/{id}/state`, `/api/v1/participants/{id}/prediction`."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Request
from numpy.typing import NDArray

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.command_channel import order
from cloudctl.api.district_door import districts_of, frame_for
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import Part
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, BoxText, Cursor, Limit, make_cursor, read_box, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services
from cloudctl.api.traffic_models import (
    IntersectionState,
    LinkState,
    MovementState,
    ParticipantPrediction,
)
from cloudctl.publish.frames import Frame
from fusion.picture import LevelOfService
from maps.network import RoadNetwork

UNKNOWN = 65535
PREDICT = "predict"
"""Kind of the command that the engine answers with a prediction."""
_TENTHS = {"delay": "delay", "travel": "travel_time", "density": "density"}

router = APIRouter(prefix="/api/v1", tags=["traffic state"])


@router.get("/links/state", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_link_states(
    request: Request, actor: CurrentActor, bbox: BoxText = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LinkState]:
    """List links by row, with the full traffic state in the actor's districts."""
    services = Services.of(request)
    live = frame_for(request, actor, Part.LINKS)
    network = services.tables.network
    lon, lat = (np.asarray(side, float) for side in services.tables.link_middles)
    keep = np.arange(len(network.links.id)) > read_cursor(cursor)
    box = read_box(bbox)
    if box is not None:
        keep &= (lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3])
    rows = np.flatnonzero(keep)
    frame = None if live is None else live.frame
    place = _places(frame, "link", len(network.links.id))
    items = [_link(network, frame, row, int(place[row])) for row in rows[:limit].tolist()]
    more = make_cursor(items[-1].row) if len(rows) > limit else None
    return Page[LinkState](items=items, next=more, time=None if frame is None else as_time(frame.time))


@router.get("/intersections/{signal_id}/state", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def get_intersection_state(
    request: Request, actor: CurrentActor, signal_id: Annotated[str, Path(max_length=200)]
) -> IntersectionState:
    """Give the traffic state of a signalised intersection and of its movements."""
    services = Services.of(request)
    network = services.tables.network
    found = np.flatnonzero(network.signals.id == signal_id)
    if not len(found):
        raise ProblemError(404, "No such intersection", f"no signalised intersection has the id {signal_id!r}")
    row = int(found[0])
    live, moves = services.state.find_frame(Part.INTERSECTIONS), frame_for(request, actor, Part.MOVEMENTS)
    frame = None if live is None else live.frame
    place = int(_places(frame, "signal", len(network.signals.id))[row])
    figures = {} if frame is None or place < 0 else _figures(frame, place)
    named = {
        "id": signal_id,
        "name_zh": str(network.signals.name_zh[row]),
        "name_en": str(network.signals.name_en[row]),
    }
    listed = [] if moves is None else _movements(network, moves.frame, row)
    time = None if frame is None else as_time(frame.time)
    return IntersectionState.model_validate({**named, "time": time, **figures, "movements": listed})


@router.get(
    "/participants/{track}/prediction",
    responses=RESPONSES | {504: {"description": "The engine does not answer."}},
    dependencies=[requires(Permission.SEE_TRAJECTORIES)],
)
async def get_prediction(
    request: Request, track: Annotated[int, Path(ge=0, lt=1 << 32)], actor: CurrentActor
) -> ParticipantPrediction:
    """Tell where a road user is expected over the next 5 s, with covariance."""
    services, live = Services.of(request), frame_for(request, actor, Part.MOVERS)
    if districts_of(request, actor) is not None and (live is None or track not in live.frame.column("id")):
        raise ProblemError(404, "No such road user", f"track {track} is not in your part of the newest picture")
    reply = await order(services.commands, PREDICT, {"track": track}, issued_by=actor.id, patience=2.0)
    return ParticipantPrediction.model_validate(reply.content)


def _places(frame: Frame | None, key: str, size: int) -> NDArray[np.int64]:
    """Return by row where the frame tells of it, -1 where it does not."""
    places = np.full(size, -1, np.int64)
    if frame is not None:
        keys = frame.column(key).astype(np.int64)
        usable = np.flatnonzero(keys < size)
        places[keys[usable]] = usable
    return places


def _figures(frame: Frame, place: int) -> dict[str, object]:
    """Read the figures that all frames of traffic states share."""
    column = {name: int(values[place]) for name, values in frame.columns.items()}
    known = {name: value for name, value in column.items() if value != UNKNOWN}
    level = column["level"]
    figures: dict[str, object] = {
        "level": LevelOfService(level).name.lower() if level < len(LevelOfService) else "unknown",
        "flow": known.get("flow"),
        "queue": known.get("queue"),
        "stops": known["stops"] / 100.0 if "stops" in known else None,
        "spill_back": bool(column.get("spill", 0)),
        "estimated": bool(column.get("est", 0)),
        "confidence": min(column["conf"], 100) / 100.0,
        "queued": column.get("queued", 0),
    }
    return figures | {said: known[name] / 10.0 for name, said in _TENTHS.items() if name in known}


def _link(network: RoadNetwork, frame: Frame | None, row: int, place: int) -> LinkState:
    named: dict[str, object] = {"row": row, "id": str(network.links.id[row])}
    if frame is None or place < 0:
        return LinkState.model_validate(named)
    column = {name: int(values[place]) for name, values in frame.columns.items()}
    own = {
        "speed": column["speed"] / 100.0 if column["speed"] < UNKNOWN else None,
        "occupancy": min(column["occupied"], 100) / 100.0 if "occupied" in column else None,
        "queue_back": column["back"] if column.get("back", UNKNOWN) < UNKNOWN else None,
    }
    return LinkState.model_validate(named | _figures(frame, place) | own)


def _movements(network: RoadNetwork, frame: Frame, signal: int) -> list[MovementState]:
    """Give the movements that a signal rules."""
    table, owner = network.connections, network.lanes.link
    ruled = np.flatnonzero((table.signal == signal) & (table.from_lane >= 0) & (table.to_lane >= 0))
    pairs = set(zip(owner[table.from_lane[ruled]].tolist(), owner[table.to_lane[ruled]].tolist(), strict=True))
    begin, end = frame.column("from").tolist(), frame.column("to").tolist()
    found = []
    for place in np.flatnonzero(np.isin(frame.column("from"), [pair[0] for pair in pairs])).tolist():
        if (begin[place], end[place]) not in pairs:
            continue
        names = {"from_link": str(network.links.id[begin[place]]), "to_link": str(network.links.id[end[place]])}
        share = min(int(frame.column("share")[place]), 100) / 100.0
        found.append(MovementState.model_validate({**_figures(frame, place), **names, "share": share}))
    return found
