"""Configurations, MAPs and management orders of the register: handed to the downlink, which writes and resends them."""

import msgspec

from cloudctl.devices.delivery import REFERENCE, DeliveryKind, DeliveryOrder
from cloudctl.engine.commands import Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import Command
from cloudctl.publish.delivery import Order
from cloudctl.publish.downlink import Downlink
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.dialects.description import Json
from ingest.messages.common import Wire
from ingest.messages.map_data import MapData
from ingest.messages.orders import Management, RsuConfig

_BODIES: dict[DeliveryKind, tuple[str, type[Wire]]] = {
    DeliveryKind.CONFIG: ("config", RsuConfig),
    DeliveryKind.MAP: ("map", MapData),
    DeliveryKind.MANAGEMENT: ("mng", Management),
}
"""Name and type of the message that carries each kind."""


class DeliveryDesk:
    """Carries out the command `deliver`."""

    def __init__(self, registry: DeviceRegistry, downlink: Downlink) -> None:
        self._registry, self._downlink = registry, downlink

    def command(self, command: Command, now: float) -> Outcome:
        """Send an order; RefusedCommandError where the device cannot be told, or its content is none."""
        order = content_of(command, DeliveryOrder)
        device = self._registry.find(DeviceKind.RSU, order.device)
        if device is None:
            raise RefusedCommandError(command.kind, f"{order.device!r} has no topic on which it can be told")
        if not device.live:
            raise RefusedCommandError(command.kind, f"{order.device!r} is not approved")
        name, kind = _BODIES[order.kind]
        try:
            body = msgspec.convert(order.content, kind)
        except msgspec.ValidationError as error:
            raise RefusedCommandError(command.kind, f"{order.kind}: {error}") from error
        extras: dict[str, Json] = {}
        if order.kind is DeliveryKind.MAP:
            extras = {"eTag": order.etag or "", "mapSlice": order.map_slice or ""}
        once = order.kind is DeliveryKind.MANAGEMENT  # to restart a device four times helps nobody
        wanted = Order(f"{REFERENCE}{order.delivery}", device.id, name, body, extras=extras, once=once)
        return Outcome(messages=self._downlink.order(wanted, now))
