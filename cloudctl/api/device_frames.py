"""`/api/v1/devices/{device}/frames`: the last messages of a device as they came, read in every way."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.command_channel import order
from cloudctl.api.device_access import ASK
from cloudctl.api.device_answers import VEHICLE, states_by_id, visible
from cloudctl.api.device_models import FrameItem, Frames, Id, ReadingItem
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import as_time
from cloudctl.api.services import Services
from cloudctl.devices.decoding import Reading, read_all_ways
from cloudctl.devices.desk import DeviceDesk
from cloudctl.devices.errors import RegisterDownError
from cloudctl.devices.record import DeviceRecord, DeviceType
from ingest.plausibility import BoxE7
from ingest.uper.schema import Profile

WATCH = "watch_device"
router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


class WatchedFrame(msgspec.Struct, frozen=True):
    """One message as the engine keeps it; `received` is UTC epoch s."""

    received: float
    topic: str
    size: int
    payload_hex: str
    verdict: str
    reason: str | None
    detail: str


class WatchReply(msgspec.Struct, frozen=True):
    """Content of the engine's reply."""

    watched_until: float
    frames: list[WatchedFrame]


@router.get("/{device}/frames", responses=ASK, dependencies=[requires(Permission.SEE_DEVICES)])
async def list_frames(
    request: Request,
    device: Id,
    actor: CurrentActor,
    limit: Annotated[int, Query(ge=1, le=200, description="Messages told.")] = 20,
    seconds: Annotated[float, Query(gt=0, le=600, description="Go on keeping messages for so long.")] = 60.0,
) -> Frames:
    """Give the newest messages of a device. The engine begins to keep them with the first request for them."""
    services = Services.of(request)
    record = await _record(services.devices, device)
    state = states_by_id(services.state.devices).get(device)
    if (record is None and state is None) or not visible(actor, record):
        raise ProblemError(404, "Unknown device", f"no device {device!r}")
    vehicle = record.kind is DeviceType.OBU if record is not None else state is not None and state.kind == VEHICLE
    if vehicle and not actor.may(Permission.SEE_TRAJECTORIES):
        raise ProblemError(403, "Not allowed", "messages of a vehicle tell where it is")
    content: dict[str, object] = {"device": device, "seconds": seconds, "limit": limit}
    reply = await order(services.commands, WATCH, content, issued_by=actor.id)
    told = msgspec.convert(reply.content, WatchReply)
    declared = Profile.V4 if record is None else record.profile
    box = BoxE7.of_network(services.tables.network)
    items = await asyncio.to_thread(lambda: [_frame(frame, declared, box) for frame in told.frames])
    return Frames(watched_until=as_time(told.watched_until), items=items)


def reading_of(reading: Reading) -> ReadingItem:
    """Make the answer about one way to read a payload."""
    return ReadingItem(
        way=reading.way,
        declared=reading.declared,
        fits=reading.fits,
        text=reading.text,
        cut=reading.cut,
        error=reading.error,
    )


def _frame(frame: WatchedFrame, declared: Profile, box: BoxE7) -> FrameItem:
    payload = bytes.fromhex(frame.payload_hex)
    return FrameItem(
        received=as_time(frame.received),
        topic=frame.topic,
        size=frame.size,
        payload_hex=frame.payload_hex,
        cut=len(payload) < frame.size,
        verdict=frame.verdict,
        reason=frame.reason,
        detail=frame.detail,
        readings=[reading_of(each) for each in read_all_ways(frame.topic, payload, declared, box)],
    )


async def _record(desk: DeviceDesk | None, device: str) -> DeviceRecord | None:
    if desk is None:
        return None
    try:
        return (await desk.records()).get(device)
    except RegisterDownError as fault:
        raise ProblemError(503, "Register not reachable", str(fault)) from fault
