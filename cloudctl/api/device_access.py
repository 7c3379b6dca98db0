"""What the routes about devices share: the register of this gateway, its faults as problems, the audit of changes."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import Depends, Request

from cloudctl.access.actor import Actor
from cloudctl.api.device_answers import visible
from cloudctl.api.errors import ProblemError
from cloudctl.api.fault_problems import FaultTable, faults_as_problems
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services
from cloudctl.devices.desk import DeviceDesk
from cloudctl.devices.errors import (
    DeviceConflictError,
    RegisterDownError,
    UnknownDeviceError,
    UnknownGroupError,
    UnknownRevisionError,
    UnstorableError,
)
from cloudctl.devices.record import DeviceRecord

READ = {**RESPONSES, **problem_responses(503)}
CHANGE = {**READ, **problem_responses(409)}
ASK = {**READ, **problem_responses(409, 502, 504)}
_STATUS: FaultTable = {
    UnknownDeviceError: (404, "Unknown device"),
    UnknownGroupError: (404, "Unknown group"),
    UnknownRevisionError: (404, "Unknown revision"),
    DeviceConflictError: (409, "Not possible now"),
    UnstorableError: (422, "Unusable content"),
    RegisterDownError: (503, "Register not reachable"),
}


async def _desk(request: Request) -> AsyncIterator[DeviceDesk]:
    desk = Services.of(request).devices
    if desk is None:
        raise ProblemError(503, "Register not reachable", "this gateway has no register of devices")
    with faults_as_problems(_STATUS):
        yield desk


Desk = Annotated[DeviceDesk, Depends(_desk)]
"""Parameter of a route: the register; its faults become problems."""


async def seen_record(desk: DeviceDesk, device: str, actor: Actor) -> DeviceRecord:
    """Give a record that the actor may see; one of another district is as unknown as one that does not exist."""
    record = await desk.register.get(device)
    if not visible(actor, record):
        raise UnknownDeviceError(device)
    return record


async def audited(
    request: Request, actor: Actor, action: str, thing: str, detail: Mapping[str, object] | None = None
) -> None:
    """Enter a change into the audit log before it is made; without the entry it is not made."""
    await Services.of(request).audit.record(actor.id, f"device.{action}", thing, detail)
