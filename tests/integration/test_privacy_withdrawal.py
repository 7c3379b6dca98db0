"""The whole platform under load: who agreed is known, who did not is nobody, and who withdraws leaves no trace."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from conftest import MosquittoBroker, free_port
from engine_messages import NETWORK, bsm
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from store_frames import request
from store_servers import fresh_database

from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.audit_check import verify_audit
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.places import sweep
from cloudctl.privacy.pseudonyms import all_pseudonyms
from cloudctl.privacy.receipt import check, read_receipt
from cloudctl.store.embedded import EmbeddedPostgres
from maps.base_map import write_base_map
from maps.network_file import save_network

PATIENCE = 240.0
"""The engine may have to compile itself first."""
LEAVER, STAYER, STRANGER, BUS = "CAR00001", "CAR00002", "CAR00003", "BUS00001"
CROWD = [f"CAR{number:05d}" for number in range(10, 22)]


class Traffic:
    """Vehicles that report themselves ten times a second and ask for something twice, until told to stop."""

    def __init__(self, port: int) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, "traffic")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic")
        self._thread.start()

    def _run(self) -> None:
        tick = 0
        while not self._ended.wait(0.1):
            tick += 1
            now = time.time()
            for place, vehicle in enumerate((LEAVER, STAYER, STRANGER, BUS, *CROWD)):
                offset = 20.0 + 30.0 * place + 0.5 * (tick % 40)
                self._client.publish(f"V2X/OBU/{vehicle}/BSM/UP", json.dumps(bsm(offset, now, vehicle)))
                if tick % 5 == 0:
                    self._client.publish(*request(vehicle, tick, now), qos=1)
            if tick % 10 == 0:
                self._client.publish(f"V2X/OBU/{LEAVER}/BSM/UP", json.dumps({"id": LEAVER, "broken": tick}))

    def stop(self) -> None:
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join()
            self._client.disconnect()
            self._client.loop_stop()


class Platform:
    """Engine, archiver and gateway on one broker and one database."""

    def __init__(self, folder: Path, broker: MosquittoBroker, database: str) -> None:
        self.url = database
        self.data = folder / "var"
        self.keys = KeyRing(self.data / "keys")
        port = free_port()
        save_network(NETWORK, folder / "city.map")
        write_base_map(NETWORK, folder / "base.pmtiles")
        settings = {
            "data_dir": "var",
            "map": {"file": "city.map", "tiles": "base.pmtiles"},
            "broker": {"url": broker.url},
            "database": {"url": database},
            "gateway": {"port": port},
            "access": {"mode": "open"},
            "devices": {"admission": "automatic"},
        }
        config = folder / "settings.json"
        config.write_text(json.dumps(settings))
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10, trust_env=False)
        self._stack = ExitStack()
        self.logs = [folder / f"{name}.log" for name in ("archiver", "engine", "gateway")]
        self.processes = []
        for log in self.logs:
            command = [sys.executable, "-m", f"cloudctl.{log.stem}", "--config", str(config)]
            self.processes.append(subprocess.Popen(command, stderr=self._stack.enter_context(log.open("wb"))))

    def wait(self, happened: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not self._tried(happened):
            assert time.monotonic() < until, f"waited in vain for {what}: {self.tails()}"
            assert all(process.poll() is None for process in self.processes), self.tails()
            time.sleep(0.2)

    def tails(self) -> str:
        return "\n".join(f"{log.stem}: {log.read_text()[-1500:]}" for log in self.logs)

    @staticmethod
    def _tried(happened: Callable[[], bool]) -> bool:
        try:
            return happened()
        except (httpx.TransportError, psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, KeyError):
            return False

    def get(self, path: str) -> dict[str, object]:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def post(self, path: str, status: int, **body: object) -> dict[str, object]:
        answer = self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        found = answer.json()
        return found if isinstance(found, dict) else {"items": found}

    def devices(self) -> set[str]:
        items = self.get("/devices?limit=1000")["items"]
        assert isinstance(items, list)
        return {item["id"] for item in items}

    def count(self, query: str, *values: object) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        return int(row[0]) if row else 0

    def links_of(self, subject: str) -> int:
        return self.count(
            "SELECT count(*) FROM v2x_private.track_row JOIN v2x_private.device_row USING (session, device)"
            " WHERE subject = %s",
            subject,
        )

    def stop(self) -> None:
        self.http.close()
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._stack.close()


@pytest.fixture
def platform(tmp_path: Path, mosquitto_broker: MosquittoBroker, plain_postgres: EmbeddedPostgres) -> Iterator[Platform]:
    with fresh_database(plain_postgres.url) as url:
        platform = Platform(tmp_path, mosquitto_broker, url)
        try:
            yield platform
        finally:
            platform.stop()


@pytest.fixture
def traffic(mosquitto_broker: MosquittoBroker, platform: Platform) -> Iterator[Traffic]:
    platform.wait(lambda: platform.http.get("/audit").status_code == 200, "the gateway")
    traffic = Traffic(mosquitto_broker.port)
    yield traffic
    traffic.stop()


def agree(platform: Platform, subject: str) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    purposes = ["live_identified", "storage"]
    path = f"/privacy/subjects/{subject}/consents"
    platform.post(path, 201, purposes=purposes, until=until, evidence="form 7")


@pytest.mark.timeout(900)
def test_consent_and_withdrawal_from_the_road_to_the_last_byte(platform: Platform, traffic: Traffic) -> None:
    platform.post("/privacy/fleets", 201, subjects=[BUS], kind="contract", note="bus company")
    for subject in (LEAVER, STAYER):
        agree(platform, subject)
    platform.wait(lambda: BUS in platform.devices(), "the bus")
    platform.wait(lambda: sum(name.startswith("veh-") for name in platform.devices()) == 2, "two masked cars")
    assert not platform.devices() & {LEAVER, STAYER, STRANGER, *CROWD}

    _unmask_one(platform)
    platform.wait(lambda: platform.links_of(LEAVER) > 0 and platform.links_of(STAYER) > 0, "linked tracks")
    events = "SELECT count(*) FROM v2x.device_event WHERE device LIKE 'p-%%'"
    platform.wait(lambda: platform.count(events) > 0, "requests under pseudonym")
    assert {STRANGER, *CROWD}.isdisjoint(_names_stored(platform))
    data = platform.get(f"/privacy/subjects/{LEAVER}/data")
    assert data["parts"]["track_points"]  # type: ignore[index]  # JSON
    assert data["parts"]["requests"]  # type: ignore[index]  # JSON

    order = platform.post("/privacy/withdrawals", 202, subject=LEAVER)
    again = platform.post("/privacy/withdrawals", 202, subject=LEAVER)
    assert again["id"] == order["id"]
    where = f"/privacy/withdrawals/{order['id']}"
    platform.wait(lambda: platform.get(where)["finished"] is not None, "the erasure")
    _check_nothing_left(platform, platform.get(where))

    stored = platform.count("SELECT coalesce(sum(points), 0) FROM v2x.trajectory")
    platform.wait(lambda: platform.count("SELECT sum(points) FROM v2x.trajectory") > stored, "more points")
    assert LEAVER not in _names_stored(platform)
    assert platform.links_of(STAYER) > 0
    traffic.stop()
    _check_log_and_disk(platform)


def _unmask_one(platform: Platform) -> None:
    masked = {name for name in platform.devices() if name.startswith("veh-")}
    shown = {
        str(platform.post("/privacy/unmask", 200, masked=name, reason="hit-and-run 42")["subject"]) for name in masked
    }
    assert shown == {LEAVER, STAYER}
    platform.post("/privacy/unmask", 422, masked=next(iter(masked)), reason="no")
    platform.post("/privacy/unmask", 404, masked="veh-aaaaaaaa", reason="hit-and-run 42")


def _names_stored(platform: Platform) -> set[str]:
    """Which vehicles any table but the register and the orders names."""
    with psycopg.connect(platform.url) as connection:
        return {name for name in (LEAVER, STRANGER, *CROWD) if any(sweep(connection, [name], register=True).values())}


def _check_nothing_left(platform: Platform, withdrawal: dict[str, object]) -> None:
    requested, live_ended = (datetime.fromisoformat(str(withdrawal[key])) for key in ("requested", "live_ended"))
    assert live_ended - requested <= timedelta(seconds=60)
    raw = withdrawal["receipt"]
    assert isinstance(raw, dict)
    receipt = read_receipt(raw)
    assert check(receipt, platform.keys) is None
    places = {place.place: place.before for place in receipt.places}
    assert places["v2x.trajectory"] > 0
    assert places["v2x.device_event"] > 0
    assert places["v2x_private.basis"] == 1
    names = {LEAVER, *all_pseudonyms(platform.keys, LEAVER)}
    assert len(names) >= 2
    with psycopg.connect(platform.url) as connection:
        assert {table: rows for table, rows in sweep(connection, names, register=True).items() if rows} == {}
        row = connection.execute("SELECT subject FROM v2x_private.withdrawal").fetchone()
    assert row == (None,)
    assert platform.http.get(f"/privacy/subjects/{LEAVER}").status_code == 404


def _check_log_and_disk(platform: Platform) -> None:
    verdict = verify_audit(platform.url, AnchorFile(platform.data / "audit", platform.keys))
    assert verdict.finding is None
    assert verdict.entries > 10
    spooled = list((platform.data / "spool").rglob("*.spool"))
    assert not any(name.encode() in path.read_bytes() for path in spooled for name in (LEAVER, STRANGER))
    assert not any(name in log.read_text() for log in platform.logs for name in (LEAVER, STRANGER))
