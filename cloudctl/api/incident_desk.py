"""`/api/v1/incident-desk`, `incident-mutes`: who sees to which incident, what was noted, what is muted."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.incident_door import CHANGE, READ, DeskOf, audited, person, show_now
from cloudctl.api.incident_models import ActItem, Assignment, DeskItem, MuteItem, NewMuteRequest, Note
from cloudctl.api.models import Page, as_time
from cloudctl.api.services import Services, now
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.errors import UnknownWorkError
from cloudctl.incidents.handling import Mute, NewMute

IncidentId = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
MuteId = Annotated[int, Path(ge=1, le=2**62)]
_NEEDS = [requires(Permission.HANDLE_INCIDENTS)]

router = APIRouter(prefix="/api/v1", tags=["incident desk"], dependencies=_NEEDS)


@router.get("/incident-desk", responses=READ)
async def list_desk(request: Request, desk: DeskOf, actor: CurrentActor) -> Page[DeskItem]:
    """List open incidents with priority, group and what was done about them, the most urgent first."""
    sight = districts_of(request, actor)
    known = [each for each in Services.of(request).state.incidents.values() if sight is None or sight.incident(each)]
    items = desk.view(known)["items"]
    rows = [_item(each) for each in items] if isinstance(items, list) else []
    return Page[DeskItem](items=sorted(rows, key=lambda item: (item.priority, item.incident_id)), time=as_time(now()))


@router.post("/incident-desk/{incident}/acknowledge", responses=CHANGE)
async def acknowledge(request: Request, desk: DeskOf, incident: IncidentId, actor: CurrentActor) -> Page[ActItem]:
    """Say that one has seen an incident; the first to do so stays."""
    _check_known(request, desk, actor, incident)
    await audited(request, actor, "incident.acknowledge", f"incident:{incident}")
    await desk.handling.acknowledge(incident, person(actor))
    return await _done(request, desk, incident)


@router.put("/incident-desk/{incident}/assignee", responses=CHANGE)
async def assign(
    request: Request, desk: DeskOf, incident: IncidentId, actor: CurrentActor, wanted: Assignment
) -> Page[ActItem]:
    """Give an incident to somebody, or back."""
    _check_known(request, desk, actor, incident)
    await audited(request, actor, "incident.assign", f"incident:{incident}", {"assignee": wanted.assignee})
    await desk.handling.assign(incident, person(actor), wanted.assignee)
    return await _done(request, desk, incident)


@router.post("/incident-desk/{incident}/notes", responses=CHANGE, status_code=201)
async def note(
    request: Request, desk: DeskOf, incident: IncidentId, actor: CurrentActor, wanted: Note
) -> Page[ActItem]:
    """Write something down about an incident."""
    _check_known(request, desk, actor, incident)
    await audited(request, actor, "incident.note", f"incident:{incident}")
    await desk.handling.note(incident, person(actor), wanted.text)
    return await _done(request, desk, incident)


@router.get("/incident-desk/{incident}/acts", responses=READ)
async def list_acts(request: Request, desk: DeskOf, incident: IncidentId, actor: CurrentActor) -> Page[ActItem]:
    """List what was done about an incident, the first act first; it may be over."""
    if districts_of(request, actor) is not None:
        _check_known(request, desk, actor, incident)
    return await _acts(desk, incident)


@router.get("/incident-mutes", responses=READ)
async def list_mutes(desk: DeskOf) -> Page[MuteItem]:
    """List the mutes in force."""
    return Page[MuteItem](items=[_mute(each) for each in await desk.handling.list_mutes()], time=as_time(now()))


@router.post("/incident-mutes", responses=CHANGE, status_code=201)
async def mute(request: Request, desk: DeskOf, actor: CurrentActor, wanted: NewMuteRequest) -> MuteItem:
    """Mute incidents of a kind or in an area until a time; they stay in the list, at its end, and ring no more."""
    await audited(request, actor, "incident.mute", "incidents", wanted.model_dump())
    expires = now() + 60 * wanted.minutes
    asked = NewMute(wanted.kind, wanted.lon, wanted.lat, wanted.radius_m, wanted.reason, expires)
    made = await desk.handling.mute(asked, person(actor))
    await show_now(request, desk)
    return _mute(made)


@router.delete("/incident-mutes/{number}", status_code=204, responses=CHANGE)
async def lift_mute(request: Request, desk: DeskOf, number: MuteId, actor: CurrentActor) -> Response:
    """End a mute before its time."""
    await audited(request, actor, "incident.unmute", f"mute:{number}")
    await desk.handling.lift(number, person(actor))
    await show_now(request, desk)
    return Response(status_code=204)


def _check_known(request: Request, desk: Desk, actor: Actor, incident: str) -> None:
    """Raise UnknownWorkError for what is neither open, lately over nor handled before, and for other districts."""
    state, sight = Services.of(request).state, districts_of(request, actor)
    lately = {each.incident_id: each for each in state.closed}
    found = state.incidents.get(incident) or lately.get(incident)
    if (found is None and not desk.has_handled(incident)) or (sight is not None and not sight.incident(found)):
        raise UnknownWorkError("incident", incident)


async def _done(request: Request, desk: Desk, incident: str) -> Page[ActItem]:
    await show_now(request, desk)
    return await _acts(desk, incident)


async def _acts(desk: Desk, incident: str) -> Page[ActItem]:
    found = await desk.handling.list_acts(incident)
    items = [
        ActItem(time=as_time(act.time), actor=act.actor, name=act.actor_name, act=act.act, text=act.body)
        for act in found
    ]
    return Page[ActItem](items=items, time=as_time(now()))


def _item(row: dict[str, object]) -> DeskItem:
    return DeskItem.model_validate(row)


def _mute(each: Mute) -> MuteItem:
    return MuteItem.model_validate(
        {**each._asdict(), "created": as_time(each.created), "expires": as_time(each.expires)}
    )
