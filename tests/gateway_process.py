"""A real gateway process and a publisher of synthetic pictures, for tests against a real broker."""

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import gateway_samples as sample
import paho.mqtt.client as mqtt
import pytest
from conftest import MosquittoBroker, free_port
from paho.mqtt.enums import CallbackAPIVersion

from maps.base_map import write_base_map
from maps.network_file import save_network

PATIENCE_S = 30.0
START_PATIENCE_S = 120.0
"""For a process that starts on a machine with much else to do."""
PERIOD_S = 0.2
GREEN_S, CYCLE_S = 20.0, 40.0


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    url: str
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch one path; give status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  # our own address
                return answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read()

    def checks(self) -> dict[str, bool]:
        """Give the readiness checks by name."""
        checks: dict[str, dict[str, bool]] = json.loads(self.get("/readyz")[1])["checks"]
        return {name: check["ok"] for name, check in checks.items()}


CERTIFICATES = "issued"
"""Folder beside the settings with the certificates of devices."""
NO_DATABASE = "postgresql://127.0.0.1:1/none"


def write_config(folder: Path, broker: str, port: int, database: str = NO_DATABASE, mode: str = "open") -> Path:
    """Write the settings and the map of a gateway; the database is one that does not answer unless named."""
    network = sample.network()
    save_network(network, folder / "city.map")
    write_base_map(network, folder / "base.pmtiles")
    config = folder / "gateway.toml"
    config.write_text(
        f'[map]\nfile = "city.map"\ntiles = "base.pmtiles"\n[broker]\nurl = "{broker}"\n'
        f'[database]\nurl = {json.dumps(database)}\n[gateway]\nport = {port}\n[access]\nmode = "{mode}"\n'
        f"[devices]\ncertificates = {json.dumps(str(folder / CERTIFICATES))}\n",
        "utf-8",
    )
    return config


@contextmanager
def running_gateway(folder: Path, broker: str, database: str = NO_DATABASE, mode: str = "open") -> Iterator[Gateway]:
    """Run a gateway until the block ends; it must then end with exit code 0."""
    port = free_port()
    config = write_config(folder, broker, port, database, mode)
    command = [sys.executable, "-m", "cloudctl.gateway", "--config", str(config)]
    with (folder / "gateway.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        gateway = Gateway(f"http://127.0.0.1:{port}", process)
        try:
            wait_for(lambda: _answers(gateway), START_PATIENCE_S)
            yield gateway
        finally:
            process.terminate()
            code = process.wait(15)
    assert code == 0


def _answers(gateway: Gateway) -> bool:
    if gateway.process.poll() is not None:
        raise RuntimeError(f"the gateway ended with {gateway.process.returncode}")
    try:
        return gateway.get("/healthz")[0] == 200
    except urllib.error.URLError:
        return False


def wait_for(happened: Callable[[], bool], patience: float = PATIENCE_S) -> None:
    """Wait until something happened; raise TimeoutError where it does not."""
    until = time.monotonic() + patience
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError(f"did not happen within {patience} s")
        time.sleep(0.05)


@contextmanager
def module_broker(folder: Path) -> Iterator[MosquittoBroker]:
    """Run a Mosquitto that several tests share."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = MosquittoBroker(folder, program)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Publisher:
    """Publishes a living picture five times a second, as the engine would, until stopped."""

    def __init__(
        self, port: int, centre: tuple[float, float], count: int = 40, count_at: Callable[[float], int] | None = None
    ) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._centre = centre
        self._count_at = count_at or (lambda _: count)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.loop_stop()
        self._client.disconnect()

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish something else between the pictures."""
        self._client.publish(topic, payload)

    def _run(self) -> None:
        groups = len(sample.network().groups.signal)
        # the moving parts follow in the loop
        still = {
            k: v for k, v in sample.small_state(time.time()).items() if k not in (sample.MOVERS, sample.TRAJECTORY)
        }
        for topic, payload in still.items():
            self._client.publish(topic, payload, retain="/STATE/" in topic)
        tick = 0
        while not self._ended.wait(PERIOD_S):
            tick += 2
            now = time.time()
            movers = sample.circling(now, self._centre, self._count_at(now))
            state, left = light(now)
            self._client.publish(sample.MOVERS, sample.movers_frame(now, movers, tick))
            self._client.publish(sample.TRAJECTORY, sample.trajectory_frame(now, [mover.id for mover in movers]))
            self._client.publish(sample.SIGNALS, sample.signals_frame(now, groups, state, left))
            self._client.publish(sample.LINKS, sample.links_frame(now, {0: 1, 1: 3, 3: 5}))


def light(now: float) -> tuple[int, float]:
    """Light of all groups at a time, and the seconds until it changes."""
    at = now % CYCLE_S
    return (sample.GREEN, GREEN_S - at) if at < GREEN_S else (sample.RED, CYCLE_S - at)
