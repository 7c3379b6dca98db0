"""`/api/v1/operator-events`: events that operators publish to roadside units and vehicles, and who got them."""

import uuid

from fastapi import APIRouter, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import check_place, districts_of
from cloudctl.api.errors import ProblemError
from cloudctl.api.incident_door import CHANGE, READ, DeskOf, audited, person, show_now
from cloudctl.api.models import Page, as_time
from cloudctl.api.operator_answers import WorkId, answer, ended_item, shown_of_kind
from cloudctl.api.operator_models import EventRequest, EventTypeItem, WorkItem
from cloudctl.api.services import Services, now
from cloudctl.incidents.errors import WorkConflictError
from cloudctl.incidents.event_types import EVENT_TYPES
from cloudctl.incidents.work import WorkKind
from cloudctl.incidents.work_store import NewWork

router = APIRouter(prefix="/api/v1", tags=["operator events"], dependencies=[requires(Permission.PUBLISH_EVENT)])


@router.get("/operator-event-types")
async def list_types() -> Page[EventTypeItem]:
    """List the codes that roadside units in the field are known to read."""
    items = [EventTypeItem(code=each.code, name_zh=each.name_zh, name_en=each.name_en) for each in EVENT_TYPES]
    return Page[EventTypeItem](items=items)


@router.get("/operator-events", responses=READ)
async def list_events(request: Request, desk: DeskOf, actor: CurrentActor) -> Page[WorkItem]:
    """List events that stand or ended within the last half hour, the newest first, with who got them."""
    return Page[WorkItem](items=shown_of_kind(desk, WorkKind.EVENT, districts_of(request, actor)), time=as_time(now()))


@router.post("/operator-events", status_code=201, responses=CHANGE)
async def publish(request: Request, desk: DeskOf, actor: CurrentActor, wanted: EventRequest) -> WorkItem:
    """Publish an event: RSI to the roadside units of the area, ADVICE to the vehicles that are or come there."""
    content = _content(request, wanted, now())
    check_place(request, actor, content)
    name = uuid.uuid4().hex[:16]
    await audited(request, actor, "event.publish", f"event:{name}", content)
    asked = NewWork(name, WorkKind.EVENT, content, now() + 60 * wanted.minutes)
    made, reply = await desk.work.begin(asked, person(actor))
    await show_now(request, desk)
    return answer(made, reply)


@router.get("/operator-events/{event}", responses=READ)
async def get_event(request: Request, desk: DeskOf, event: WorkId, actor: CurrentActor) -> WorkItem:
    """Give one event and who got it."""
    known = await desk.work.store.get(WorkKind.EVENT, event)
    check_place(request, actor, known.content)
    return WorkItem.of(known)


@router.put("/operator-events/{event}", responses=CHANGE)
async def edit(request: Request, desk: DeskOf, event: WorkId, actor: CurrentActor, wanted: EventRequest) -> WorkItem:
    """Replace an event that stands; devices are told what holds now."""
    known = await desk.work.store.get(WorkKind.EVENT, event)
    check_place(request, actor, known.content)
    if known.status != "active":
        raise WorkConflictError(event, "is over")
    started = known.content.get("started")
    content = _content(request, wanted, started if isinstance(started, int | float) else now())
    check_place(request, actor, content)
    await audited(request, actor, "event.edit", f"event:{event}", content)
    changed = await desk.work.store.change(known, content, now() + 60 * wanted.minutes)
    reply = await desk.work.tell(changed, actor.id)
    await show_now(request, desk)
    return answer(changed, reply)


@router.delete("/operator-events/{event}", responses=CHANGE)
async def end(request: Request, desk: DeskOf, event: WorkId, actor: CurrentActor) -> WorkItem:
    """End an event: every device that was told hears that it is over."""
    known = await desk.work.store.get(WorkKind.EVENT, event)
    check_place(request, actor, known.content)
    await audited(request, actor, "event.end", f"event:{event}")
    await desk.work.end(known, actor.id)
    await show_now(request, desk)
    return await ended_item(desk, WorkKind.EVENT, event)


def _content(request: Request, wanted: EventRequest, started: float) -> dict[str, object]:
    rows = Services.of(request).tables.network.link_rows
    unknown = [link for link in wanted.links if link not in rows]
    if unknown:
        raise ProblemError(422, "Unusable request", f"links {unknown} are not on the map")
    return {
        "event_type": wanted.event_type,
        "lon": wanted.lon,
        "lat": wanted.lat,
        "radius_m": wanted.radius_m,
        "links": list(wanted.links),
        "text": wanted.text,
        "started": started,
    }
