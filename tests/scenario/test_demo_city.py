"""The demo city as a user runs it: real broker, real database, SUMO, and every process of the platform.

Each demo runs until it has shown what is asked of it, and is then ended as a user ends it; only a patience far beyond
what a slow machine needs ends one that does not get there.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from cloudctl.embedded_broker import free_port

KINDS = ("glosa", "congestion", "diversion", "bus_priority", "parking")
PATIENCE = 600.0
"""For one step of a demo, s."""


@dataclass
class Demo:
    """A demo that runs as its own process."""

    process: asyncio.subprocess.Process
    port: int
    folder: Path

    @classmethod
    @asynccontextmanager
    async def running(cls, data_dir: Path, *options: str) -> AsyncIterator["Demo"]:
        """Run a demo for the block; one that is still there at its end is ended hard, with all its processes."""
        demo = await cls._start(data_dir, *options)
        try:
            yield demo
        finally:
            if demo.process.returncode is None:
                left = [*demo.children(), psutil.Process(demo.process.pid)]
                for process in left:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                await demo.process.wait()

    @classmethod
    async def _start(cls, data_dir: Path, *options: str) -> "Demo":
        port = free_port(0)
        with (data_dir / "demo.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("cloudctl")),
                *("demo", "--headless", "--port", str(port), "--data-dir", str(data_dir)),
                *("--report", str(data_dir / "report.json"), *options),
                stdout=log,
                stderr=log,
            )
        return cls(process, port, data_dir)

    async def until_ready(self) -> None:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False, timeout=10) as client:
            while not await self._answers(client, "readyz"):
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.25)

    async def until_devices(self, satisfied: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for an account of the devices, which they write once a second."""
        account = self.folder / "devices.json"
        async with asyncio.timeout(PATIENCE):
            while not (account.exists() and satisfied(orjson.loads(account.read_bytes()))):
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.5)

    async def until_metric(self, name: str, least: float) -> None:
        """Wait until a metric of the platform has come so far."""
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False, timeout=10) as client:
            value = -1.0
            while value < least:
                assert self.process.returncode is None, self.said()
                text = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text
                value = sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))
                await asyncio.sleep(0.5)

    async def kill(self, part: str) -> None:
        """Kill one process, named by what stands in its command line, and wait until all works with its successor."""
        [victim] = self.find(part)
        before = self.acknowledged()
        os.kill(victim, signal.SIGKILL)
        killed = time.time()
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False, timeout=10) as client:
            while not set(self.find(part)) - {victim}:
                await asyncio.sleep(0.25)
            while (self.folder / "engine.alive").stat().st_mtime <= killed:
                await asyncio.sleep(0.25)
            while not await self._answers(client, "healthz"):
                await asyncio.sleep(0.25)
        await self.until_devices(lambda devices: devices["event"]["acknowledged"] > before + 10)

    def acknowledged(self) -> int:
        """Events that devices know to have arrived."""
        return int(orjson.loads((self.folder / "devices.json").read_bytes())["event"]["acknowledged"])

    async def _answers(self, client: httpx.AsyncClient, route: str) -> bool:
        with suppress(httpx.HTTPError):
            return (await client.get(f"http://127.0.0.1:{self.port}/{route}")).status_code == httpx.codes.OK
        return False

    def find(self, part: str) -> list[int]:
        """Processes of the demo by a part of their command lines."""
        found = []
        for child in self.children():
            with suppress(psutil.Error):  # it has ended meanwhile
                if child.status() != psutil.STATUS_ZOMBIE and any(part in word for word in child.cmdline()):
                    found.append(child.pid)
        return found

    def children(self) -> list[psutil.Process]:
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return children

    def said(self) -> str:
        return (self.folder / "demo.log").read_text()

    async def end(self) -> dict[str, Any]:
        """End the demo as a user does, and read its report."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(2 * PATIENCE):
            assert await self.process.wait() == 0, self.said()
        report: dict[str, Any] = orjson.loads((self.folder / "report.json").read_bytes())
        return report


def every_advice_received(devices: dict[str, Any]) -> bool:
    """Tell whether devices received each kind of advisory, and have been on the road for a while."""
    received = devices["advisories"]
    return devices["seconds"] > 60 and all(received.get(kind, {}).get("received", 0) for kind in KINDS)


@pytest.mark.timeout(2400)
async def test_the_demo_shows_every_kind_of_advisory_and_loses_no_event(tmp_path: Path) -> None:
    async with Demo.running(tmp_path) as demo:
        await demo.until_ready()
        await demo.until_devices(every_advice_received)
        await demo.until_metric("v2x_archiver_points_stored", 100_000)
        children = demo.children()
        report = await demo.end()
    assert report["lost"] == 0, report["events"]
    assert report["events"]["obu_vir"]["stored"] > 0
    assert all(report["advisories"].get(kind, 0) > 0 for kind in KINDS), report["advisories"]
    assert report["points_stored"] > 100_000
    assert report["tracks_peak"] > 300
    assert report["restarts"] == {}
    assert report["publish_to_picture_ms"]["p99"] > 0
    assert report["accuracy"]["recall"] > 0.8
    assert report["accuracy"]["precision"] > 0.8
    assert report["accuracy"]["rmse_m"] < 1.0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.timeout(2400)
async def test_whatever_is_killed_comes_back_and_no_event_is_lost(tmp_path: Path) -> None:
    async with Demo.running(tmp_path, "--rate", "2") as demo:  # events are what counts here
        await demo.until_ready()
        await demo.until_devices(lambda devices: devices["event"]["acknowledged"] > 100)
        for part in ("cloudctl.engine", "cloudctl.archiver", "cloudctl.gateway", "mosquitto"):
            await demo.kill(part)
        before = demo.acknowledged()
        await demo.until_devices(lambda devices: devices["event"]["acknowledged"] > before + 300)
        report = await demo.end()
    assert report["restarts"] == {"engine": 1, "archiver": 1, "gateway": 1, "broker": 1}
    assert report["lost"] == 0, report["events"]
    assert report["events"]["obu_vir"]["stored"] > 0
    assert report["missed"]["engine_s"] > 0
