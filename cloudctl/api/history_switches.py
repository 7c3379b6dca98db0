"""`/api/v1/observation-switches`: keep raw observations of a device or an area, for a while and for a purpose."""

from typing import Annotated

import psycopg
from fastapi import APIRouter, Path, Request, Response

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.history_models import SwitchItem, SwitchRequest
from cloudctl.api.models import Page
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services, now
from cloudctl.store.reader import Box
from cloudctl.store.switches import Switch, SwitchBoard

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
    await Services.of(request).audit.record(
        actor.id, "observe", str(target), {"seconds": wanted.seconds, "purpose": wanted.purpose}
    )
    try:
        return _item(await _board(request).put(target, now(), wanted.seconds, actor.id, wanted.purpose))
    except psycopg.Error as fault:
        raise ProblemError(503, "No history", "the database does not answer") from fault


@router.get("")
async def list_switches(request: Request) -> Page[SwitchItem]:
    """List the switches that are on."""
    try:
        return Page(items=[_item(switch) for switch in await _board(request).list_on(now())])
    except psycopg.Error as fault:
        raise ProblemError(503, "No history", "the database does not answer") from fault


@router.delete("/{switch_id}", status_code=204)
async def end_switch(
    request: Request, switch_id: Annotated[int, Path(ge=1, lt=2**63)], actor: CurrentActor
) -> Response:
    """End a switch; what was kept stays for its time."""
    await Services.of(request).audit.record(actor.id, "end observe", str(switch_id))
    try:
        ended = await _board(request).end(switch_id, now())
    except psycopg.Error as fault:
        raise ProblemError(503, "No history", "the database does not answer") from fault
    if not ended:
        raise ProblemError(404, "No such switch", f"no switch {switch_id} is on")
    return Response(status_code=204)


def _board(request: Request) -> SwitchBoard:
    store = Services.of(request).store
    if store is None:
        raise ProblemError(503, "No history", "this gateway has no database")
    return store.switches


def _item(switch: Switch) -> SwitchItem:
    box = None if switch.west is None else (switch.west, switch.south, switch.east, switch.north)
    return SwitchItem.model_validate(switch._asdict() | {"box": box})
