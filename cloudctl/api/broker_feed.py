"""The gateway's ear at the broker: subscribes, reconnects for ever, hands every message to the live state."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiomqtt
import structlog

from cloudctl.api.live_state import READ_ERRORS, SUBSCRIPTIONS, LiveState, Part
from cloudctl.api.measures import Measures

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 10.0
MAX_MESSAGE_BYTES = 8 << 20


@dataclass(frozen=True)
class BrokerAddress:
    """Parts of `mqtt://[user:password@]host[:port]`."""

    host: str
    port: int
    username: str | None
    password: str | None


def broker_address(url: str) -> BrokerAddress:
    """Split a broker URL; the port defaults to 1883."""
    parts = urlsplit(url)
    return BrokerAddress(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 1883,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class BrokerFeed:
    """Runs until cancelled. `changed` is called in the event loop after every message that changed something."""

    def __init__(self, url: str, state: LiveState, measures: Measures, changed: Callable[[Part], None]) -> None:
        self._address = broker_address(url)
        self._state = state
        self._measures = measures
        self._changed = changed
        self._log = structlog.get_logger("gateway.feed")

    async def run(self) -> None:
        """Listen; after a lost connection try again with growing, jittered pauses."""
        pause = RETRY_FIRST_S
        while True:
            try:
                await self._listen()
            except aiomqtt.MqttError as fault:
                if self._state.connected:
                    pause = RETRY_FIRST_S
                self._log.warning("broker lost", reason=str(fault), retry_s=round(pause, 1))
            finally:
                self._state.connected = False
            self._changed(Part.STATUS)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 2, RETRY_MOST_S)

    async def _listen(self) -> None:
        address = self._address
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            keepalive=15,
            timeout=5.0,
        ) as client:
            for topic, qos in SUBSCRIPTIONS:
                await client.subscribe(topic, qos=qos)
            self._state.connected = True
            self._log.info("broker connected", host=address.host, port=address.port)
            self._changed(Part.STATUS)
            async for message in client.messages:
                self._take(str(message.topic), message.payload)

    def _take(self, topic: str, payload: object) -> None:
        now = time.time()
        if not isinstance(payload, bytes) or len(payload) > MAX_MESSAGE_BYTES:
            self._measures.refused.labels("size").inc()
            return
        try:
            part = self._state.accept(topic, payload, now)
        except READ_ERRORS as fault:
            self._measures.refused.labels(type(fault).__name__).inc()
            self._log.warning("message refused", topic=topic, reason=str(fault), head=payload[:64].hex())
            return
        if part is not None:
            self._measures.received.labels(part).inc()
            if part is Part.MOVERS:
                self._measures.frame_arrived(now - self._state.frames[part].frame.time)
            self._changed(part)
