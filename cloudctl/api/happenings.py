"""`/api/v1/incidents`, `advisories`: what happens, and what was advised."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.api.advisory_items import advisory_item
from cloudctl.api.line_sight import sight_of
from cloudctl.api.models import AdvisoryItem, IncidentItem, Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Cursor, Limit, make_cursor, read_cursor
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services, now
from cloudctl.api.state_messages import IncidentState

S = TypeVar("S")
T = TypeVar("T")

router = APIRouter(prefix="/api/v1", tags=["happenings"])


@router.get("/incidents", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_incidents(
    request: Request,
    actor: CurrentActor,
    state: Annotated[Literal["open", "closed", "all"], Query(description="Open, lately closed, or both.")] = "open",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[IncidentItem]:
    """List incidents of the actor's districts, the earliest first."""
    live, sight = Services.of(request).state, Services.of(request).districts.sight_of(actor)
    found = [*(live.closed if state != "open" else ()), *(live.incidents.values() if state != "closed" else ())]
    found = [each for each in found if sight is None or sight.incident(each)]
    return _page(sorted(found, key=lambda incident: incident.started), _incident, limit, cursor)


@router.get("/advisories", responses=RESPONSES, dependencies=[requires(Permission.SEE_PICTURE)])
async def list_advisories(
    request: Request,
    actor: CurrentActor,
    kind: Annotated[AdvisoryKind | None, Query(description="Only this kind.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[AdvisoryItem]:
    """List the latest advisories in the actor's districts, the earliest first; about buses to who sees their lines."""
    after, sight, live = read_cursor(cursor), sight_of(actor), Services.of(request).state
    districts = Services.of(request).districts.sight_of(actor)
    numbered = [
        (number, advisory)
        for number, advisory in live.advisories
        if number > after
        and (kind is None or advisory.kind is kind)
        and (sight is None or sight.advisory(advisory, live.transit))
        and (districts is None or districts.place(advisory.lon, advisory.lat))
    ]
    items = [advisory_item(advisory) for _, advisory in numbered[:limit]]
    more = make_cursor(numbered[limit - 1][0]) if len(numbered) > limit else None
    return Page[AdvisoryItem](items=items, next=more, time=as_time(now()))


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
        lane=incident.lane if incident.lane >= 0 else None,
        tracks=list(incident.tracks),
        confidence=incident.confidence,
        evidence=incident.evidence,
        figures=incident.figures,
    )
