"""`/api/v1/history/incidents`, `advisories`, `gaps`, `devices/{id}/...`: what was written down.

Whoever is bound to districts gets what lies in them; a page may then hold fewer than were asked for.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.api.advisory_items import advisory_item
from cloudctl.api.district_door import districts_of
from cloudctl.api.district_past import placed
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
from cloudctl.api.history_models import DeviceHealthItem, GapItem, ObservationItem, StoredAdvisoryItem
from cloudctl.api.line_sight import sight_of
from cloudctl.api.models import IncidentItem, Page, as_time
from cloudctl.api.problems import RESPONSES
from cloudctl.store import record_queries
from cloudctl.store.reader import StoredAdvisory, StoredIncident
from cloudctl.store.record_queries import AdvisoryOutcome

YEAR = timedelta(days=400)
DeviceId = Annotated[str, Path(max_length=64)]

router = APIRouter(
    prefix="/api/v1/history", tags=["history"], dependencies=[requires(Permission.SEE_HISTORY)], responses=RESPONSES
)


@router.get("/incidents")
async def list_incidents(
    request: Request,
    actor: CurrentActor,
    start: Start,
    end: End,
    kind: Annotated[str | None, Query(max_length=64, description="Only this kind.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
) -> Page[IncidentItem]:
    """List incidents that were going on in a time, the newest first."""
    t0, t1 = span(start, end, YEAR)
    found, more = await ask(
        request, lambda reader: record_queries.incident_page(reader, t0, t1, kind=kind, limit=limit, cursor=cursor)
    )
    own = placed(found, districts_of(request, actor))
    return Page(items=[_incident(incident) for incident in own], next=more)


@router.get("/advisories")
async def list_advisories(
    request: Request,
    actor: CurrentActor,
    start: Start,
    end: End,
    kind: AdvisoryKind | None = None,
    target: Annotated[str | None, Query(max_length=100, description="Only to this addressee.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
) -> Page[StoredAdvisoryItem]:
    """List advisories with the answer to each and what came of it, the newest first."""
    t0, t1 = span(start, end, YEAR)
    found, more = await ask(
        request,
        lambda reader: record_queries.advisory_page(
            reader, t0, t1, kind=kind, target=target, limit=limit, cursor=cursor
        ),
    )
    own = {advisory.id for advisory in placed([each for each, _ in found], districts_of(request, actor))}
    if (lines := sight_of(actor)) is not None:
        own = {advisory.id for advisory, _ in found if advisory.id in own and lines.stored(advisory)}
    return Page(items=[_advisory(advisory, outcome) for advisory, outcome in found if advisory.id in own], next=more)


@router.get("/gaps")
async def list_gaps(request: Request, start: Start, end: End, limit: Limit = DEFAULT_LIMIT) -> Page[GapItem]:
    """List stretches of time from which frames are missing, the newest first."""
    t0, t1 = span(start, end, YEAR)
    found = await ask(request, lambda reader: reader.gaps(t0, t1, limit=limit))
    items = [
        GapItem(start=_time(gap.from_t), end=_time(gap.to_t), missed=gap.missed, reason=gap.reason) for gap in found
    ]
    return Page(items=items)


@router.get("/devices/{device_id}/health", dependencies=[requires(Permission.SEE_DEVICES)])
async def list_health(
    request: Request,
    actor: CurrentActor,
    device_id: DeviceId,
    start: Start,
    end: End,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
) -> Page[DeviceHealthItem]:
    """List what the platform saw of a device, once a minute, the newest first."""
    t0, t1 = span(start, end, YEAR)
    sight = districts_of(request, actor)
    if sight is not None and not sight.device(device_id):
        return Page(items=[])
    found, more = await ask(
        request, lambda reader: record_queries.health_page(reader, device_id, t0, t1, limit=limit, cursor=cursor)
    )
    items = [
        DeviceHealthItem(
            time=_time(each.t),
            online=each.online,
            rates=each.rates,
            refused=each.refused,
            missing=each.missing,
            shed=each.shed,
            clock_offset=each.clock_offset,
            latency=each.latency,
        )
        for each in found
    ]
    return Page(items=items, next=more)


@router.get("/devices/{device_id}/observations", dependencies=[requires(Permission.SEE_TRAJECTORIES)])
async def list_observations(
    request: Request,
    actor: CurrentActor,
    device_id: DeviceId,
    start: Start,
    end: End,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Page[ObservationItem]:
    """List the raw reports that were kept of a device, the newest first."""
    t0, t1 = span(start, end, timedelta(days=14))
    await enter_look(request, purpose, {"device": device_id, "start": t0, "end": t1})
    sight = districts_of(request, actor)
    if sight is not None and not sight.stands(device_id):
        return Page(items=[])
    found, more = await ask(
        request, lambda reader: record_queries.observation_page(reader, device_id, t0, t1, limit=limit, cursor=cursor)
    )
    items = [
        ObservationItem(
            time=_time(each.t),
            received=_time(each.received),
            stream=each.stream,
            payload_b64=base64.b64encode(each.payload).decode(),
        )
        for each in found
    ]
    return Page(items=items, next=more)


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _incident(incident: StoredIncident) -> IncidentItem:
    return IncidentItem(
        id=incident.incident_id,
        kind=incident.kind,
        started=as_time(incident.started),
        updated=as_time(incident.updated),
        ended=as_time(incident.ended),
        lon=incident.lon or 0.0,
        lat=incident.lat or 0.0,
        link=incident.link_id,
        lane=incident.lane if incident.lane is not None and incident.lane >= 0 else None,
        tracks=incident.tracks,
        confidence=incident.confidence or 0.0,
        evidence=incident.evidence or "",
    )


def _advisory(advisory: StoredAdvisory, outcome: AdvisoryOutcome) -> StoredAdvisoryItem:
    return StoredAdvisoryItem(
        **advisory_item(advisory).model_dump(),
        answer=advisory.status,
        answered=as_time(advisory.answered),
        outcome=outcome.status,
        speed_before=outcome.speed_before,
        speed_after=outcome.speed_after,
        followed=outcome.followed,
    )
