"""Publishing to the broker: frames that may be lost when newer ones wait, and messages that must arrive."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass

import aiomqtt
import structlog

from ingest.background import Background
from ingest.backoff import Backoff
from ingest.broker_url import parse_broker_url
from ingest.errors import DeliveryError

_LOG = structlog.get_logger(__name__)
_IN_FLIGHT = 100
_CONNECT_PATIENCE = 10.0


@dataclass(slots=True, eq=False)
class _Letter:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    delivered: asyncio.Future[None] | None = None
    dropped: bool = False

    @property
    def given_up(self) -> bool:
        return self.delivered is not None and self.delivered.done()


class Publisher(Background):
    """Publishes through one connection and reconnects for ever. An async context manager, used once."""

    def __init__(self, url: str, *, client_id: str, capacity: int = 10_000, patience: float = 5.0) -> None:
        """Keep at most `capacity` messages waiting; `publish` waits `patience` s.

        Raises BrokerUrlError for a wrong address.
        """
        super().__init__(f"{client_id}-publish")
        self._url = parse_broker_url(url)
        self._client_id, self._capacity, self._patience = client_id, capacity, patience
        self._waiting: deque[_Letter] = deque()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._flights: set[asyncio.Task[None]] = set()
        self.connected = False
        self.published = 0
        self.shed = 0
        self.reconnects = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Hand over a message without waiting. Above the capacity the oldest is shed and counted."""
        if len(self._waiting) >= self._capacity:
            self._waiting.popleft()
            self.shed += 1
        self._put(_Letter(topic, payload, qos, retain))

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, patience: float | None = None
    ) -> None:
        """Publish and wait until the broker has it (QoS 1) or the socket (QoS 0).

        Raises DeliveryError after `patience` s; with QoS 1 the message may have arrived all the same.
        """
        delivered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(_Letter(topic, payload, qos, retain, delivered))
        wait = self._patience if patience is None else patience
        try:
            async with asyncio.timeout(wait):
                await delivered
        except TimeoutError:
            raise DeliveryError(topic, wait) from None
        finally:
            delivered.cancel()

    async def flush(self, patience: float = 5.0) -> bool:
        """Wait until nothing waits any more; False where that took longer than `patience` s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()
        return self._idle.is_set()

    def _put(self, letter: _Letter) -> None:
        self._waiting.append(letter)
        self._idle.clear()
        self._changed.set()

    async def _run(self) -> None:
        backoff, connections = Backoff(), 0
        while True:
            try:
                async with self._client() as client:
                    backoff.reset()
                    connections += 1
                    self.reconnects, self.connected = connections - 1, True
                    _LOG.info("publisher_connected", broker=str(self._url), reconnects=self.reconnects)
                    listening = asyncio.create_task(_listen(client), name=f"{self._client_id}-listen")
                    try:
                        await self._send_all(client, listening)
                    finally:
                        listening.cancel()
                        await self._end_flights()
            except aiomqtt.MqttError as error:
                _go_on_with_cancellation(error)
                delay = backoff.next_delay()
                _LOG.warning("publisher_lost", broker=str(self._url), error=str(error), retry_s=round(delay, 2))
            finally:
                self.connected = False
            await asyncio.sleep(delay)

    def _client(self) -> aiomqtt.Client:
        url = self._url
        client = aiomqtt.Client(
            url.host,
            url.port,
            username=url.user,
            password=url.password,
            identifier=self._client_id,
            timeout=_CONNECT_PATIENCE,
            max_inflight_messages=_IN_FLIGHT,
        )
        client.pending_calls_threshold = 2 * _IN_FLIGHT
        return client

    async def _send_all(self, client: aiomqtt.Client, listening: asyncio.Task[None]) -> None:
        """Send what waits until the connection breaks (MqttError)."""
        while True:
            _go_on_with_cancellation()
            while not self._waiting:
                self._changed.clear()
                await self._until_changed(listening)
            letter = self._waiting.popleft()
            if letter.given_up:
                continue
            if letter.qos == 0:
                await self._send(client, letter)
                continue
            flight = asyncio.create_task(self._send(client, letter), name=f"{self._client_id}-flight")
            self._flights.add(flight)
            await asyncio.sleep(0)  # starts the flight, so that messages leave in their order
            while len(self._flights) >= _IN_FLIGHT:
                await self._land()
            self._collect()

    async def _until_changed(self, listening: asyncio.Task[None]) -> None:
        """Wait for a message to send; MqttError where the connection breaks meanwhile."""
        if not self._flights:
            self._idle.set()
        changed = asyncio.create_task(self._changed.wait(), name=f"{self._client_id}-wait")
        try:
            await asyncio.wait((changed, listening, *self._flights), return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        self._collect()
        if listening.done():
            listening.result()

    async def _land(self) -> None:
        await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
        self._collect()

    def _collect(self) -> None:
        """Forget flights that ended; the first failure breaks the connection."""
        landed = {flight for flight in self._flights if flight.done()}
        self._flights -= landed
        for flight in landed:
            flight.result()

    async def _send(self, client: aiomqtt.Client, letter: _Letter) -> None:
        """Send one message; one of QoS 1 goes back to the head of the queue where that fails."""
        sent = False
        try:
            await client.publish(letter.topic, letter.payload, letter.qos, letter.retain, timeout=_CONNECT_PATIENCE)
            sent = True
        except ValueError as error:  # a topic or a size that MQTT does not carry: sending again cannot help
            self._drop(letter, error)
            return
        finally:
            if not sent and letter.qos and not letter.dropped:
                self._waiting.appendleft(letter)
        self.published += 1
        if letter.delivered is not None and not letter.delivered.done():
            letter.delivered.set_result(None)

    def _drop(self, letter: _Letter, error: Exception) -> None:
        letter.dropped = True
        self.shed += 1
        _LOG.error("publisher_refused", topic=letter.topic, error=str(error))
        if letter.delivered is not None and not letter.delivered.done():
            letter.delivered.set_exception(error)

    async def _end_flights(self) -> None:
        for flight in self._flights:
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        self._flights.clear()


def _go_on_with_cancellation(error: Exception | None = None) -> None:
    """Raise a cancellation that was asked for and got lost.

    aiomqtt waits by `asyncio.wait_for`, which swallows one that comes just as the wait ends (Python before 3.12), and
    it turns one that comes while it disconnects into an error of its own.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def _listen(client: aiomqtt.Client) -> None:
    """Wait for the connection to break (MqttError); nothing is subscribed."""
    async for _ in client.messages:
        pass
