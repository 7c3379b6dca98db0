"""The beat of the fleet: at each one group of devices samples the world and speaks, all in turn."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from maps.network import RoadNetwork
from simulators.bus import PriorityAsker
from simulators.commands import Command, CommandResult
from simulators.device_report import write_report
from simulators.fleet_context import GROUPS, FleetContext
from simulators.fleet_playback import SHIFT, Cursor, Playback
from simulators.obu import LATENCY, ObuFleet
from simulators.parking_sensors import ParkingSensors
from simulators.ride_service import RideService
from simulators.rsu import RsuFleet, unit_name
from simulators.signal_controller import SignalController
from simulators.truth import TruthWriter
from simulators.world import WorldFrame

RATE = 10.0
"""Reports a second of every device (T/CSAE 159-2020)."""
_LATE = 0.1
"""A beat this late is left out, s."""


class City(Protocol):
    """Where frames come from and orders go; nothing waits."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        ...

    def frames(self) -> list[WorldFrame]:
        """New steps since the last call, oldest first."""
        ...

    def results(self) -> list[CommandResult]:
        """New answers since the last call, oldest first."""
        ...

    def send(self, command: Command) -> None:
        """Order something."""
        ...


def shifted(frame: WorldFrame, seconds: float) -> WorldFrame:
    """The same step, said to happen later."""
    ends = {name: end + seconds for name, end in frame.light_ends.items()}
    return replace(frame, time=frame.time + seconds, light_ends=ends)


class Fleet:
    """All devices of a city."""

    def __init__(self, context: FleetContext, links: list[list[int]], rate: float = RATE, api: str = "") -> None:
        """`links` is the place of each signal group's light in the city's state text, see `links_of_groups`.

        `api` is the address of the platform for those who ask for buses on demand; without one nobody does.
        """
        self._context, self._beat_s = context, 1 / (rate * GROUPS)
        self.network: RoadNetwork = context.network
        network = self.network
        controllers = {row: SignalController(network, row, places) for row, places in enumerate(links)}
        self.rsus = RsuFleet(context, controllers)
        self.obus = ObuFleet(context, PriorityAsker(network, controllers, {row: unit_name(row) for row in controllers}))
        self.parking = ParkingSensors(context)
        self.rides = RideService(context, api) if api else None
        self._playback = Playback(network.plane)
        self._of_rsus = Cursor(self._playback, self.rsus.enter)
        self._of_obus = Cursor(self._playback, self.obus.enter)
        self.truth: TruthWriter | None = None
        self._starved = 0
        self.beats = 0
        """Beats so far; in each, one of the groups of devices spoke."""
        self._behind = 0.0

    async def run(self, city: City, stop: asyncio.Event, report: Path | None = None) -> None:
        """Let all devices work until `stop`, then disconnect them; writes the report every second and at the end."""
        self.rsus.start()
        self.parking.start()
        if self.rides is not None:
            self.rides.start()
        loop = asyncio.get_running_loop()
        due, beat, report_at = loop.time(), 0, loop.time()
        try:
            while not stop.is_set():
                due += self._beat_s
                beat += 1
                await asyncio.sleep(max(due - loop.time(), 0.0))
                late = loop.time() - due
                self._context.ledger.lag(late, late > _LATE)
                if late > _LATE:
                    due = loop.time()
                    continue
                self._beat(city, beat % GROUPS)
                if loop.time() >= report_at:
                    report_at = loop.time() + 1.0
                    if not city.alive:
                        break
                    if report is not None:
                        write_report(report, self.report())
        finally:
            await self._finish(report)

    async def _finish(self, report: Path | None) -> None:
        self.rsus.stop()
        self.obus.stop()
        self.parking.stop()
        if self.rides is not None:
            self.rides.stop()
        await self._context.finished()
        if report is not None:
            write_report(report, self.report())

    def _beat(self, city: City, group: int) -> None:
        self.beats += 1
        for frame in city.frames():
            self._take(frame)
        for result in city.results():
            self.rsus.result(result)
            self._context.ledger.carried_out(type(result.command).__name__, "" if result.accepted else result.reason)
        now = self._context.now()
        known = self._of_rsus.advance(group, now - self.rsus.latency)
        if known is not None:
            self.rsus.send(group, *known, now)
        known = self._of_obus.advance(group, now - LATENCY)
        if known is not None:
            self.obus.send(group, *known, now)
        if self._playback.steps:
            self._behind = max(now - self._playback.newest, 0.0)
            self._starved += known is None

    def _take(self, frame: WorldFrame) -> None:
        frame = shifted(frame, SHIFT)
        if self._playback.add(frame) is None:
            return
        self.parking.enter(frame)
        if self.rides is not None:
            self.rides.enter(frame)
        if self.truth is not None:
            self.truth.write(frame)

    def report(self) -> dict[str, object]:
        """The devices' account."""
        online = {"rsu": self.rsus.online, "obu": self.obus.online, "parking": self.parking.online}
        world = {"behind_ms": round(self._behind * 1e3), "starved_beats": self._starved}
        more = {} if self.rides is None else {"rides": self.rides.account.report(self._context.now())}
        return self._context.ledger.report(
            time.time(), online=online, world=world, vehicles_equipped=len(self.obus.vids), **more
        )
