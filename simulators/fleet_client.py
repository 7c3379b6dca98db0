"""One device's own MQTT connection: telemetry that is dropped while offline, events that wait for their PUBACK.

paho's client is driven by the fleet's event loop instead of a thread per device: 400 threads would cost more than all
messages. `publish` writes to the socket at once; only reading is waited for. Connecting blocks in paho, so it runs in
a worker thread before the socket is handed to the loop.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.device_report import Ledger

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike  # a name for type checkers alone

KEEP_ALIVE = 30
SHED_ABOVE = 64
"""Packets waiting for a full socket above which telemetry is shed."""


@dataclass(frozen=True)
class Broker:
    """Where and as whom devices connect."""

    host: str
    port: int
    username: str | None
    password: str | None

    @classmethod
    def from_url(cls, url: str) -> "Broker":
        """Read `mqtt://user:password@host:port`.

        Raises:
            ValueError: the scheme is not mqtt, or the host is missing.
        """
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        if parts.scheme != "mqtt" or not parts.hostname:
            raise ValueError(f"not a broker address of the form mqtt://host:port: {url!r}")
        return cls(
            parts.hostname,
            parts.port or 1883,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )


class DeviceClient:
    """MQTT 3.1.1 connection of one device; comes back by itself after a random pause of 0.5 to 5 s."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        ledger: Ledger,
        subscriptions: Sequence[str] = (),
        on_message: Callable[[str, bytes], None] | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._broker, self._ledger = broker, ledger
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._on_message = on_message
        self._random = np.random.default_rng(seed)
        self._outbox: deque[tuple[str, str, bytes]] = deque()
        self._waiting: dict[int, str] = {}
        self._down = asyncio.Event()
        self._settled = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._client = self._make_client(client_id)
        self.connected = False

    def _make_client(self, client_id: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv311)
        client.connect_timeout = 5.0
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_socket_open = _without_delay
        client.on_socket_close = self._forget_socket
        return client

    def start(self, delay: float = 0.0) -> None:
        """Connect after `delay` seconds and stay connected until `stop`."""
        self._task = self._loop.create_task(self._stay_connected(delay), name="device connection")

    async def stop(self, patience: float = 3.0) -> None:
        """Disconnect for good, after at most `patience` seconds for events that are not acknowledged yet."""
        if self.unacknowledged:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), patience)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self.connected:
            self.connected = False
            self._client.loop_write()
            self._client.disconnect()
            self._client.loop_write()
        if self._client.socket() is not None:
            self._client._sock_close()  # noqa: SLF001 - paho closes on the next read only, and there is none

    @property
    def unacknowledged(self) -> int:
        """Events handed over and not yet acknowledged by the broker."""
        return len(self._outbox) + len(self._waiting)

    def send(self, stream: str, topic: str, payload: bytes) -> None:
        """Publish telemetry (QoS 0), or drop and count it where the connection cannot take it now."""
        client = self._client
        if not self.connected:
            self._ledger.shed(stream)
            return
        if client.want_write():
            client.loop_write()
            if client.want_write() and len(client._out_packet) > SHED_ABOVE:  # noqa: SLF001 - no public count
                self._ledger.shed(stream)
                return
        client.publish(topic, payload, 0)
        self._ledger.sent(stream)

    def send_event(self, stream: str, topic: str, payload: bytes) -> None:
        """Publish an event (QoS 1); it is kept until the broker acknowledges it, over any number of connections."""
        self._ledger.event(stream, topic, payload)
        self._settled.clear()
        if self.connected:
            self._publish_event(stream, topic, payload)
        else:
            self._outbox.append((stream, topic, payload))

    def _publish_event(self, stream: str, topic: str, payload: bytes) -> None:
        self._client.on_publish = self._acknowledged
        info = self._client.publish(topic, payload, 1)
        self._waiting[info.mid] = stream

    async def _stay_connected(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            self._down.clear()
            try:
                await asyncio.to_thread(self._client.connect, self._broker.host, self._broker.port, KEEP_ALIVE)
            except OSError:
                self._ledger.connect_failed()
            else:
                await self._serve()
            await asyncio.sleep(float(self._random.uniform(0.5, 5.0)))

    async def _serve(self) -> None:
        sock = self._client.socket()
        if sock is None:
            return
        self._loop.add_reader(sock, self._readable)
        while not self._down.is_set():
            with contextlib.suppress(TimeoutError):  # `wait_for` may swallow that the task is cancelled meanwhile
                async with asyncio.timeout(KEEP_ALIVE / 3):
                    await self._down.wait()
            if self._client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break

    def _readable(self) -> None:
        client = self._client
        client.loop_read()
        if client.want_write():
            client.loop_write()

    def _connected(
        self,
        client: paho.Client,
        _data: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._ledger.connect_failed()
            return
        self.connected = True
        self._ledger.connected()
        if self._subscriptions:
            client.subscribe(self._subscriptions)
        while self._outbox:
            self._publish_event(*self._outbox.popleft())

    def _disconnected(
        self,
        _client: paho.Client,
        _data: object,
        _flags: paho.DisconnectFlags,
        _reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if self.connected:
            self._ledger.disconnected()
        self.connected = False
        self._down.set()

    def _received(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if self._on_message is not None:
            self._on_message(message.topic, bytes(message.payload))

    def _acknowledged(
        self, _client: paho.Client, _data: object, mid: int, _reason: ReasonCode, _more: Properties | None
    ) -> None:
        stream = self._waiting.pop(mid, None)
        if stream is not None:
            self._ledger.acknowledged(stream)
        if not self.unacknowledged:
            self._settled.set()
            # With a callback paho builds reason and properties for every telemetry message too: a third of its cost.
            self._client.on_publish = None

    def _forget_socket(self, _client: paho.Client, _data: object, sock: "SocketLike") -> None:
        self._loop.remove_reader(sock)


def _without_delay(_client: paho.Client, _data: object, sock: "SocketLike") -> None:
    """Send small packets at once: Nagle's wait for an ACK would add up to 40 ms to the second message of a tick."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
