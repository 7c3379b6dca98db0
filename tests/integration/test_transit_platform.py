"""Bus dispatch with real broker, engine, gateway and database: nothing is lost over a cursor, nothing done twice."""

import json
import time
from pathlib import Path
from typing import Any

import psycopg
from conftest import MosquittoBroker
from device_world import Answer, Platform
from transit_bus import StandingBus, write_timetable
from websockets.sync.client import connect
from websockets.sync.connection import Connection

TRANSIT = "/transit"


class Feed:
    """The feed of dispatch, gone on from a cursor."""

    def __init__(self, platform: Platform) -> None:
        self._url = str(platform.http.base_url).replace("http", "ws").rstrip("/") + "/api/v1/transit/feed"
        self.cursor, self.events = "", list[Answer]()

    def open(self) -> Connection:
        """Go on; what is said first is `hello`, never `gone`."""
        socket = connect(f"{self._url}?since={self.cursor}", open_timeout=20)
        hello = json.loads(socket.recv(20))
        assert hello["type"] == "hello", hello
        self.cursor = hello["cursor"]
        return socket

    def until(self, socket: Connection, kind: str, status: str) -> Answer:
        """Read on to an event of a kind and status."""
        until = time.monotonic() + 60.0
        while time.monotonic() < until:
            message = json.loads(socket.recv(60))
            self.cursor = message["cursor"]
            if message["type"] == "event":
                event: Answer = message["event"]
                self.events.append(event)
                if event["kind"] == kind and event["content"].get("status") == status:
                    return event
        raise AssertionError(f"no {kind} that is {status} among {[each['id'] for each in self.events]}")


def advice(platform: Platform) -> list[Answer]:
    """Open advice to wait for a connection."""
    items: list[Answer] = platform.get(f"{TRANSIT}/advice", line="1")["items"]
    return [each for each in items if each["kind"] == "bus_connection"]


def put_connection(platform: Platform, seconds: float) -> None:
    """Tell that a metro arrives at the bus's stop."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    item = {"stop": "S0", "arrival": moment, "trunk": "Metro 4", "line": "1"}
    answer = platform.http.put("/api/v1/transit/connections", json={"items": [item]})
    assert (answer.status_code, answer.json()) == (200, {"taken": 1}), answer.text


def test_dispatch_over_a_whole_platform(tmp_path: Path, mosquitto_broker: MosquittoBroker, plain_database: str) -> None:
    write_timetable(tmp_path / "var" / "timetable.zip", time.time())
    with (
        Platform(tmp_path, mosquitto_broker, plain_database, admission="automatic") as platform,
        StandingBus(mosquitto_broker.port) as bus,
    ):
        fleet = {"subjects": [bus.vehicle], "kind": "contract", "note": "buses of the city"}
        platform.wait(lambda: platform.http.post("/api/v1/privacy/fleets", json=fleet).status_code == 201)
        platform.wait(lambda: [each["at_stop"] for each in platform.get(f"{TRANSIT}/buses")["items"]] == [True])
        feed = Feed(platform)
        with feed.open():
            pass
        _ask_for_a_green(platform, bus)
        put_connection(platform, 50.0)
        platform.wait(lambda: advice(platform))
        with feed.open() as socket:  # all that happened while nobody was connected comes now
            feed.until(socket, "advice", "advised")
            assert any(each["kind"] == "priority" for each in feed.events)
            _answer(platform, advice(platform)[0]["id"])
            feed.until(socket, "advice", "accepted")
        ids = [each["id"] for each in feed.events]
        assert len(ids) == len(set(ids)), "nothing came twice"
        _restart_the_engine(platform, plain_database)


def _ask_for_a_green(platform: Platform, bus: StandingBus) -> None:
    """The same key asks once, another bus is not known."""
    answers: list[Any] = []
    for name, key in ((bus.vehicle, "k1"), (bus.vehicle, "k1"), (bus.vehicle, "k2"), ("NOBODY", "k3")):
        path, header = "/api/v1/transit/priority-requests", {"Idempotency-Key": key}
        answers.append(platform.http.post(path, json={"vehicle": name}, headers=header))
    assert [each.status_code for each in answers] == [202, 202, 202, 404]
    first, again, other = (each.json()["id"] for each in answers[:3])
    assert first == again != other
    path = f"{TRANSIT}/priority-requests/{first}"
    platform.wait(lambda: platform.http.get(f"/api/v1{path}").status_code == 200)
    known = platform.get(path)
    assert (known["vehicle"], known["line"]) == (bus.vehicle, "1")
    assert known["trip"].startswith("t"), "a journey number"


def _answer(platform: Platform, name: str) -> None:
    """An answer counts once; another one afterwards is refused."""
    path = f"{TRANSIT}/advice/{name}/feedback"
    for _ in range(2):
        assert platform.post(path, {"status": "accepted"})["status"] == "accepted"
    assert platform.post(path, {"status": "done"})["status"] == "done"
    answer = platform.http.post(f"/api/v1{path}", json={"status": "rejected"})
    assert answer.status_code in {404, 409}, "it is over"


def _restart_the_engine(platform: Platform, database: str) -> None:
    """The connection that was told before is known to the next engine, so it advises anew."""
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT stop, line, trunk FROM v2x.trunk_arrival").fetchall() == [
            ("S0", "1", "Metro 4")
        ]
    platform.stop_engine()
    platform.wait(lambda: True)
    before = {each["id"] for each in advice(platform)}
    platform.start_engine()
    platform.wait(lambda: {each["id"] for each in advice(platform)} - before)
