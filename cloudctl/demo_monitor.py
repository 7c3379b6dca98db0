"""Watch the platform's health during a demo and add its counters up over restarts."""

import asyncio
from collections.abc import Mapping

import aiomqtt
import msgspec
import structlog

from ingest.broker_url import parse_broker_url
from ingest.streams import BY_NAME

RECONNECT_PAUSE = 1.0
QUIET = 2.5
"""How long nothing must arrive at the archiver until nothing is on the way any more, s."""


class Health(msgspec.Struct, frozen=True):
    """What a process says of itself once a second; unknown fields are passed over."""

    process: str
    pid: int
    time: float
    ready: bool
    counters: dict[str, float]
    latency_ms: dict[str, dict[str, float] | None] = {}


class ToldIncident(msgspec.Struct, frozen=True):
    """An incident as it was told first; unknown fields are passed over."""

    incident_id: str
    kind: str
    updated: float
    lon: float
    lat: float
    evidence: str = ""
    figures: dict[str, float] = {}


class IncidentLog:
    """What incidents were told, each and each kind that it became once, with the time of the picture that told it."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(ToldIncident)
        self._told: dict[tuple[str, str], ToldIncident] = {}

    def take(self, payload: bytes) -> None:
        """Take one event of an incident; one that cannot be read is left out and logged."""
        try:
            told = self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            structlog.get_logger("demo").warning("incident refused", error=str(error))
            return
        self._told.setdefault((told.incident_id, told.kind), told)

    def lines(self) -> list[dict[str, object]]:
        """Give what the simulators judge: kind, time told (UTC epoch s), place, evidence, figures."""
        names = ("kind", "lon", "lat", "evidence", "figures")
        return [{"told": told.updated} | {name: getattr(told, name) for name in names} for told in self._told.values()]


class HealthMonitor:
    """Newest health of every process, its counters summed over all its lives, and the incidents that were told."""

    def __init__(self, broker_url: str, since: float) -> None:
        """`since` is the UTC epoch (s) before which a health message is of an earlier run, retained by the broker."""
        self._broker = parse_broker_url(broker_url)
        self._since = since
        self._decoder = msgspec.json.Decoder(Health)
        self._lives: dict[tuple[str, int], Health] = {}
        self.newest: dict[str, Health] = {}
        self.incidents = IncidentLog()

    async def run(self) -> None:
        """Listen until cancelled, through every loss of the broker."""
        while True:
            try:
                async with aiomqtt.Client(
                    self._broker.host, self._broker.port, username=self._broker.user, password=self._broker.password
                ) as client:
                    await client.subscribe(BY_NAME["health"].subscription)
                    await client.subscribe(BY_NAME["incident"].subscription, qos=1)
                    async for message in client.messages:
                        if message.topic.matches(BY_NAME["incident"].subscription):
                            self.incidents.take(message.payload)
                        else:
                            self.take(message.payload)
            except aiomqtt.MqttError as error:
                structlog.get_logger("demo").info("broker lost", error=str(error))
                await asyncio.sleep(RECONNECT_PAUSE)

    def take(self, payload: bytes) -> None:
        """Take one health message; one that cannot be read is left out and logged."""
        try:
            health = self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            structlog.get_logger("demo").warning("health message refused", error=str(error))
            return
        if health.time < self._since:
            return
        self.newest[health.process] = health
        self._lives[health.process, health.pid] = health

    def counters(self, process: str) -> Mapping[str, float]:
        """Counters of a process, summed over its lives; a peak is the highest of them."""
        total: dict[str, float] = {}
        for (name, _), health in self._lives.items():
            if name != process:
                continue
            for counter, value in health.counters.items():
                before = total.get(counter, 0)
                total[counter] = max(before, value) if counter.endswith("_peak") else before + value
        return total

    def by_label(self, process: str, prefix: str) -> dict[str, int]:
        """Counters named `prefix.label` (`messages_refused.json`) as `{label: count}`."""
        start = f"{prefix}."
        return {
            name.removeprefix(start): int(value)
            for name, value in sorted(self.counters(process).items())
            if name.startswith(start)
        }


class QuietWatch:
    """Follows the archiver's accounts until one says that all events are stored and none has come for a while."""

    def __init__(self, since: float, quiet: float = QUIET) -> None:
        """Count accounts given after `since` (UTC epoch s) alone; `quiet` is the while, s."""
        self._since, self._quiet = since, quiet
        self._life = (0, -1.0)
        """Process and events spooled so far."""

    def is_quiet(self, archiver: Health | None) -> bool:
        """Take the newest account."""
        if archiver is None or archiver.time < self._since or not archiver.ready:
            return False
        life = (archiver.pid, archiver.counters.get("events_spooled", 0.0))
        if life != self._life:
            self._life, self._since = life, archiver.time
        return archiver.counters.get("spool_events_waiting", 0.0) == 0 and archiver.time - self._since >= self._quiet
