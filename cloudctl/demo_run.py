"""The demo: the platform, a simulated city with its devices beside it, and a report of what came of it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cloudctl.access.first_link import forget_first_link, read_first_link
from cloudctl.access.open_access import only_this_machine
from cloudctl.demo_files import DemoFiles, prepare_city
from cloudctl.demo_monitor import HealthMonitor, QuietWatch
from cloudctl.demo_report import DemoEvidence, withheld_events, write_report
from cloudctl.embedded_broker import check_port_free, free_port
from cloudctl.errors import CloudctlError
from cloudctl.privacy.demo_register import enter_demo_fleet
from cloudctl.running import RunningPlatform, running_platform
from cloudctl.settings import (
    AccessSettings,
    BrokerSettings,
    DevicesSettings,
    EngineSettings,
    GatewaySettings,
    MapSettings,
    Settings,
    TransitSettings,
)
from cloudctl.supervisor import ProcessSpec
from cloudctl.until_signal import until_signal

READY_PATIENCE = 600.0
"""The first start of a new version compiles its inner loops, which takes long on a slow machine, s."""
TIMETABLE = "timetable.zip"
"""GTFS file of the demo's buses, written when the city starts."""
QUIET_PATIENCE = 120.0
"""How long we wait for the archiver to store the last events, s."""
PROGRESS, HEADLESS_PROGRESS = 30.0, 10.0
"""Between two lines of progress, s."""


@dataclass(frozen=True)
class DemoOptions:
    """What the user asked for."""

    data_dir: Path
    host: str
    port: int
    seconds: float | None
    report: Path | None
    map_file: Path | None
    headless: bool
    accounts: bool = False
    level: str = "good"
    """How good the devices' sensors are: good, typical or poor."""
    rate: float | None = None
    """Reports a second of each device; None: as many as standard and broker allow."""


class NotReadyError(CloudctlError):
    """The platform did not come up in time."""


async def run_demo(options: DemoOptions, say: Callable[[str], None]) -> None:
    """Run the demo until its time is over or the user ends it, then write the report.

    Raises:
        CloudctlError: something that the demo needs is missing, taken or broken.
    """
    if options.map_file is not None and not options.map_file.is_file():
        raise CloudctlError(f"map {options.map_file}: no such file")
    check_port_free(options.host, options.port)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    files = await prepare_city(options.data_dir, options.map_file, say)
    logs = options.data_dir / "logs"
    logs.mkdir(exist_ok=True)
    for earlier in ("engine.alive", TIMETABLE):  # a demo does not go on where an earlier one ended
        (options.data_dir / earlier).unlink(missing_ok=True)
    forget_first_link(options.data_dir)
    started = time.time()
    async with running_platform(demo_settings(options, files), notice=say, log_dir=logs) as platform:
        monitor = HealthMonitor(platform.settings.broker.url, started)
        async with _background(monitor.run()):
            await _until_ready(platform)
            say(f"live map: {platform.address}")
            say("devices are let in without approval; that is so in the demo alone")
            await _say_who_gets_in(platform, say)
            await asyncio.to_thread(enter_demo_fleet, platform.settings.database.url)
            evidence = await _run_city(options, files, platform, monitor, started, say)
            if options.report:
                say("scoring")
                await write_report(evidence, options.report)
                say(f"report: {options.report}")


def demo_settings(options: DemoOptions, files: DemoFiles) -> Settings:
    """Return the settings of a platform that serves one demo city on this machine."""
    return Settings(
        data_dir=options.data_dir.absolute(),
        map=MapSettings(file=files.network.absolute(), tiles=files.tiles.absolute()),
        engine=EngineSettings(signal_control="execute"),
        transit=TransitSettings(timetable=options.data_dir.absolute() / TIMETABLE),
        broker=BrokerSettings(port=free_port(BrokerSettings().port)),
        gateway=GatewaySettings(host=options.host, port=options.port),
        devices=DevicesSettings(admission="automatic"),
        access=AccessSettings(mode="open" if only_this_machine(options.host) and not options.accounts else "accounts"),
    )


async def _say_who_gets_in(platform: RunningPlatform, say: Callable[[str], None]) -> None:
    if platform.settings.access.mode == "open":
        say("no sign-in: whoever opens the map on this machine acts as the demo's operator (--accounts shows sign-in)")
        return
    link = await read_first_link(platform.settings.data_dir)
    say("sign in with an account made before" if link is None else f"make the first administrator, once: {link}")


@asynccontextmanager
async def _background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until_ready(platform: RunningPlatform) -> None:
    failure = asyncio.ensure_future(platform.supervisor.failed())
    try:
        until = time.monotonic() + READY_PATIENCE
        while not await platform.ready():
            if failure.done():
                failure.result()
            if time.monotonic() > until:
                raise NotReadyError(
                    f"the platform is not ready after {READY_PATIENCE:.0f} s; see {platform.settings.data_dir}/logs"
                )
            await asyncio.sleep(0.2)
    finally:
        failure.cancel()


async def _run_city(
    options: DemoOptions,
    files: DemoFiles,
    platform: RunningPlatform,
    monitor: HealthMonitor,
    started: float,
    say: Callable[[str], None],
) -> DemoEvidence:
    fleet_report, truth = options.data_dir / "devices.json", options.data_dir / "truth.csv.gz"
    for old in (fleet_report, truth):
        old.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "simulators.fleet", "--broker", platform.device_url, "--city", str(files.folder)]
    argv += ["--map", str(files.network), "--report", str(fleet_report), "--level", options.level]
    argv += ["--timetable", str(options.data_dir / TIMETABLE)]
    if platform.settings.access.mode == "open":  # riders and drivers of buses on demand have no account
        argv += ["--api", platform.address]
    if options.report:
        argv += ["--truth", str(truth)]
    rate = min((each for each in (options.rate, platform.device_rate) if each is not None), default=None)
    if rate is not None:
        say(f"devices report {rate:g} times a second instead of 10")
        argv += ["--rate", str(rate)]
    async with await psycopg.AsyncConnection.connect(platform.settings.database.url) as connection:
        withheld = await withheld_events(connection)
    platform.supervisor.start(ProcessSpec("city", argv, log=options.data_dir / "logs" / "city.log"))
    waits = [platform.supervisor.failed(), _tell_progress(options, monitor, say)]
    if options.seconds is not None:
        waits.append(asyncio.sleep(options.seconds))
    await until_signal(*waits)
    for name in ("city", "engine"):
        await platform.supervisor.stop(name)
    await _until_quiet(monitor)
    await platform.supervisor.stop("archiver")  # it stores what it still holds before it ends
    restarts = dict(platform.supervisor.restarts)
    return DemoEvidence(platform.settings, files.network, started, monitor, fleet_report, truth, restarts, withheld)


async def _until_quiet(monitor: HealthMonitor) -> None:
    """Wait until the archiver has and has stored all events that were sent, when nobody sends any more.

    It is its own account that counts: one that is starting again, or too busy to give an account, is waited for.
    """
    until, watch = time.monotonic() + QUIET_PATIENCE, QuietWatch(time.time())
    while not watch.is_quiet(monitor.newest.get("archiver")):
        if time.monotonic() > until:
            return
        await asyncio.sleep(0.2)


async def _tell_progress(options: DemoOptions, monitor: HealthMonitor, say: Callable[[str], None]) -> None:
    """Say what the city does, now and then, until cancelled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(HEADLESS_PROGRESS if options.headless else PROGRESS)
        newest = monitor.newest.get("engine")
        if newest is None:
            continue
        latency = newest.latency_ms.get("publish_to_picture") or {}
        say(
            f"{time.monotonic() - began:5.0f} s  "
            f"{newest.counters.get('tracks', 0):,.0f} road users  "
            f"{newest.counters.get('messages_received', 0):,.0f} messages  "
            f"{sum(monitor.by_label('engine', 'advisories').values()):,} advisories  "
            f"publish to picture p99 {latency.get('p99', 0):.0f} ms"
        )
