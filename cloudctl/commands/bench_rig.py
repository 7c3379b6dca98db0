"""What `cloudctl bench pipeline` runs: a real broker, the real engine, and a load generator, watched from outside."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import orjson
import psutil
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client.parser import text_string_to_metric_families

from cloudctl.embedded_broker import HOST, EmbeddedBroker, find_mosquitto, free_port, prepare_broker
from cloudctl.errors import CloudctlError, ProcessFailedError
from cloudctl.supervisor import end_with_parent
from ingest.broker_url import parse_broker_url
from ingest.streams import BY_NAME

START_PATIENCE = 300.0
"""The first start of a new version compiles, s."""
STOP_PATIENCE = 15.0
HEALTH_PATIENCE = 60.0
"""An engine under far too much load says nothing until it has caught up, s."""
_HISTOGRAM = "v2x_engine_seconds"


class NoMosquittoError(CloudctlError):
    """Mosquitto is not installed; another broker would be measured."""

    def __init__(self) -> None:
        super().__init__("the pipeline is measured with Mosquitto, which is not installed")


class SilentEngineError(CloudctlError):
    """The engine does not say how it is."""

    def __init__(self, waited: float) -> None:
        super().__init__(f"the engine has not been heard of for {waited:g} s")
        self.waited = waited


class Health(msgspec.Struct, frozen=True):
    """The engine's report of itself, as far as it is needed here."""

    time: float
    ready: bool
    counters: dict[str, float]
    metrics: str

    def seconds(self) -> dict[str, float]:
        """Sum of the time spent by stage since the start, s."""
        return {
            sample.labels["stage"]: sample.value
            for sample in _samples(self.metrics)
            if sample.name == f"{_HISTOGRAM}_sum"
        }

    def buckets(self, stage: str) -> dict[float, float]:
        """Cumulative counts of one stage by upper bound, s."""
        return {
            float(sample.labels["le"]): sample.value
            for sample in _samples(self.metrics)
            if sample.name == f"{_HISTOGRAM}_bucket" and sample.labels["stage"] == stage
        }


@dataclass(frozen=True)
class _Sample:
    name: str
    labels: dict[str, str]
    value: float


def _samples(text: str) -> Iterator[_Sample]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield _Sample(sample.name, sample.labels, float(sample.value))


class HealthWatch:
    """Hears the engine's health reports; a context manager."""

    def __init__(self, url: str) -> None:
        broker = parse_broker_url(url)
        self._news = threading.Condition()
        self._newest: Health | None = None
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(broker.user, broker.password)
        self._client.on_connect = lambda client, *_: client.subscribe(BY_NAME["health"].topic_of("engine"))
        self._client.on_message = self._hear
        self._client.connect(broker.host, broker.port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        health = msgspec.json.decode(message.payload, type=Health)
        with self._news:
            self._newest = health
            self._news.notify_all()

    def after(self, moment: float, patience: float = HEALTH_PATIENCE) -> Health:
        """Wait for a report made at or after a moment (UTC epoch, s).

        Raises:
            SilentEngineError: none came in time.
        """
        with self._news:
            if not self._news.wait_for(lambda: self._newest is not None and self._newest.time >= moment, patience):
                raise SilentEngineError(patience)
            assert self._newest is not None  # noqa: S101  # wait_for has seen it
            return self._newest


@dataclass(frozen=True)
class Rig:
    """Broker and engine that run."""

    device_url: str
    map_file: Path
    watch: HealthWatch
    broker: psutil.Process
    engine: psutil.Process


@contextmanager
def running_rig(folder: Path, map_file: Path, cycle_hz: float) -> Iterator[Rig]:
    """Start a broker and an engine on a map, and stop them at the end; files go to `folder`.

    Raises:
        NoMosquittoError: it is not installed.
        CloudctlError: broker or engine did not become ready.
    """
    if find_mosquitto() is None:
        raise NoMosquittoError
    broker = prepare_broker(folder / "broker", free_port(0), folder / "broker.log")
    configuration = folder / "engine.json"
    configuration.touch(0o600)
    configuration.write_bytes(
        orjson.dumps(
            {
                "data_dir": str(folder),
                "map": {"file": str(map_file.absolute()), "tiles": "none"},
                "broker": {"url": broker.url},
                "engine": {"cycle_hz": cycle_hz},
                "devices": {"admission": "automatic"},
            }
        )
    )
    with running_process(list(broker.process.argv), folder / "broker.log") as first:
        await_broker(broker)
        argv = [sys.executable, "-m", "cloudctl.engine", "--config", str(configuration)]
        with running_process(argv, folder / "engine.log") as second, HealthWatch(broker.url) as watch:
            _await_engine(watch, second, folder / "engine.log")
            yield Rig(broker.device_url, map_file, watch, psutil.Process(first.pid), psutil.Process(second.pid))


@contextmanager
def running_process(argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; what it says goes to `log`."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            argv,
            stdout=file,
            stderr=file,
            preexec_fn=end_with_parent,  # noqa: PLW1509  # no thread of ours holds a lock here
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_broker(broker: EmbeddedBroker) -> None:
    """Wait until a broker listens; raise ProcessFailedError where it does not."""
    import socket

    until = time.monotonic() + STOP_PATIENCE
    while True:
        try:
            socket.create_connection((HOST, parse_broker_url(broker.url).port), 1.0).close()
        except OSError:
            if time.monotonic() > until:
                raise ProcessFailedError("broker", 0) from None
            time.sleep(0.05)
        else:
            return


def _await_engine(watch: HealthWatch, engine: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_PATIENCE
    while time.monotonic() < until and engine.poll() is None:
        with suppress(SilentEngineError):
            if watch.after(0.0, 1.0).ready:
                return
            time.sleep(0.2)
    said = log.read_text("utf-8", errors="replace").strip().splitlines()
    raise CloudctlError(f"the engine did not become ready: {said[-1] if said else 'it said nothing'}")


class LoadRun(msgspec.Struct, frozen=True):
    """What the load generator says at its end."""

    messages: int
    objects: int
    bytes: int
    seconds: float
    late_ms_p99: float
    cpu_s: float


class LoadGenerator:
    """The generator as a process; a context manager. Entering waits until it sends."""

    def __init__(self, rig: Rig, units: int, objects: int, seconds: float) -> None:
        self._argv = [sys.executable, "-m", "simulators.load", "--broker", rig.device_url, "--map", str(rig.map_file)]
        self._argv += ["--units", str(units), "--objects", str(objects), "--seconds", str(seconds)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._argv,
            stdout=subprocess.PIPE,
            preexec_fn=end_with_parent,  # noqa: PLW1509  # no thread of ours holds a lock here
        )
        self._line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    @property
    def process(self) -> psutil.Process:
        """The process, to ask for its processor time."""
        return psutil.Process(self._process.pid if self._process else None)

    def end(self) -> LoadRun:
        """Wait for the end."""
        return msgspec.json.decode(self._line(), type=LoadRun)

    def _line(self) -> bytes:
        line = self._process.stdout.readline() if self._process and self._process.stdout else b""
        if not line:
            code = self._process.wait() if self._process else 0
            raise ProcessFailedError("simulators.load", code)
        return line
