"""The gateway's part: publish the register whenever it changes, end what has expired, note who is out of live use."""

import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog

from cloudctl.privacy.audit import Auditor
from cloudctl.privacy.desk import PrivacyDesk
from cloudctl.privacy.errors import PrivacyError
from cloudctl.privacy.keys import REGISTER, KeyRing
from cloudctl.privacy.names import Names
from ingest.broker import Publisher
from ingest.errors import IngestError
from ingest.streams import BY_NAME

LOOK_S = 2.0
EXPIRY_S = 60.0
ACTOR = "platform:gateway"
TOPIC = BY_NAME["privacy_register"].topic
_log = structlog.get_logger("register")


class Announcer:
    """Follows the register; `run` belongs in a task of its own, `hurry` makes it look at once."""

    def __init__(
        self,
        broker_url: str,
        desk: PrivacyDesk,
        names: Names,
        keys: KeyRing,
        audit: Auditor,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = broker_url
        self._desk = desk
        self._names = names
        self._keys = keys
        self._audit = audit
        self._clock = clock
        self._hurry = asyncio.Event()
        self._published = -1
        self._next_end = 0.0
        self._expiry_looked = float("-inf")
        self._fault = ""

    def hurry(self) -> None:
        """Look now: somebody has just changed the register."""
        self._hurry.set()

    async def run(self) -> None:
        """Follow the register until cancelled."""
        async with Publisher(self._url, client_id=f"v2x-gateway-register-{id(self):x}", capacity=10) as publisher:
            while True:
                try:
                    await self._look(publisher)
                except (PrivacyError, IngestError) as error:
                    if str(error) != self._fault:
                        _log.warning("register not announced", error=str(error))
                    self._fault = str(error)
                else:
                    self._fault = ""
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._hurry.wait()
                except TimeoutError:
                    continue
                finally:
                    self._hurry.clear()

    async def _look(self, publisher: Publisher) -> None:
        now = self._clock()
        version = await self._desk.version()
        if version != self._published or now >= self._next_end:
            register = await self._desk.register()
            self._names.register = register
            message = msgspec.json.encode(register.message(self._keys.key(REGISTER), now))
            await publisher.publish(TOPIC, message, qos=1, retain=True)
            self._published, self._next_end = register.version, register.next_end(now)
        for withdrawal in await self._desk.list_live():
            still_live = self._names.register.grant(withdrawal.subject, now).live  # agreed to, if storage alone ended
            if still_live or not self._names.rows_of(withdrawal.subject):
                if not still_live:
                    self._names.forget(withdrawal.subject)
                await self._desk.note_live_ended(withdrawal.id)
        if now - self._expiry_looked >= EXPIRY_S:
            self._expiry_looked = now
            await self._end_expired()

    async def _end_expired(self) -> None:
        for subject in await self._desk.list_expired():
            await self._audit.record(ACTOR, "withdraw", "consent", {"subject": subject, "cause": "expiry"})
            await self._desk.withdraw(
                subject, by=ACTOR, live_rows=self._names.rows_of(subject), cause="expiry", scope="storage"
            )
