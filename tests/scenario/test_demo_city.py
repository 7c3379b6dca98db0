"""The demo city as a user runs it: real broker, real database, SUMO, and every process of the platform."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from cloudctl.embedded_broker import free_port

KINDS = ("glosa", "congestion", "diversion", "bus_priority", "parking")


@dataclass
class Demo:
    """A demo that runs as its own process."""

    process: asyncio.subprocess.Process
    port: int
    report_file: Path

    @classmethod
    async def start(cls, data_dir: Path, seconds: int) -> "Demo":
        port, report = free_port(0), data_dir / "report.json"
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("cloudctl")),
            *("demo", "--headless", "--seconds", str(seconds), "--port", str(port)),
            *("--data-dir", str(data_dir), "--report", str(report)),
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process, port, report)

    async def until_ready(self) -> None:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as client:
            while True:
                assert self.process.returncode is None, await self.errors()
                try:
                    if (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.25)

    async def until_sending(self) -> None:
        """Wait for the devices' first account."""
        async with asyncio.timeout(60):
            while not (self.report_file.parent / "devices.json").exists():
                await asyncio.sleep(0.25)

    def kill(self, part: str) -> None:
        """Kill one process of the platform, named by what stands in its command line."""
        [victim] = [child for child in self.children() if any(part in word for word in child.cmdline())]
        os.kill(victim.pid, signal.SIGKILL)

    def children(self) -> list[psutil.Process]:
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return children

    async def errors(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def report(self) -> dict[str, Any]:
        """Wait for the end and read the report."""
        errors = await self.errors()
        code = await self.process.wait()
        assert code == 0, errors
        report: dict[str, Any] = orjson.loads(self.report_file.read_bytes())
        return report


@pytest.mark.timeout(420)
async def test_the_demo_shows_every_kind_of_advisory_and_loses_no_event(tmp_path: Path) -> None:
    demo = await Demo.start(tmp_path, seconds=75)
    await demo.until_ready()
    children = demo.children()
    report = await demo.report()
    assert report["lost"] == 0
    assert report["events"]["obu_vir"]["stored"] > 0
    assert all(report["advisories"].get(kind, 0) > 0 for kind in KINDS), report["advisories"]
    assert all(report["advisories_received_by_devices"].get(kind, {}).get("received", 0) > 0 for kind in KINDS)
    assert report["points_stored"] > 100_000
    assert report["tracks_peak"] > 300
    assert report["restarts"] == {}
    assert report["publish_to_picture_ms"]["p99"] > 0
    assert report["accuracy"]["recall"] > 0.8
    assert report["accuracy"]["precision"] > 0.8
    assert report["accuracy"]["rmse_m"] < 1.0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.timeout(420)
async def test_whatever_is_killed_comes_back_and_no_event_is_lost(tmp_path: Path) -> None:
    demo = await Demo.start(tmp_path, seconds=70)
    await demo.until_ready()
    await demo.until_sending()
    started = time.monotonic()
    for part in ("cloudctl.engine", "cloudctl.archiver", "cloudctl.gateway", "mosquitto"):
        demo.kill(part)
        await asyncio.sleep(2)
        await demo.until_ready()
    assert time.monotonic() - started < 65, "the demo ended before everything had been killed"
    report = await demo.report()
    assert report["restarts"] == {"engine": 1, "archiver": 1, "gateway": 1, "broker": 1}
    assert report["lost"] == 0
    assert report["events"]["obu_vir"]["stored"] > 0
    assert report["missed"]["engine_s"] > 0
