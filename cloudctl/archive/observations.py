"""Raw observations on demand: what chosen devices report goes to the spool as it came, while somebody asks for it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog

from cloudctl.store.event_rows import device_telemetry_streams
from ingest.background import Background
from ingest.event_receiver import Handler
from ingest.telemetry_receiver import TelemetryReceiver

CLIENT_ID = "v2x-archiver-observations"
LOOK_SECONDS = 1.0
MOST_DEVICES = 500
"""Devices observed at once; more are left out and said."""


def filters_for(devices: Sequence[str]) -> tuple[str, ...]:
    """Topic filters of all telemetry of these devices."""
    return tuple(stream.topic_of(device) for device in devices for stream in device_telemetry_streams())


class ObservationTap(Background):
    """Receives what the observed devices report; follows changes of who is observed. An async context manager."""

    def __init__(self, url: str, handler: Handler, observed: Callable[[], frozenset[str]]) -> None:
        super().__init__("observations")
        self._url = url
        self._handler = handler
        self._observed = observed
        self._log = structlog.get_logger("observations")

    async def _run(self) -> None:
        while True:
            devices = self._observed()
            if devices:
                await self._receive(devices)
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _receive(self, devices: frozenset[str]) -> None:
        """Receive until others are observed."""
        chosen = sorted(device for device in devices if not set(device) & set("+#/"))
        self._log.info("raw observations kept", devices=len(chosen), left_out=max(0, len(devices) - MOST_DEVICES))
        receiver = TelemetryReceiver(self._url, client_id=CLIENT_ID, filters=filters_for(chosen[:MOST_DEVICES]))
        async with receiver:
            while self._observed() == devices:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await receiver.wait()
                if len(receiver):
                    await self._handler(receiver.take())
