"""Fixtures of all tests: a real Mosquitto broker on a free port."""

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from cloudctl.compiled_code import use_compiled_code
from simulators.city_files import CityFiles

use_compiled_code()
settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("untimed")

pytest_plugins = ["store_servers"]

_START_PATIENCE = 10.0


def free_port() -> int:
    """Find a TCP port nobody listens on, below those that outgoing connections take before its owner listens."""
    for port in random.SystemRandom().sample(range(10_000, 20_000), 50):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("all ports are taken")


class MosquittoBroker:
    """A Mosquitto process that can be stopped, killed and started again on the same port with its saved sessions."""

    def __init__(self, folder: Path, program: str) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._program = program
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"persistence true\npersistence_location {folder}/\nlog_type error\n"
            "max_inflight_messages 2000\nmax_queued_messages 100000\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        self._process = subprocess.Popen([self._program, "-c", str(self._configuration)])
        until = time.monotonic() + _START_PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(f"mosquitto does not listen on {self.port}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order: sessions are saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once: what was not saved is lost."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None


@pytest.fixture(scope="session")
def built_city(tmp_path_factory: pytest.TempPathFactory) -> CityFiles:
    """Build the demo city once for all tests, which only read it."""
    from simulators.city_build import build_city  # noqa: PLC0415  # heavy, and most tests need no city

    return build_city(tmp_path_factory.mktemp("city"), seed=1)


@pytest.fixture
def mosquitto_broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    """Run a Mosquitto of this test alone."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = MosquittoBroker(folder, program)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
