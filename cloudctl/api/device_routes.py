"""`/api/v1/devices`: who takes part, how each does, and who may."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.device_access import CHANGE, READ, Desk, audited, seen_record
from cloudctl.api.device_answers import certificate_of, detail_of, item_of, kind_of, states_by_id, visible
from cloudctl.api.device_models import DeviceChanges, DeviceDetail, DevicePage, Id, NewDevice
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Limit
from cloudctl.api.services import Services, now
from cloudctl.devices.desk import DeviceDesk
from cloudctl.devices.errors import RegisterDownError, UnknownDeviceError
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType
from cloudctl.devices.register import DeviceFilter, SaidOfItself
from cloudctl.store.errors import CursorError
from cloudctl.store.page_cursor import decode_cursor, encode_cursor

LongCursor = Annotated[str | None, Query(max_length=256, description="`next` of the page before.")]
_Text = Annotated[str | None, Query(max_length=128)]
_MANAGE = [requires(Permission.MANAGE_DEVICES)]
router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


def after_id(cursor: str | None) -> str:
    """Give the id after which to go on, "" from the start; raise ProblemError on a cursor that is not ours."""
    if cursor is None:
        return ""
    try:
        return str(decode_cursor(cursor, (str,))[0])
    except CursorError as fault:
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged") from fault


@router.get("", responses=READ, dependencies=[requires(Permission.SEE_DEVICES)])
async def list_devices(  # one parameter a filter
    request: Request,
    actor: CurrentActor,
    kind: Annotated[DeviceType | None, Query(description="Only this kind.")] = None,
    status: Annotated[DeviceStatus | None, Query(description="Only registered ones in this state.")] = None,
    group: _Text = None,
    district: _Text = None,
    online: Annotated[bool | None, Query(description="Only those that are, or are not, online.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: LongCursor = None,
) -> DevicePage:
    """List devices by id: those of the register, and those that are only heard."""
    start = after_id(cursor)
    records, complete = await _records(Services.of(request).devices)
    states = states_by_id(Services.of(request).state.devices)
    found: list[str] = []
    for name in sorted({*records, *states}):
        record, state = records.get(name), states.get(name)
        if name <= start or not visible(actor, record):
            continue
        if kind is not None and kind_of(record, state) != kind:
            continue
        if online is not None and online is not (state is not None and state.online):
            continue
        if not _matches(record, status, group, district):
            continue
        found.append(name)
        if len(found) > limit:
            break
    items = [item_of(name, records.get(name), states.get(name), actor) for name in found[:limit]]
    more = encode_cursor([found[limit - 1]]) if len(found) > limit else None
    return DevicePage(items=items, next=more, time=as_time(now()), register_complete=complete)


@router.post("", status_code=201, responses=CHANGE, dependencies=_MANAGE)
async def register_device(request: Request, desk: Desk, actor: CurrentActor, wanted: NewDevice) -> DeviceDetail:
    """Register a device."""
    _check_district(actor, wanted.district)
    await audited(request, actor, "register", f"device:{wanted.id}")
    fields = wanted.model_dump(exclude={"approved"})
    status = DeviceStatus.APPROVED if wanted.approved else DeviceStatus.PENDING
    record = await desk.add(DeviceRecord(**fields, status=status, approved_by=actor.id if wanted.approved else None))
    return await _detail(request, desk, record.id, record, actor)


@router.get("/{device}", responses=READ, dependencies=[requires(Permission.SEE_DEVICES)])
async def get_device(request: Request, device: Id, actor: CurrentActor) -> DeviceDetail:
    """Give one device: record, live health, what it said of itself, and the parts of a light pole."""
    desk = Services.of(request).devices
    record = None if desk is None else await _find(desk, device)
    state = states_by_id(Services.of(request).state.devices).get(device)
    if (record is None and state is None) or not visible(actor, record):
        raise ProblemError(404, "Unknown device", f"no device {device!r}")
    return await _detail(request, desk if record is not None else None, device, record, actor)


@router.patch("/{device}", responses=CHANGE, dependencies=_MANAGE)
async def edit_device(
    request: Request, desk: Desk, device: Id, actor: CurrentActor, changes: DeviceChanges
) -> DeviceDetail:
    """Change fields of a record."""
    await seen_record(desk, device, actor)
    wanted = changes.model_dump(exclude_unset=True)
    if "district" in wanted:
        _check_district(actor, changes.district)
    await audited(request, actor, "edit", f"device:{device}", {"fields": sorted(wanted)})
    return await _detail(request, desk, device, await desk.edit(device, wanted), actor)


@router.post("/{device}/approve", responses=CHANGE, dependencies=_MANAGE)
async def approve_device(request: Request, desk: Desk, device: Id, actor: CurrentActor) -> DeviceDetail:
    """Let a device take part."""
    return await _set_status(request, desk, device, actor, DeviceStatus.APPROVED)


@router.post("/{device}/block", responses=CHANGE, dependencies=_MANAGE)
async def block_device(request: Request, desk: Desk, device: Id, actor: CurrentActor) -> DeviceDetail:
    """Keep what a device reports out of the picture until it is approved again."""
    return await _set_status(request, desk, device, actor, DeviceStatus.BLOCKED)


@router.post("/{device}/retire", responses=CHANGE, dependencies=_MANAGE)
async def retire_device(request: Request, desk: Desk, device: Id, actor: CurrentActor) -> DeviceDetail:
    """Take a device out of service for good; its record stays."""
    return await _set_status(request, desk, device, actor, DeviceStatus.RETIRED)


async def _set_status(
    request: Request, desk: DeviceDesk, device: str, actor: CurrentActor, status: DeviceStatus
) -> DeviceDetail:
    await seen_record(desk, device, actor)
    await audited(request, actor, status.value, f"device:{device}")
    return await _detail(request, desk, device, await desk.set_status(device, status, actor.id), actor)


async def _detail(
    request: Request, desk: DeviceDesk | None, device: str, record: DeviceRecord | None, actor: CurrentActor
) -> DeviceDetail:
    state = states_by_id(Services.of(request).state.devices).get(device)
    said, children = SaidOfItself(), list[DeviceRecord]()
    if desk is not None:
        try:
            said = await desk.register.said(device)
            children = await desk.register.list_devices(DeviceFilter(parent=device))
        except RegisterDownError as fault:
            raise ProblemError(503, "Register not reachable", str(fault)) from fault
    folder = Services.of(request).certificates
    certificate = await asyncio.to_thread(certificate_of, folder, device, now())
    item = item_of(device, record, state, actor)
    return detail_of(item, record, state, said, children, certificate, certificates_known=folder is not None)


async def _records(desk: DeviceDesk | None) -> tuple[dict[str, DeviceRecord], bool]:
    """Give all records, and whether the register could be asked."""
    if desk is None:
        return {}, False
    try:
        return await desk.records(), True
    except RegisterDownError:
        return {}, False


async def _find(desk: DeviceDesk, device: str) -> DeviceRecord | None:
    """Find a record; one that cannot be asked for is as one that is not there."""
    try:
        return await desk.register.get(device)
    except (UnknownDeviceError, RegisterDownError):
        return None


def _matches(record: DeviceRecord | None, status: str | None, group: str | None, district: str | None) -> bool:
    if record is None:
        return status is None and group is None and district is None
    return (
        (status is None or record.status == status)
        and (group is None or group in record.groups)
        and (district is None or record.district == district)
    )


def _check_district(actor: CurrentActor, district: str | None) -> None:
    if not actor.in_district(district or ""):
        raise ProblemError(403, "Not your district", f"{district!r} is none of your districts")
