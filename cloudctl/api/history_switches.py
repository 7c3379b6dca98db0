"""`/api/v1/observation-switches`: keep raw observations of a device or an area, for a while and for a purpose.

Whoever is bound to districts switches what stands or lies in them.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.errors import ProblemError
from cloudctl.api.fault_problems import FaultTable, faults_as_problems
from cloudctl.api.history_models import SwitchItem, SwitchRequest
from cloudctl.api.models import Page
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services, now
from cloudctl.store.errors import StoreDownError, StoreSlowError
from cloudctl.store.reader import Box
from cloudctl.store.switches import Switch, SwitchBoard

_FAULTS: FaultTable = {StoreDownError: (503, "No history"), StoreSlowError: (504, "Took too long")}

router = APIRouter(
    prefix="/api/v1/observation-switches",
    tags=["history"],
    dependencies=[requires(Permission.MANAGE_DEVICES)],
    responses=RESPONSES,
)


@router.post("", status_code=201)
async def put_switch(request: Request, wanted: SwitchRequest, actor: CurrentActor) -> SwitchItem:
    """Keep raw observations from now on; the archiver follows within seconds."""
    if (wanted.device is None) == (wanted.box is None):
        raise ProblemError(422, "Unusable switch", "name a device or a box, one of the two")
    target: str | Box = wanted.device or Box(*(wanted.box or Box.everywhere()))
    sight = districts_of(request, actor)
    if sight is not None and not _is_own(sight, target):
        raise ProblemError(403, "Not your district", f"{target} lies in another one")
    await Services.of(request).audit.record(
        actor.id, "observe", str(target), {"seconds": wanted.seconds, "purpose": wanted.purpose}
    )
    with faults_as_problems(_FAULTS):
        return _item(await _board(request).put(target, now(), wanted.seconds, actor.id, wanted.purpose))


@router.get("")
async def list_switches(request: Request, actor: CurrentActor) -> Page[SwitchItem]:
    """List the switches that are on, of the actor's districts."""
    return Page(items=[_item(switch) for switch in await _own_switches(request, actor)])


async def _own_switches(request: Request, actor: Actor) -> list[Switch]:
    sight = districts_of(request, actor)
    with faults_as_problems(_FAULTS):
        switches = await _board(request).list_on(now())
    return [each for each in switches if sight is None or _is_own(sight, _target(each))]


@router.delete("/{switch_id}", status_code=204)
async def end_switch(
    request: Request, switch_id: Annotated[int, Path(ge=1, lt=2**63)], actor: CurrentActor
) -> Response:
    """End a switch; what was kept stays for its time."""
    if districts_of(request, actor) is not None and switch_id not in {
        switch.id for switch in await _own_switches(request, actor)
    }:
        raise ProblemError(404, "No such switch", f"no switch {switch_id} is on")
    await Services.of(request).audit.record(actor.id, "end observe", str(switch_id))
    with faults_as_problems(_FAULTS):
        ended = await _board(request).end(switch_id, now())
    if not ended:
        raise ProblemError(404, "No such switch", f"no switch {switch_id} is on")
    return Response(status_code=204)


def _board(request: Request) -> SwitchBoard:
    store = Services.of(request).store
    if store is None:
        raise ProblemError(503, "No history", "this gateway has no database")
    return store.switches


def _is_own(sight: DistrictSight, target: str | Box) -> bool:
    return sight.stands(target) if isinstance(target, str) else sight.box(*target)


def _target(switch: Switch) -> str | Box:
    if switch.device is not None:
        return switch.device
    west, south, east, north = (side or 0.0 for side in (switch.west, switch.south, switch.east, switch.north))
    return Box(west, south, east, north)


def _item(switch: Switch) -> SwitchItem:
    box = None if switch.west is None else (switch.west, switch.south, switch.east, switch.north)
    return SwitchItem.model_validate(switch._asdict() | {"box": box})
