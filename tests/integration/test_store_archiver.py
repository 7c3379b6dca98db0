"""The archiver as a process, between a real broker and a real database: what was acknowledged is never lost."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import paho.mqtt.client as paho
import psycopg
import pytest
from conftest import MosquittoBroker
from paho.mqtt.enums import CallbackAPIVersion
from privacy_register import BUS, enter_standings
from store_frames import NOON, TRAJECTORY, request, trajectory_frame
from store_servers import fresh_database

from cloudctl.archive.intake import FILTERS, Intake
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.migrate import migrate
from cloudctl.store.spool import Spool
from ingest.broker import EventReceiver, RawMessage

PATIENCE = 60.0
KILLS = 5


class ArchiverProcess:
    """`python -m cloudctl.archiver` under test; can be killed and started again."""

    def __init__(self, folder: Path, broker_url: str, database_url: str) -> None:
        self.config = folder / "settings.json"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        settings = {
            "data_dir": "var",
            "broker": {"url": broker_url},
            "database": {"url": database_url},
            "map": {"file": "map", "tiles": "tiles"},
        }
        self.config.write_text(json.dumps(settings))
        migrate(database_url)
        enter_standings(database_url, {f"CAR{number}": BUS for number in range(10)})

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cloudctl.archiver", "--config", str(self.config)], stderr=log
            )

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)


class Device:
    """Publishes at QoS 1 and knows what the broker has acknowledged: the ledger outside the system under test."""

    def __init__(self, port: int, name: str) -> None:
        self.acknowledged: list[bytes] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> None:
        info = self._client.publish(topic, payload, 1)
        info.wait_for_publish(PATIENCE)
        if info.is_published():
            self.acknowledged.append(payload)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def archiver(
    tmp_path: Path, mosquitto_broker: MosquittoBroker, plain_postgres: EmbeddedPostgres
) -> Iterator[tuple[ArchiverProcess, str]]:
    with fresh_database(plain_postgres.url) as url:
        process = ArchiverProcess(tmp_path, mosquitto_broker.url, url)
        process.start()
        try:
            yield process, url
        finally:
            if process.process is not None and process.process.poll() is None:
                process.end(signal.SIGKILL)


def query(url: str, text: str) -> list[tuple[object, ...]]:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute(text).fetchall()
    except psycopg.errors.UndefinedTable:
        return []


def until(condition: object, detail: object = "") -> None:
    assert callable(condition)
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain {detail}"
        time.sleep(0.05)


def await_subscription(port: int) -> dict[str, object]:
    """Health of the archiver once it receives."""
    found: list[dict[str, object]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "watch")
    client.on_message = lambda _c, _u, message: found.append(json.loads(message.payload))
    client.connect("127.0.0.1", port)
    client.subscribe("V2X/CLOUD/HEALTH/archiver")
    client.loop_start()
    try:
        until(lambda: any(health["ready"] for health in found))
        return next(health for health in found if health["ready"])
    finally:
        client.disconnect()
        client.loop_stop()


def spooled_bytes(folder: Path) -> int:
    """Size of what the archiver has put on disk."""
    return sum(path.stat().st_size for path in (folder / "var" / "spool" / "event").glob("*.spool"))


def test_acknowledged_events_survive_any_number_of_kills(
    archiver: tuple[ArchiverProcess, str], mosquitto_broker: MosquittoBroker
) -> None:
    process, url = archiver
    await_subscription(mosquitto_broker.port)
    devices = [Device(mosquitto_broker.port, f"device{index}") for index in range(4)]
    done = Event()

    def send(device: Device, vid: str) -> None:
        number = 0
        while not done.is_set():
            device.publish(*request(vid, number, time.time()))
            number += 1
            time.sleep(0.002)

    threads = [Thread(target=send, args=(device, f"CAR{index}")) for index, device in enumerate(devices)]
    for thread in threads:
        thread.start()
    rng = random.Random(4)
    for _ in range(KILLS):
        before = spooled_bytes(process.folder)
        until(lambda before=before: spooled_bytes(process.folder) != before)
        time.sleep(rng.uniform(0.0, 0.3))
        process.end(signal.SIGKILL)
        process.start()
    done.set()
    for thread, device in zip(threads, devices, strict=True):
        thread.join()
        device.close()
    sent = sorted(
        (message["id"], message["number"]) for device in devices for message in map(json.loads, device.acknowledged)
    )
    stored = "SELECT device, (payload->>'number')::int FROM v2x.device_event ORDER BY 1, 2"
    until(lambda: len(query(url, stored)) >= len(sent))
    assert len(sent) > 100
    assert query(url, stored) == sent
    assert process.end(signal.SIGTERM) == 0


def test_sigterm_stores_what_came_and_ends_with_zero(
    archiver: tuple[ArchiverProcess, str], mosquitto_broker: MosquittoBroker
) -> None:
    process, url = archiver
    await_subscription(mosquitto_broker.port)
    device = Device(mosquitto_broker.port, "engine")
    for index in range(20):
        device.publish(TRAJECTORY, trajectory_frame(index * 2, time.time()))
    device.publish(*request("CAR1", 1, time.time()))
    device.close()
    until(lambda: query(url, "SELECT count(*) FROM v2x.device_event") == [(1,)])
    assert process.end(signal.SIGTERM) == 0
    assert query(url, "SELECT count(*) FROM v2x.trajectory_point") == [(400,)]


def test_health_tells_counters_and_prometheus_text(
    archiver: tuple[ArchiverProcess, str], mosquitto_broker: MosquittoBroker
) -> None:
    process, _ = archiver
    health = await_subscription(mosquitto_broker.port)
    counters = health["counters"]
    assert isinstance(counters, dict)
    assert {
        "points_spooled",
        "points_stored",
        "events_spooled",
        "events_stored",
        "spool_bytes",
        "shed",
        "gaps_detected",
    } <= set(counters)
    assert "# TYPE v2x_archiver_points_stored_total counter" in str(health["metrics"])
    assert process.process is not None
    assert health["pid"] == process.process.pid


def test_a_missing_configuration_is_one_line_and_a_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cloudctl.archiver", "--config", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "none.toml" in done.stderr


class EarlyIntake(Intake):
    """Acknowledges before the disk has it: the mistake that the proof must find."""

    async def take(self, messages: Sequence[RawMessage]) -> None:
        for message in messages:
            await self._append(message)


async def receive_and_fall(url: str, folder: Path, intake_class: type[Intake], port: int) -> set[int]:
    """Receive 50 events, lose all memory before the next sync, start anew; numbers that the spool has in the end."""
    spool = Spool(folder, 1 << 28, min_free_bytes=0)
    intake = intake_class(spool)
    async with EventReceiver(url, intake.take, client_id="proof", filters=FILTERS) as receiver:
        while not receiver.connected:
            await asyncio.sleep(0.02)
        device = Device(port, "device")
        for number in range(50):
            await asyncio.to_thread(device.publish, *request("CAR1", number, NOON))
        device.close()
        while receiver.acknowledged < 50:
            await asyncio.sleep(0.02)
    spool.close()
    spool = Spool(folder, 1 << 28, min_free_bytes=0)
    intake = Intake(spool)
    async with EventReceiver(url, intake.take, client_id="proof", filters=FILTERS):
        await asyncio.sleep(0.5)
    found = {json.loads(record.payload)["number"] for record in spool.events.read(1 << 20)}
    spool.close()
    return found


@pytest.mark.parametrize(("intake_class", "expected"), [(Intake, set(range(50))), (EarlyIntake, set())])
async def test_only_acknowledging_after_the_disk_keeps_events(
    mosquitto_broker: MosquittoBroker, tmp_path: Path, intake_class: type[Intake], expected: set[int]
) -> None:
    found = await receive_and_fall(mosquitto_broker.url, tmp_path / "spool", intake_class, mosquitto_broker.port)
    assert found == expected
