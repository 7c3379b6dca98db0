"""Keeps the register, the broker and the devices in step, as long as the gateway runs.

Once connected it publishes every record retained. Then it puts devices never heard of on the list, keeps what devices
say of themselves, takes over what the engine reports on deliveries, and hands the engine what is due: to a device that
comes back also what it never answered.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Literal

import aiomqtt
import msgspec
import structlog

from cloudctl.devices.delivery import DELIVER, STATUS_OF_REPORT, number_of
from cloudctl.devices.delivery_store import Deliveries
from cloudctl.devices.errors import RegisterDownError, UnstorableError
from cloudctl.devices.record import DEVICE_ID, DeviceRecord, DeviceStatus, DeviceType, type_of_kind
from cloudctl.devices.register import Register
from cloudctl.errors import CloudctlError
from cloudctl.publish.commands import CommandReply, CommandStatus
from cloudctl.publish.delivery import ConnectionNow
from cloudctl.publish.delivery import Delivery as Report
from ingest.broker_url import parse_broker_url
from ingest.messages.status import RsuInfo
from ingest.streams import BY_NAME

SEND_EVERY_S = 1.0
RETRY_FIRST_S, RETRY_MOST_S = 0.5, 10.0
_QOS = 1
_DEVICES, _DELIVERY = BY_NAME["devices_now"].topic, BY_NAME["delivery"].topic
_CONNECTION = BY_NAME["connection"].topic
SAYINGS = {
    "V2X/RSU/INFO/UP": "info",
    "V2X/RSU/BaseINFO/UP": "base_info",
    "V2X/RSU/RunningInfo/UP": "running_info",
}
"""Topics on which devices speak of themselves, and the field of the register that keeps it."""
_PLAIN = {"sent", "accepted", "superseded", "connection_abnormal"}
"""Reports that say all by their status."""
MOST_SAID = 16_384
"""Bytes of such a message that are kept; a longer one is left out."""
_LOG = structlog.get_logger("gateway.devices")
Send = Callable[[str, dict[str, object]], Coroutine[None, None, CommandReply]]
"""Gives a command to the engine; raises CloudctlError where no reply comes."""


class _Seen(msgspec.Struct, frozen=True):
    id: str
    kind: str = ""
    lon: float | None = None
    lat: float | None = None
    online: bool = True


class _AllSeen(msgspec.Struct, frozen=True):
    devices: tuple[_Seen, ...] = ()


class DeviceKeeper:
    """Runs until cancelled. `admission` says what becomes of devices never heard of."""

    def __init__(
        self,
        url: str,
        register: Register,
        deliveries: Deliveries,
        send: Send,
        *,
        admission: Literal["approval", "automatic"],
    ) -> None:
        self._url = parse_broker_url(url)
        self._register, self._deliveries, self._send = register, deliveries, send
        self._automatic = admission == "automatic"
        self._client: aiomqtt.Client | None = None
        self._known: set[str] = set()
        self._online: set[str] = set()
        self._controls: dict[str, str | None] = {}
        """What was last published of the signal controller of each device."""
        self._due = asyncio.Event()

    async def publish(self, record: DeviceRecord) -> None:
        """Tell the engine of a record; without a broker it is told as soon as there is one."""
        self._known.add(record.id)
        client = self._client
        if client is None:
            return
        self._controls[record.id] = record.signal_control
        stream = BY_NAME["device_register"]
        try:
            await client.publish(stream.topic_of(record.id), msgspec.json.encode(record), qos=_QOS, retain=True)
        except aiomqtt.MqttError as fault:
            _LOG.warning("record not published", device=record.id, reason=str(fault))

    def hurry(self) -> None:
        """Look at once for what is due."""
        self._due.set()

    async def run(self) -> None:
        """Stay connected and do the work, however often broker or database go away."""
        pause = RETRY_FIRST_S
        while True:
            try:
                await self._work()
            except (aiomqtt.MqttError, RegisterDownError) as fault:
                _LOG.warning("register out of step", reason=str(fault), retry_s=round(pause, 1))
                pause = RETRY_FIRST_S if self._client is not None else min(2 * pause, RETRY_MOST_S)
            finally:
                self._client = None
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _work(self) -> None:
        url = self._url
        async with aiomqtt.Client(
            url.host, url.port, username=url.user, password=url.password, keepalive=15, timeout=5.0
        ) as client:
            records = await self._register.list_all()
            self._client, self._known = client, set(records)
            for record in records.values():
                await self.publish(record)
            for topic in (_DEVICES, _DELIVERY, _CONNECTION, *SAYINGS):
                await client.subscribe(topic, qos=_QOS)
            sending = asyncio.create_task(self._send_due(), name="gateway-deliveries")
            try:
                async for message in client.messages:
                    if sending.done():
                        sending.result()
                    payload = message.payload
                    if isinstance(payload, bytes):
                        await self._take(str(message.topic), payload)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _take(self, topic: str, payload: bytes) -> None:
        """Take one message; what cannot be read is the engine's to refuse, and left out here."""
        try:
            if topic == _DEVICES:
                seen = msgspec.json.decode(payload, type=_AllSeen).devices
                await self._note_seen(seen)
                await self._note_online({device.id for device in seen if device.online})
            elif topic == _CONNECTION:
                now = msgspec.json.decode(payload, type=ConnectionNow)
                if now.state == "normal":
                    await self._send_again({now.device})
            elif topic == _DELIVERY:
                await self._note_report(msgspec.json.decode(payload, type=Report))
            elif len(payload) <= MOST_SAID:
                await self._note_said(SAYINGS[topic], msgspec.json.decode(payload, type=dict[str, object]))
        except (msgspec.MsgspecError, UnstorableError) as fault:
            _LOG.info("message left out", topic=topic, reason=str(fault))

    async def _note_seen(self, devices: tuple[_Seen, ...]) -> None:
        """Put roadside devices never heard of on the list; vehicle terminals stay anonymous."""
        found: list[tuple[str, DeviceType, float | None, float | None]] = []
        for device in devices:
            kind = type_of_kind(device.kind)
            if device.id in self._known or kind is None or kind is DeviceType.OBU or not DEVICE_ID.fullmatch(device.id):
                continue
            found.append((device.id, kind, device.lon, device.lat))
        if not found:
            return
        status, by = (DeviceStatus.APPROVED, "automatic") if self._automatic else (DeviceStatus.PENDING, None)
        added = await self._register.add_unknown(found, status, by)
        self._known.update(device for device, *_ in found)
        for record in added:
            _LOG.info("device listed", device=record.id, kind=record.kind, status=record.status)
            await self.publish(record)

    async def _note_online(self, online: set[str]) -> None:
        """Learn who is there; who was not a moment ago is sent what it missed."""
        back, self._online = (online - self._online) & self._known, online
        if back:
            await self._send_again(back)

    async def _send_again(self, devices: set[str]) -> None:
        again = await self._deliveries.send_again(devices)
        if again:
            _LOG.info("orders queued again", orders=again)
            self.hurry()

    async def _note_report(self, report: Report) -> None:
        number = number_of(report)
        if number is None:
            return
        status = STATUS_OF_REPORT[report.status]
        detail = report.detail or ("" if report.status.value in _PLAIN else report.status.value)
        await self._deliveries.note(number, report.device, status, detail)
        self.hurry()

    async def _note_said(self, name: str, message: dict[str, object]) -> None:
        device = message.get("rsuEsn")
        if not isinstance(device, str):
            return
        if name == "info" and device not in self._known:
            place = msgspec.convert(message, RsuInfo).location
            lon, lat = (None, None) if place is None else (place.lon, place.lat)
            await self._note_seen((_Seen(device, "rsu", lon, lat),))
        if device not in self._known:
            return
        await self._register.note_said(device, name, message, time.time())
        if name == "info":
            await self._take_over(device, _map_etag(message))

    async def _take_over(self, device: str, etag: str | None) -> None:
        """Bring a record into step with the newest INFO of its device, and the engine with the record."""
        record = await self._register.get(device)
        if etag is not None and record.map_etag != etag:
            record = await self._register.edit(device, {"map_etag": etag})
        if record.signal_control != self._controls.get(device):
            await self.publish(record)

    async def _send_due(self) -> None:
        while True:
            for order in await self._deliveries.take_due():
                try:
                    reply = await self._send(DELIVER, msgspec.to_builtins(order))
                except CloudctlError as fault:
                    await self._deliveries.give_back(order.delivery, str(fault))
                    continue
                if reply.status is not CommandStatus.DONE:
                    await self._deliveries.fail(order.delivery, reply.detail)
            try:
                async with asyncio.timeout(SEND_EVERY_S):
                    await self._due.wait()
            except TimeoutError:
                continue
            self._due.clear()


def _map_etag(info: dict[str, object]) -> str | None:
    """Give the eTag of the MAP that a device says it has (config.mapConfig.eTag)."""
    config = info.get("config")
    maps = config.get("mapConfig") if isinstance(config, dict) else None
    etag = maps.get("eTag") if isinstance(maps, dict) else None
    return etag if isinstance(etag, str) and etag else None
