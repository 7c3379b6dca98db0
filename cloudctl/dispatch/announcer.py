"""Tells the engine what the database keeps about buses: arrivals of trunk lines, and dwells by the stored visits."""

import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog

from cloudctl.dispatch.errors import DispatchStoreError
from cloudctl.dispatch.kept import CONNECTIONS_TOPIC, DWELLS_TOPIC, StoredDwells
from cloudctl.dispatch.orders import TrunkArrivals
from cloudctl.dispatch.store import DispatchStore
from ingest.broker import Publisher
from ingest.errors import IngestError

EVERY_S = 300.0
"""What is stored is told anew this often."""
RETRY_S = 5.0
_LOG = structlog.get_logger("gateway.dispatch")


class DispatchAnnouncer:
    """Publishes retained; `run` belongs in a task of its own while the store is open, `hurry` makes it look at once."""

    def __init__(self, broker_url: str, store: DispatchStore, clock: Callable[[], float] = time.time) -> None:
        self._url, self._store, self._clock = broker_url, store, clock
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Look now: somebody has just changed what is kept."""
        self._hurry.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        async with Publisher(self._url, client_id=f"v2x-gateway-dispatch-{id(self):x}", capacity=10) as publisher:
            while True:
                pause = EVERY_S
                try:
                    await self._tell(publisher)
                except (DispatchStoreError, IngestError) as fault:
                    _LOG.info("dispatch not announced", reason=str(fault))
                    pause = RETRY_S
                try:
                    async with asyncio.timeout(pause):
                        await self._hurry.wait()
                except TimeoutError:
                    continue
                finally:
                    self._hurry.clear()

    async def _tell(self, publisher: Publisher) -> None:
        arrivals = TrunkArrivals(await self._store.trunk_arrivals(self._clock()))
        await publisher.publish(CONNECTIONS_TOPIC, msgspec.json.encode(arrivals), qos=1, retain=True)
        dwells = StoredDwells(items=await self._store.dwells())
        if dwells.items:
            await publisher.publish(DWELLS_TOPIC, msgspec.json.encode(dwells), qos=1, retain=True)
