"""`/api/v1/incidents`, `advisories`, `parking`: what happens, what was advised, where there is room."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query, Request

from cloudctl.access.permissions import Permission, requires
from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.api.live_state import LiveState
from cloudctl.api.models import AdvisoryItem, IncidentItem, Lot, Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Cursor, Limit, make_cursor, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services, now
from cloudctl.api.state_messages import IncidentState, LotState

S = TypeVar("S")
T = TypeVar("T")

router = APIRouter(prefix="/api/v1", tags=["happenings"])


@router.get("/incidents", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_incidents(
    request: Request,
    state: Annotated[Literal["open", "closed", "all"], Query(description="Open, lately closed, or both.")] = "open",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[IncidentItem]:
    """List incidents, the earliest first."""
    live = Services.of(request).state
    found = [*(live.closed if state != "open" else ()), *(live.incidents.values() if state != "closed" else ())]
    return _page(sorted(found, key=lambda incident: incident.started), _incident, limit, cursor)


@router.get("/advisories", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_advisories(
    request: Request,
    kind: Annotated[AdvisoryKind | None, Query(description="Only this kind.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[AdvisoryItem]:
    """List the latest advisories, the earliest first."""
    after = read_cursor(cursor)
    numbered = [
        (number, advisory)
        for number, advisory in Services.of(request).state.advisories
        if number > after and (kind is None or advisory.kind is kind)
    ]
    items = [_advisory(advisory) for _, advisory in numbered[:limit]]
    more = make_cursor(numbered[limit - 1][0]) if len(numbered) > limit else None
    return Page[AdvisoryItem](items=items, next=more, time=as_time(now()))


@router.get("/parking", responses=RESPONSES, dependencies=[requires(Permission.SEE_PARKING)])
async def list_parking(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Lot]:
    """List car parks and their free places."""
    return _page(_state(request).lots, _lot, limit, cursor)


def _state(request: Request) -> LiveState:
    return Services.of(request).state


def _page(rows: Sequence[S], make: Callable[[S], T], limit: int, cursor: str | None) -> Page[T]:
    start = read_cursor(cursor) + 1
    part = rows[start : start + limit]
    more = make_cursor(start + limit - 1) if len(rows) > start + limit else None
    return Page(items=[make(row) for row in part], next=more, time=as_time(now()))


def _incident(incident: IncidentState) -> IncidentItem:
    return IncidentItem(
        id=incident.incident_id,
        kind=incident.kind,
        started=as_time(incident.started),
        updated=as_time(incident.updated),
        ended=as_time(incident.ended),
        lon=incident.lon,
        lat=incident.lat,
        link=incident.link_id or None,
        tracks=list(incident.tracks),
        confidence=incident.confidence,
        evidence=incident.evidence,
    )


def _advisory(advisory: Advisory) -> AdvisoryItem:
    return AdvisoryItem(
        id=advisory.id,
        kind=advisory.kind,
        target=advisory.target,
        created=as_time(advisory.created),
        valid_until=as_time(advisory.valid_until),
        reason=advisory.reason,
        reason_code=advisory.reason_code,
        lon=advisory.lon,
        lat=advisory.lat,
        content=advisory.content,
        replaces=advisory.replaces,
    )


def _lot(lot: LotState) -> Lot:
    known = lot.capacity is not None and lot.occupied is not None
    free = max(0, (lot.capacity or 0) - (lot.occupied or 0)) if known else None
    return Lot(
        id=lot.id,
        name_zh=lot.name_zh,
        name_en=lot.name_en,
        lon=lot.lon,
        lat=lot.lat,
        capacity=lot.capacity,
        occupied=lot.occupied,
        free=free,
        updated=as_time(lot.updated),
    )
