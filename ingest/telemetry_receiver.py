"""Telemetry from the broker: the newest counts. A bounded queue sheds the oldest and remembers whose it was."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from typing import cast

import structlog

from ingest.background import Background
from ingest.backoff import Backoff
from ingest.broker_url import BrokerUrl, parse_broker_url
from ingest.errors import MqttProtocolError
from ingest.mqtt_packets import DISCONNECT, PINGREQ, PacketReader, connect_packet, subscribe_packet
from ingest.raw_message import RawMessage
from ingest.streams import StreamClass
from ingest.topics import filters_of

TELEMETRY_FILTERS = filters_of(StreamClass.TELEMETRY)
KEEPALIVE = 30
"""s."""

_LOG = structlog.get_logger(__name__)
_CONNECT_PATIENCE = 10.0
_MOST_TOPICS = 200_000


class TelemetryReceiver(Background):
    """Receives at QoS 0 on one connection and reconnects for ever. An async context manager, used once.

    ```
    async with TelemetryReceiver(url, client_id="engine-telemetry") as receiver:
        await receiver.wait()
        for message in receiver.take(1000): ...
    ```
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        filters: tuple[str, ...] = TELEMETRY_FILTERS,
        capacity: int = 20_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep at most `capacity` messages waiting; `clock` gives UTC epoch s. BrokerUrlError for a wrong address."""
        super().__init__(f"{client_id}-receive")
        self._url = parse_broker_url(url)
        self._client_id, self._filters = client_id, filters
        self._capacity, self._clock = capacity, clock
        self._queue: deque[RawMessage] = deque()
        self._topics: dict[bytes, str] = {}
        self._arrived = asyncio.Event()
        self._shed_topics: Counter[str] = Counter()
        self.connected = False
        self.received = 0
        self.shed = 0
        self.reconnects = 0
        """Connections after the first."""

    def __len__(self) -> int:
        return len(self._queue)

    async def wait(self) -> None:
        """Wait until a message is there."""
        await self._arrived.wait()

    def take(self, most: int = 1_000_000) -> list[RawMessage]:
        """Take up to `most` messages, the oldest first."""
        queue = self._queue
        if most >= len(queue):
            messages = list(queue)
            queue.clear()
        else:
            messages = [queue.popleft() for _ in range(most)]
        if not queue:
            self._arrived.clear()
        return messages

    def take_shed(self) -> dict[str, int]:
        """Take how many messages of each topic were shed since the last call."""
        shed, self._shed_topics = self._shed_topics, Counter()
        return dict(shed)

    async def _run(self) -> None:
        backoff, connections = Backoff(), 0
        while True:
            try:
                async with _open(self._url, self._client_id, self._filters, self._on_message) as connection:
                    backoff.reset()
                    connections += 1
                    self.reconnects = connections - 1
                    self.connected = True
                    _LOG.info("telemetry_connected", broker=str(self._url), reconnects=self.reconnects)
                    await connection.lost
            except (OSError, TimeoutError, MqttProtocolError) as error:
                delay = backoff.next_delay()
                _LOG.warning("telemetry_lost", broker=str(self._url), error=str(error), retry_s=round(delay, 2))
                self.connected = False
                await asyncio.sleep(delay)
            finally:
                self.connected = False

    def _on_message(self, topic: bytes, payload: bytes) -> None:
        """Queue one message. Hot: called for every message."""
        name = self._topics.get(topic)
        if name is None:
            name = self._remember(topic)
        queue = self._queue
        if len(queue) >= self._capacity:
            self._shed_topics[queue.popleft().topic] += 1
            self.shed += 1
        queue.append(RawMessage(name, payload, self._clock()))
        self.received += 1
        self._arrived.set()

    def _remember(self, topic: bytes) -> str:
        name = topic.decode(errors="replace")
        if len(self._topics) < _MOST_TOPICS:
            self._topics[topic] = name
        return name


class _Connection(asyncio.Protocol):
    """One connection; `lost` ends with an error when it does."""

    def __init__(self, reader: PacketReader, hello: bytes, filters: tuple[str, ...]) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.subscribed: asyncio.Future[None] = loop.create_future()
        self._loop, self._reader, self._hello, self._filters = loop, reader, hello, filters
        self._asked = False
        self._heard = loop.time()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are of no class of asyncio's
        self._transport.write(self._hello)
        self._timer = self._loop.call_later(KEEPALIVE / 2, self._ping)

    def data_received(self, data: bytes) -> None:
        """Read packets; a broken one ends the connection."""
        self._heard = self._loop.time()
        reader = self._reader
        try:
            reader.feed(data)
        except MqttProtocolError as error:
            self._end(error)
            return
        if not self._asked and reader.connected and self._transport is not None:
            self._asked = True
            self._transport.write(subscribe_packet(self._filters))
        if reader.subscribed and not self.subscribed.done():
            self.subscribed.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so."""
        self._end(exc or ConnectionResetError("connection closed by the broker"))

    def close(self) -> None:
        """Leave without a complaint."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(DISCONNECT)
        self._end(ConnectionAbortedError("closed"))

    def _ping(self) -> None:
        if self._loop.time() - self._heard > KEEPALIVE:
            self._end(TimeoutError("nothing heard from the broker"))
        elif self._transport is not None:
            self._transport.write(PINGREQ)
            self._timer = self._loop.call_later(KEEPALIVE / 2, self._ping)

    def _end(self, error: Exception) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
        for future in (self.subscribed, self.lost):
            if not future.done():
                future.set_exception(error)
                future.exception()


@contextlib.asynccontextmanager
async def _open(
    url: BrokerUrl, client_id: str, filters: tuple[str, ...], on_message: Callable[[bytes, bytes], None]
) -> AsyncIterator[_Connection]:
    """Connect and subscribe."""
    hello = connect_packet(client_id, KEEPALIVE, url.user, url.password)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_CONNECT_PATIENCE):
        _, connection = await loop.create_connection(
            lambda: _Connection(PacketReader(on_message), hello, filters), url.host, url.port
        )
    try:
        async with asyncio.timeout(_CONNECT_PATIENCE):
            await connection.subscribed
        yield connection
    finally:
        connection.close()
