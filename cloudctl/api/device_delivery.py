"""Sending down to devices and groups: configurations, MAPs with eTag, management orders, and what became of each."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Body, Path, Query, Request

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.device_access import CHANGE, READ, Desk, audited, seen_record
from cloudctl.api.device_answers import delivery_of
from cloudctl.api.device_models import DeliveryItem, Id, MapChoice, MapItem, NewMap, Ordered
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Cursor, Limit, make_cursor, read_cursor
from cloudctl.api.services import now
from cloudctl.devices.delivery import DeliveryKind
from cloudctl.devices.delivery_store import Delivery, Revision
from cloudctl.devices.desk import DeviceDesk
from ingest.messages.common import Wire
from ingest.messages.map_data import MapData
from ingest.messages.orders import Management, RsuConfig

_SEE, _MANAGE = [requires(Permission.SEE_DEVICES)], [requires(Permission.MANAGE_DEVICES)]
_BIGINT = 2**63 - 1
Content = Annotated[dict[str, object], Body(description="The message in the standard's JSON.")]
router = APIRouter(prefix="/api/v1", tags=["devices"])


@router.post("/devices/{device}/config", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def configure_device(request: Request, desk: Desk, device: Id, actor: CurrentActor, content: Content) -> Ordered:
    """Send a configuration (CONFIG) to a device; the delivery tells how far it has come."""
    await seen_record(desk, device, actor)
    revision = await _keep(request, desk, actor, DeliveryKind.CONFIG, content, f"device:{device}")
    return _ordered(revision, await desk.send_to_device(revision, device))


@router.post("/device-groups/{group}/config", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def configure_group(request: Request, desk: Desk, group: Id, actor: CurrentActor, content: Content) -> Ordered:
    """Send a configuration to the approved devices of a group."""
    await desk.groups.get(group)
    revision = await _keep(request, desk, actor, DeliveryKind.CONFIG, content, f"group:{group}")
    return _ordered(revision, await desk.send_to_group(revision, group))


@router.post("/devices/{device}/management", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def manage_device(request: Request, desk: Desk, device: Id, actor: CurrentActor, content: Content) -> Ordered:
    """Send a management order (MNG: intervals, log level, restart, other address) to a device, once."""
    await seen_record(desk, device, actor)
    revision = await _keep(request, desk, actor, DeliveryKind.MANAGEMENT, content, f"device:{device}")
    return _ordered(revision, await desk.send_to_device(revision, device))


@router.post("/device-groups/{group}/management", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def manage_group(request: Request, desk: Desk, group: Id, actor: CurrentActor, content: Content) -> Ordered:
    """Send a management order to the approved devices of a group, once."""
    await desk.groups.get(group)
    revision = await _keep(request, desk, actor, DeliveryKind.MANAGEMENT, content, f"group:{group}")
    return _ordered(revision, await desk.send_to_group(revision, group))


@router.get("/device-maps", responses=READ, dependencies=_SEE)
async def list_maps(desk: Desk, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[MapItem]:
    """List the MAPs that are kept, the oldest first."""
    found = await desk.deliveries.list_maps(_number(read_cursor(cursor)), limit + 1)
    more = make_cursor(found[limit - 1].revision) if len(found) > limit else None
    return Page[MapItem](items=[_map_item(each) for each in found[:limit]], next=more, time=as_time(now()))


@router.post("/device-maps", status_code=201, responses=CHANGE, dependencies=_MANAGE)
async def keep_map(request: Request, desk: Desk, actor: CurrentActor, wanted: NewMap) -> MapItem:
    """Keep a MAP for sending down; the same content has the same eTag."""
    _check(MapData, wanted.content)
    await audited(request, actor, "map.keep", f"map:{wanted.map_slice}")
    return _map_item(
        await desk.deliveries.add_revision(DeliveryKind.MAP, wanted.content, actor.id, map_slice=wanted.map_slice)
    )


@router.post("/devices/{device}/map", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def send_map(request: Request, desk: Desk, device: Id, actor: CurrentActor, choice: MapChoice) -> Ordered:
    """Send a MAP to a device; one that has this eTag already is not sent it again."""
    await seen_record(desk, device, actor)
    revision = await desk.deliveries.map_of(choice.etag)
    await audited(request, actor, "map.send", f"device:{device}", {"etag": choice.etag})
    return _ordered(revision, await desk.send_to_device(revision, device))


@router.post("/device-groups/{group}/map", status_code=202, responses=CHANGE, dependencies=_MANAGE)
async def send_map_to_group(request: Request, desk: Desk, group: Id, actor: CurrentActor, choice: MapChoice) -> Ordered:
    """Send a MAP to the approved devices of a group that do not have it."""
    revision = await desk.deliveries.map_of(choice.etag)
    await audited(request, actor, "map.send", f"group:{group}", {"etag": choice.etag})
    return _ordered(revision, await desk.send_to_group(revision, group))


@router.get("/devices/{device}/deliveries", responses=READ, dependencies=_SEE)
async def list_deliveries(
    desk: Desk, device: Id, actor: CurrentActor, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DeliveryItem]:
    """List what was sent to a device and what became of it, the newest first."""
    await seen_record(desk, device, actor)
    before = None if cursor is None else _number(read_cursor(cursor))
    found = await desk.deliveries.list_of_device(device, before=before, limit=limit + 1)
    more = make_cursor(found[limit - 1].id) if len(found) > limit else None
    return Page[DeliveryItem](items=[delivery_of(each) for each in found[:limit]], next=more, time=as_time(now()))


@router.get("/device-revisions/{revision}", responses=READ, dependencies=_SEE)
async def get_revision(
    desk: Desk,
    revision: Annotated[int, Path(ge=1, le=_BIGINT)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Deliveries told.")] = 1000,
) -> Ordered:
    """Give a revision and its deliveries, device by device."""
    found = await desk.deliveries.revision(revision)
    return _ordered(found, await desk.deliveries.list_of_revision(revision, limit=limit))


async def _keep(
    request: Request, desk: DeviceDesk, actor: Actor, kind: DeliveryKind, content: dict[str, object], thing: str
) -> Revision:
    _check(RsuConfig if kind is DeliveryKind.CONFIG else Management, content)
    await audited(request, actor, kind.value, thing, {"content": content})
    return await desk.deliveries.add_revision(kind, content, actor.id)


def _check(kind: type[Wire], content: dict[str, object]) -> None:
    """Raise ProblemError, naming the field, where a device could not be sent this."""
    try:
        msgspec.convert(content, kind)
    except msgspec.ValidationError as fault:
        raise ProblemError(422, "Unusable content", str(fault)) from fault


def _ordered(revision: Revision, deliveries: list[Delivery]) -> Ordered:
    items = [delivery_of(each) for each in deliveries]
    return Ordered(revision=revision.revision, etag=revision.etag, deliveries=items)


def _map_item(revision: Revision) -> MapItem:
    return MapItem(
        revision=revision.revision,
        etag=revision.etag or "",
        map_slice=revision.map_slice or "",
        created=as_time(revision.created),
        created_by=revision.created_by,
    )


def _number(key: int) -> int:
    if abs(key) > _BIGINT:
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged")
    return key
