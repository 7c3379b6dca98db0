"""Proof by counting: three ledgers (sent, spooled, stored) agree whatever is killed; a wrong archiver fails the proof.

V2X_PROOF_SECONDS sets how long the database stays away (default 3 s, 60 s for the full proof).
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import archiver_ledger
import psycopg
import pytest
from conftest import MosquittoBroker
from store_frames import NOON, TRAJECTORY, request, spool_event, spool_frames, trajectory_frame
from store_servers import Server, fresh_database, plain_server, timescale_server
from test_store_archiver import ArchiverProcess, Device, await_subscription, query, until

from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.migrate import migrate
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import Writer

AWAY_SECONDS = float(os.environ.get("V2X_PROOF_SECONDS", "3"))
KILLS = 10
TRACKS = 15


def report(device: str, number: int, now: float) -> tuple[str, bytes]:
    """An event of a roadside unit: topic and payload. It names no vehicle, so that it is stored as it came."""
    _, payload = request(device, number, now)
    return f"V2X/RSU/{device}/RSI/UP", payload


class LedgerArchiver(ArchiverProcess):
    """An archiver that notes what its disk has."""

    def __init__(self, folder: Path, broker: str, database: str, *, early: bool) -> None:
        super().__init__(folder, broker, database)
        self.ledger = folder / "ledger"
        self._early = ["--early"] * early

    def start(self) -> None:
        command = [sys.executable, archiver_ledger.__file__, str(self.ledger), *self._early, "--config"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, str(self.config)], stderr=log)

    def noted(self) -> int:
        """Length of the ledger."""
        return self.ledger.stat().st_size if self.ledger.exists() else 0

    def spooled(self, kind: str) -> set[str]:
        lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
        return {line for line in lines if line.startswith(kind) and len(line) == len(kind) + 33}


@dataclass
class Traffic:
    """Sends events and frames until told to stop, and knows what was sent and what the broker acknowledged."""

    port: int
    done: Event = field(default_factory=Event)
    attempted: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    _threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Two devices that report events, one engine that publishes frames."""
        for name in ("RSU1", "RSU2"):
            self._run(lambda n, name=name: (*report(name, n, time.time()), "event"), name, 0.003)
        self._run(lambda n: (TRAJECTORY, trajectory_frame(n * 2, NOON + n * 0.2, TRACKS), "telemetry"), "engine", 0.02)

    def stop(self) -> None:
        """End it; what was under way is waited for."""
        self.done.set()
        for thread in self._threads:
            thread.join()

    def _run(self, make: object, name: str, pause: float) -> None:
        assert callable(make)

        def send() -> None:
            device, number = Device(self.port, name), 0
            while not self.done.is_set():
                topic, payload, kind = make(number)
                line = archiver_ledger.mark(kind, topic, payload)
                self.attempted.add(line)
                before = len(device.acknowledged)
                with suppress(RuntimeError):  # not connected: it is sent again, and may arrive, but nobody promised
                    device.publish(topic, payload)
                if len(device.acknowledged) > before:
                    self.acknowledged.add(line)
                number += 1
                time.sleep(pause)
            device.close()

        self._threads.append(Thread(target=send))
        self._threads[-1].start()


@dataclass
class Stored:
    """The third ledger: what is in the database."""

    events: Counter[str]
    frames: Counter[str]
    points_per_frame: set[int]


def read_stored(url: str) -> Stored:
    events: Counter[str] = Counter()
    for device, number, stamp in query(
        url, "SELECT device, payload->>'number', payload->>'timestamp' FROM v2x.device_event"
    ):
        topic, payload = report(str(device), int(str(number)), int(str(stamp)) / 1e3)
        events[archiver_ledger.mark("event", topic, payload)] += 1
    frames: Counter[str] = Counter()
    sizes = set()
    for ms, count, distinct in query(
        url,
        "SELECT round(extract(epoch FROM t) * 1000)::bigint, count(*), count(DISTINCT track_id)"
        " FROM v2x.trajectory_point GROUP BY 1",
    ):
        number = round((int(str(ms)) / 1e3 - NOON) / 0.2)
        frame = trajectory_frame(number * 2, NOON + number * 0.2, TRACKS)
        frames[archiver_ledger.mark("telemetry", TRAJECTORY, frame)] += 1
        sizes |= {int(str(count)), int(str(distinct))}
    return Stored(events, frames, sizes)


def stored_events(url: str) -> int:
    """How many events are stored; 0 while the database is not there."""
    with suppress(psycopg.OperationalError):
        [(count,)] = query(url, "SELECT count(*) FROM v2x.device_event")
        return int(str(count))
    return 0


def faults(found: Stored, traffic: Traffic, archiver: LedgerArchiver) -> dict[str, int]:
    """What the proof counts; all must be zero."""
    acknowledged = {line for line in traffic.acknowledged if line.startswith("event")}
    stored = set(found.events) | set(found.frames)
    return {
        "acknowledged events lost": len(acknowledged - set(found.events)),
        "spooled events lost": len(archiver.spooled("event") - set(found.events)),
        "spooled frames lost": len(archiver.spooled("telemetry") - set(found.frames)),
        "phantoms": len(stored - traffic.attempted),
        "duplicates": sum(count - 1 for count in found.events.values()),
        "torn frames": len(found.points_per_frame - {TRACKS}),
    }


@contextmanager
def at_work(
    folder: Path, broker: MosquittoBroker, url: str, *, early: bool = False
) -> Iterator[tuple[LedgerArchiver, Traffic]]:
    archiver, traffic = LedgerArchiver(folder, broker.url, url, early=early), Traffic(broker.port)
    archiver.start()
    await_subscription(broker.port)  # before it stands, the broker has nobody to keep a message for
    try:
        traffic.start()
        yield archiver, traffic
    finally:
        traffic.done.set()
        if archiver.process is not None and archiver.process.poll() is None:
            archiver.end(signal.SIGKILL)


def settle(url: str, traffic: Traffic, archiver: LedgerArchiver, patience: float = 60.0) -> dict[str, int]:
    """Wait until the database has what it should; then say what is wrong."""
    traffic.stop()
    end = time.monotonic() + patience
    expected = sum(line.startswith("event") for line in traffic.acknowledged)
    while time.monotonic() < end and stored_events(url) < expected:  # counting is cheap, comparing is not
        time.sleep(0.5)
    while True:
        with suppress(psycopg.OperationalError):
            wrong = faults(read_stored(url), traffic, archiver)
            if not any(wrong.values()) or time.monotonic() > end:
                return wrong
        time.sleep(0.5)


def kill(server: Server) -> None:
    """End a database without a word where we can, else stop it."""
    if isinstance(server, EmbeddedPostgres) and server.pid is not None:
        os.kill(server.pid, signal.SIGKILL)
        time.sleep(0.5)
    server.stop()


@pytest.mark.parametrize("kind", ["plain", pytest.param("timescale", marks=pytest.mark.timescale)])
def test_nothing_is_lost_whatever_is_killed(kind: str, mosquitto_broker: MosquittoBroker, tmp_path: Path) -> None:
    rng = random.Random(6)
    start = plain_server if kind == "plain" else timescale_server
    with (
        start() as server,
        fresh_database(server.url) as url,
        at_work(tmp_path, mosquitto_broker, url) as (archiver, traffic),
    ):
        for number in range(KILLS):
            size = archiver.noted()
            until(lambda size=size: archiver.noted() > size)
            time.sleep(rng.uniform(0.0, 0.6))
            archiver.end(signal.SIGKILL)
            if number == 3:
                mosquitto_broker.stop()
                mosquitto_broker.start()
            archiver.start()
            if number == 6:
                kill(server)
                time.sleep(AWAY_SECONDS)
                server.start()
        time.sleep(1.0)
        wrong = settle(url, traffic, archiver, 60.0 + AWAY_SECONDS)  # draining may take as long as filling
        assert len(traffic.acknowledged) > 300
        assert len(archiver.spooled("telemetry")) > 30
        assert wrong == dict.fromkeys(wrong, 0)
        assert archiver.end(signal.SIGTERM) == 0


def test_the_proof_fails_where_messages_are_acknowledged_before_the_disk_has_them(
    mosquitto_broker: MosquittoBroker, tmp_path: Path, plain_postgres: EmbeddedPostgres
) -> None:
    with (
        fresh_database(plain_postgres.url) as url,
        at_work(tmp_path, mosquitto_broker, url, early=True) as (archiver, traffic),
    ):
        until(lambda: len(archiver.spooled("event")) > 100)
        for _ in range(2):
            time.sleep(1.5)
            archiver.end(signal.SIGKILL)
            archiver.start()
        wrong = settle(url, traffic, archiver, patience=8.0)
        assert wrong["acknowledged events lost"] > 0


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes; skip where we may not mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["/usr/bin/umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_sheds_telemetry_and_keeps_every_event(tmp_path: Path, store_database: str) -> None:
    with small_disk(tmp_path / "disk", 12 << 20) as disk:
        spool = Spool(disk / "spool", 1 << 30, min_free_bytes=2 << 20, segment_bytes=1 << 20)
        for number in range(6000):
            frame = trajectory_frame(number * 2, NOON + number * 0.2, 100)
            spool.append(SpoolClass.TELEMETRY, NOON, TRAJECTORY, frame)
            if number % 4 == 0:
                spool.append(SpoolClass.EVENT, NOON, *request("CAR1", number, NOON))
            if number % 20 == 0:
                spool.sync()
        spool.sync()
        assert spool.shed > 1000
        kept = spool.spooled[SpoolClass.TELEMETRY]
        writer = Writer(store_database, spool, "map")
        writer.drain()
        events = query(store_database, "SELECT count(*), count(DISTINCT payload->>'number') FROM v2x.device_event")
        assert events == [(1500, 1500)]
        points = query(store_database, "SELECT count(*), count(DISTINCT (t, track_id)) FROM v2x.trajectory_point")
        assert points[0][0] == points[0][1]
        assert int(str(points[0][0])) % 100 == 0
        assert 0 < int(str(points[0][0])) <= kept * 100
        spool_event(spool, *request("CAR2", 1, NOON))
        spool_frames(spool, 3, first=7000)
        writer.drain()
        assert query(store_database, "SELECT count(*) FROM v2x.device_event") == [(1501,)]
        spool.close()


def test_the_first_schema_with_data_comes_up_to_date_while_the_archiver_stores(
    empty_database: str, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    for path in sorted(Path(migrate.__globals__["SCHEMA_DIRECTORY"]).glob("000[1-4]_*.sql")):
        (first / path.name).write_text(path.read_text())
    migrate(empty_database, directory=first)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO v2x.trajectory SELECT to_timestamp(%s), to_timestamp(%s) + interval '0.2 s', 1, n, 1, 2, 3, 4,"
            " 1, 2, '{0,200}', '{1,2}', '{3,4}', '{5,6}', '{7,8}', '{9,9}', '{1}', '{2}' "
            " FROM generate_series(1, 500) n",
            (NOON - 100, NOON - 100),
        )
        connection.execute(
            "INSERT INTO v2x.device_event SELECT to_timestamp(%s), to_timestamp(%s), int8send(n), 's', 'd', '{}', NULL"
            " FROM generate_series(1, 300) n",
            (NOON - 100, NOON - 100),
        )
    spool, stop = Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0), Event()
    writer = Writer(empty_database, spool, "map", clock=lambda: NOON + time.monotonic() * 100)
    thread = Thread(target=writer.run, args=(stop,))
    thread.start()
    later = tmp_path / "later"
    later.mkdir()
    (later / "9001_before_more.sql").write_text("ALTER TABLE v2x.trajectory ADD COLUMN more integer DEFAULT 7;")
    try:
        for number in range(40):
            spool_frames(spool, 5, first=number * 5)
            spool_event(spool, *request("CAR1", number, NOON))
            if number == 20:
                until(lambda: writer.status.counters.get("events_stored", 0) > 0)
                migrate(empty_database, directory=later)
            time.sleep(0.02)
        until(lambda: spool.events.waiting == 0 and spool.telemetry.waiting == 0)
    finally:
        stop.set()
        thread.join(30)
    assert query(empty_database, "SELECT count(*) FROM v2x.trajectory_point") == [(500 * 2 + 200 * 20,)]
    assert query(empty_database, "SELECT count(*) FROM v2x.device_event") == [(300 + 40,)]
    assert migrate(empty_database) == []
    assert json.dumps(writer.status.last_error) == '""'
