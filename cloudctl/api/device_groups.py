"""`/api/v1/device-groups`: groups of devices and who belongs to them."""

from fastapi import APIRouter, Request, Response

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.device_access import CHANGE, READ, Desk, audited, seen_record
from cloudctl.api.device_models import GroupChanges, GroupItem, Id, NewGroup
from cloudctl.api.device_routes import LongCursor, after_id
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Limit
from cloudctl.api.services import now
from cloudctl.devices.groups import Group
from cloudctl.store.page_cursor import encode_cursor

_SEE, _MANAGE = [requires(Permission.SEE_DEVICES)], [requires(Permission.MANAGE_DEVICES)]
router = APIRouter(prefix="/api/v1/device-groups", tags=["devices"])


@router.get("", responses=READ, dependencies=_SEE)
async def list_groups(desk: Desk, limit: Limit = DEFAULT_LIMIT, cursor: LongCursor = None) -> Page[GroupItem]:
    """List groups by id."""
    found = await desk.groups.list_groups(after_id(cursor), limit + 1)
    more = encode_cursor([found[limit - 1].id]) if len(found) > limit else None
    return Page[GroupItem](items=[_item(group) for group in found[:limit]], next=more, time=as_time(now()))


@router.post("", status_code=201, responses=CHANGE, dependencies=_MANAGE)
async def make_group(request: Request, desk: Desk, actor: CurrentActor, wanted: NewGroup) -> GroupItem:
    """Make a group."""
    await audited(request, actor, "group.make", f"group:{wanted.id}")
    return _item(await desk.groups.add(wanted.id, wanted.name, wanted.description, actor.id))


@router.get("/{group}", responses=READ, dependencies=_SEE)
async def get_group(desk: Desk, group: Id) -> GroupItem:
    """Give one group."""
    return _item(await desk.groups.get(group))


@router.patch("/{group}", responses=CHANGE, dependencies=_MANAGE)
async def edit_group(request: Request, desk: Desk, group: Id, actor: CurrentActor, changes: GroupChanges) -> GroupItem:
    """Change name or description."""
    await audited(request, actor, "group.edit", f"group:{group}")
    return _item(await desk.groups.edit(group, changes.name, changes.description))


@router.delete("/{group}", status_code=204, responses=CHANGE, dependencies=_MANAGE)
async def remove_group(request: Request, desk: Desk, group: Id, actor: CurrentActor) -> Response:
    """Remove a group, not its devices."""
    await audited(request, actor, "group.remove", f"group:{group}")
    await desk.remove_group(group)
    return Response(status_code=204)


@router.put("/{group}/devices/{device}", responses=CHANGE, dependencies=_MANAGE)
async def join_group(request: Request, desk: Desk, group: Id, device: Id, actor: CurrentActor) -> GroupItem:
    """Put a device into a group."""
    await seen_record(desk, device, actor)
    await audited(request, actor, "group.join", f"group:{group}", {"record": device})
    await desk.join(group, device)
    return _item(await desk.groups.get(group))


@router.delete("/{group}/devices/{device}", responses=CHANGE, dependencies=_MANAGE)
async def leave_group(request: Request, desk: Desk, group: Id, device: Id, actor: CurrentActor) -> GroupItem:
    """Take a device out of a group."""
    await seen_record(desk, device, actor)
    await audited(request, actor, "group.leave", f"group:{group}", {"record": device})
    await desk.leave(group, device)
    return _item(await desk.groups.get(group))


def _item(group: Group) -> GroupItem:
    return GroupItem(
        id=group.id,
        name=group.name,
        description=group.description,
        created=as_time(group.created),
        created_by=group.created_by,
        devices=group.devices,
    )
