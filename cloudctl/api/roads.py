"""`/api/v1/links` and `/api/v1/signals`: traffic on every link, lights of every intersection."""

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import frame_for
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import Part
from cloudctl.api.models import Link, Page, Signal, SignalGroup, as_time
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.paging import DEFAULT_LIMIT, BoxText, Cursor, Limit, make_cursor, read_box, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services
from cloudctl.publish.frames import Frame
from fusion.picture import LevelOfService

UNKNOWN_TENTHS = 65535
LIGHT_STATES = (
    "unavailable",
    "dark",
    "flashing-red",
    "red",
    "flashing-green",
    "permissive-green",
    "protected-green",
    "yellow",
    "flashing-yellow",
)
"""DE_LightState of T/CSAE 53-2020 by its code."""
LevelName = Literal["unknown", "free", "steady", "light", "moderate", "severe"]

router = APIRouter(prefix="/api/v1", tags=["roads"])


@router.get("/links", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_links(
    request: Request,
    actor: CurrentActor,
    bbox: BoxText = None,
    level: Annotated[LevelName | None, Query(description="Only this level of service.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Link]:
    """List links by row, with speed, queue, flow and level of service in the actor's districts."""
    services = Services.of(request)
    live = frame_for(request, actor, Part.LINKS)
    frame = None if live is None else live.frame
    levels = np.zeros(len(services.tables.network.links.id), np.uint8)
    places = _rows_by_key(frame, "link", len(levels))
    if frame is not None:
        known = np.flatnonzero(places >= 0)
        levels[known] = frame.column("level")[places[known]]
    keep = np.arange(len(levels)) > read_cursor(cursor)
    if level is not None:
        keep &= levels == LevelOfService[level.upper()].value
    keep &= _inside(services.tables.link_middles, bbox)
    rows = np.flatnonzero(keep)
    items = [_link(services.tables, frame, row, int(places[row])) for row in rows[:limit].tolist()]
    more = make_cursor(items[-1].row) if len(rows) > limit else None
    return Page[Link](items=items, next=more, time=as_time(None if frame is None else frame.time))


@router.get("/signals", responses=RESPONSES, dependencies=[requires(Permission.READ_SIGNALS)])
async def list_signals(
    request: Request, bbox: BoxText = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Signal]:
    """List signalised intersections with the light of every group, by row."""
    services = Services.of(request)
    tables = services.tables
    live = services.state.find_frame(Part.SIGNALS)
    frame = None if live is None else live.frame
    places = _rows_by_key(frame, "group", len(tables.network.groups.signal))
    keep = np.arange(len(tables.network.signals.id)) > read_cursor(cursor)
    keep &= _inside(tables.signal_places, bbox)
    rows = np.flatnonzero(keep)
    items = [_signal(tables, frame, row, places) for row in rows[:limit].tolist()]
    more = make_cursor(items[-1].row) if len(rows) > limit else None
    return Page[Signal](items=items, next=more, time=as_time(None if frame is None else frame.time))


def find_signal(request: Request, signal_id: str) -> int:
    """Give the row of a signal by its id; ProblemError (404) where there is none."""
    found = np.flatnonzero(Services.of(request).tables.network.signals.id == signal_id)
    if not len(found):
        raise ProblemError(404, "No such signal", f"no signal has the id {signal_id!r}")
    return int(found[0])


def signal_of(services: Services, row: int) -> Signal:
    """Give a signal (row of the network) with the light of every group."""
    live = services.state.find_frame(Part.SIGNALS)
    frame = None if live is None else live.frame
    places = _rows_by_key(frame, "group", len(services.tables.network.groups.signal))
    return _signal(services.tables, frame, row, places)


def _rows_by_key(frame: Frame | None, key: str, size: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    places = np.full(size, -1, np.int64)
    if frame is not None:
        keys = frame.column(key).astype(np.int64)
        usable = np.flatnonzero(keys < size)
        places[keys[usable]] = usable
    return places


def _inside(places: tuple[list[float], list[float]], bbox: str | None) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    lon, lat = np.asarray(places[0], float), np.asarray(places[1], float)
    box = read_box(bbox)
    if box is None:
        return np.ones(len(lon), bool)
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3])
    )
    return inside


def _link(tables: NetworkTables, frame: Frame | None, row: int, place: int) -> Link:
    static = tables.link(row)
    if frame is None or place < 0:
        return Link.model_validate(static)
    column = {name: values[place].item() for name, values in frame.columns.items()}
    level = column["level"]
    return Link.model_validate(
        static
        | {
            "level": LevelOfService(level).name.lower() if level < len(LevelOfService) else "unknown",
            "speed": column["speed"] / 100.0 if column["speed"] < UNKNOWN_TENTHS else None,
            "queue": column["queue"] if column["queue"] < UNKNOWN_TENTHS else None,
            "flow": column["flow"] if column["flow"] < UNKNOWN_TENTHS else None,
            "confidence": min(column["conf"], 100) / 100.0,
        }
    )


def _signal(
    tables: NetworkTables, frame: Frame | None, row: int, places: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> Signal:
    groups = tables.network.groups
    start = int(tables.network.signals.group_start[row])
    count = int(tables.network.signals.group_count[row])
    found = [
        SignalGroup.model_validate(
            {"phase_id": int(groups.phase_id[group]), "pedestrian": bool(groups.pedestrian[group])}
            | _light(frame, int(places[group]))
        )
        for group in range(start, start + count)
    ]
    return Signal.model_validate(tables.signal(row) | {"groups": found})


def _light(frame: Frame | None, place: int) -> dict[str, object]:
    if frame is None or place < 0:
        return {}
    column = {name: values[place].item() for name, values in frame.columns.items()}

    def moment(name: str) -> object:
        tenths = column[name]
        return None if tenths == UNKNOWN_TENTHS else as_time(frame.time + tenths / 10.0)

    state = column["state"]
    return {
        "state": LIGHT_STATES[state] if state < len(LIGHT_STATES) else "unavailable",
        "confidence": min(column["conf"], 100) / 100.0,
        "likely_end": moment("likely"),
        "min_end": moment("min"),
        "max_end": moment("max"),
        "next_green": moment("nextgrn"),
        "age": column["age"] / 1000.0,
    }
