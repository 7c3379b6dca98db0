"""Events from the broker: at least once. The broker hears PUBACK only after the handler's durable write returned.

A fixed client id and a session that outlives the connection make the broker keep what we have not acknowledged and
send it again. Each connection has a client of its own and a message is acknowledged through the client that brought
it, so an acknowledgement can never reach a later connection, where its packet id would belong to another message.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.background import Background
from ingest.backoff import Backoff
from ingest.broker_url import BrokerUrl, parse_broker_url
from ingest.errors import MqttProtocolError
from ingest.raw_message import RawMessage
from ingest.streams import StreamClass
from ingest.topics import filters_of

EVENT_FILTERS = filters_of(StreamClass.EVENT)

Handler = Callable[[Sequence[RawMessage]], Awaitable[None]]
"""Writes messages where they survive; when it returns they are acknowledged, when it raises they come again."""

_LOG = structlog.get_logger(__name__)
_KEEPALIVE = 30
_CONNECT_PATIENCE = 10.0
_QOS = 1


class EventReceiver(Background):
    """Receives at QoS 1 with a persistent session and reconnects for ever. An async context manager, used once."""

    def __init__(
        self,
        url: str,
        handler: Handler,
        *,
        client_id: str,
        filters: tuple[str, ...] = EVENT_FILTERS,
        batch: int = 1000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Hand at most `batch` messages at once to `handler`; `clock` gives UTC epoch s.

        Raises BrokerUrlError for a wrong address.
        """
        super().__init__(f"{client_id}-receive")
        self._url = parse_broker_url(url)
        self._handler = handler
        self._client_id, self._filters, self._batch, self._clock = client_id, filters, batch, clock
        self.connected = False
        self.received = 0
        self.acknowledged = 0
        self.failed = 0
        """Batches whose handler raised."""
        self.shed = 0
        """Always 0: events wait at the broker."""
        self.reconnects = 0

    async def _run(self) -> None:
        backoff, connections = Backoff(), 0
        while True:
            connection = _Connection(self._url, self._client_id, self._filters, self._clock)
            try:
                await connection.open()
                backoff.reset()
                connections += 1
                self.reconnects, self.connected = connections - 1, True
                _LOG.info("events_connected", broker=str(self._url), reconnects=self.reconnects)
                while True:
                    await self._handle(connection, await connection.take(self._batch))
            except (OSError, MqttProtocolError) as error:
                delay = backoff.next_delay()
                _LOG.warning("events_lost", broker=str(self._url), error=str(error), retry_s=round(delay, 2))
            finally:
                self.connected = False
                await asyncio.shield(connection.close())
            await asyncio.sleep(delay)

    async def _handle(self, connection: "_Connection", messages: list[MQTTMessage]) -> None:
        """Hand messages on, then acknowledge them. Where the handler fails the connection ends: they come again."""
        raw = [RawMessage(message.topic, bytes(message.payload), message.timestamp) for message in messages]
        self.received += len(raw)
        try:
            await self._handler(raw)
        except Exception as error:
            self.failed += 1
            _LOG.exception("events_not_handled", messages=len(raw))
            raise MqttProtocolError(f"handler failed: {error}") from error
        self.acknowledged += connection.acknowledge(messages)


class _Connection:
    """One connection with a paho client of its own, whose thread feeds the event loop."""

    def __init__(self, url: BrokerUrl, client_id: str, filters: tuple[str, ...], clock: Callable[[], float]) -> None:
        self._url, self._filters, self._clock = url, filters, clock
        self._loop = asyncio.get_running_loop()
        self._waiting: list[MQTTMessage] = []
        self._changed = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._error: str | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=False, manual_ack=True, reconnect_on_failure=False
        )
        if url.user is not None:
            self._client.username_pw_set(url.user, url.password)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    async def open(self) -> None:
        """Connect and subscribe; OSError or MqttProtocolError where that fails."""
        async with asyncio.timeout(_CONNECT_PATIENCE):
            await asyncio.to_thread(self._client.connect, self._url.host, self._url.port, _KEEPALIVE)
            self._client.loop_start()
            await self._subscribed.wait()
        self._check()

    async def take(self, most: int) -> list[MQTTMessage]:
        """Wait for messages and take up to `most`; MqttProtocolError when the connection is gone and all are taken.

        What came before the connection broke is handed out all the same: a broker that was killed may have told the
        sender that it has the message, and then no longer have it.
        """
        while not self._waiting:
            self._check()
            await self._changed.wait()
            self._changed.clear()
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken

    def acknowledge(self, messages: list[MQTTMessage]) -> int:
        """Send PUBACK for messages of this connection; gives how many could be sent."""
        if self._error is not None:
            return 0
        for message in messages:
            if message.qos:
                self._client.ack(message.mid, message.qos)
        return len(messages)

    async def close(self) -> None:
        """End the connection and its thread."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _check(self) -> None:
        if self._error is not None:
            raise MqttProtocolError(self._error)

    def _on_connect(
        self, client: Client, _: object, __: ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self._tell(self._fail, f"connection refused: {reason}")
        else:
            client.subscribe([(text, _QOS) for text in self._filters])

    def _on_subscribe(
        self, _: Client, __: object, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._tell(self._fail, "subscription refused")
        else:
            self._tell(self._subscribed.set)

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self._tell(self._fail, f"connection lost: {reason}")

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        message.timestamp = self._clock()
        self._tell(self._add, message)

    def _add(self, message: MQTTMessage) -> None:
        self._waiting.append(message)
        self._changed.set()

    def _fail(self, error: str) -> None:
        self._error = self._error or error
        self._changed.set()
        self._subscribed.set()

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function on the event loop from paho's thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(function, *arguments)
