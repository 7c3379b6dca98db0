"""The register with real broker, engine, gateway and database: approval, orders and their ends, restarts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import MosquittoBroker
from device_world import Answer, Platform, Unit
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from store_servers import schema_database

from cloudctl.store.embedded import EmbeddedPostgres
from ingest.asyncapi_examples import EXAMPLES


@pytest.fixture
def database(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    with schema_database(plain_postgres.url) as url:
        yield url


@contextmanager
def _retained(port: int, topic: str) -> Iterator[list[Answer]]:
    """What is said on a topic of the platform."""
    said: list[Answer] = []
    client = Client(CallbackAPIVersion.VERSION2, "reader", clean_session=True)
    client.on_message = lambda _, __, message: said.append(json.loads(message.payload))
    client.on_connect = lambda client, *_: client.subscribe(topic, 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    yield said
    client.disconnect()
    client.loop_stop()


def statuses(platform: Platform, device: str) -> list[str]:
    """Status of each delivery to a device, the newest first."""
    return [item["status"] for item in platform.get(f"/devices/{device}/deliveries")["items"]]


def one(platform: Platform, device: str) -> Answer:
    return platform.get(f"/devices/{device}")


def test_an_unknown_unit_waits_for_approval_and_takes_orders_once_it_has_it(
    tmp_path: Path, mosquitto_broker: MosquittoBroker, database: str
) -> None:
    with Platform(tmp_path, mosquitto_broker, database) as platform, Unit(mosquitto_broker.port, "RSU00001") as unit:
        _wait_for_approval(platform)
        _approve(platform)
        _configure(platform, unit)
        _send_map(platform, unit)
        _look_at_frames(platform)
        _restart_the_engine(platform)
        _fall_silent(platform, unit)
        _come_back(platform, unit)


def _wait_for_approval(platform: Platform) -> None:
    pending = {"status": "pending"}
    platform.wait(lambda: [item["id"] for item in platform.get("/devices", **pending)["items"]] == ["RSU00001"])
    platform.wait(lambda: (one(platform, "RSU00001")["health"] or {}).get("heartbeat") is True)
    platform.wait(lambda: one(platform, "RSU00001")["info"]["message"])
    device = one(platform, "RSU00001")
    assert device["health"]["in_picture"] is False
    assert device["health"]["online"] is True
    assert device["info"]["message"]["rsuName"] == "测试"
    assert platform.get("/tracks")["items"] == []
    assert platform.post("/devices/RSU00001/config", {"rsmConfig": {"upLimit": 5}}, 409)["detail"].endswith("anything")


def _approve(platform: Platform) -> None:
    approved = platform.post("/devices/RSU00001/approve")
    assert (approved["status"], approved["approved_by"]) == ("approved", "demo")
    platform.wait(lambda: len(platform.get("/tracks")["items"]) == 1)
    platform.wait(lambda: one(platform, "RSU00001")["health"]["in_picture"])


def _configure(platform: Platform, unit: Unit) -> None:
    ordered = platform.post("/devices/RSU00001/config", {"rsmConfig": {"upLimit": 5}}, 202)
    assert [item["device"] for item in ordered["deliveries"]] == ["RSU00001"]
    platform.wait(lambda: statuses(platform, "RSU00001")[0] == "acknowledged")
    topic, order = unit.orders[-1]
    assert topic == "V2X/RSU/RSU00001/CONFIG/DOWN"
    assert order["rsmConfig"] == {"upLimit": 5}
    told = platform.get(f"/device-revisions/{ordered['revision']}")["deliveries"]
    assert [(item["device"], item["status"]) for item in told] == [("RSU00001", "acknowledged")]


def _send_map(platform: Platform, unit: Unit) -> None:
    content: dict[str, Any] = EXAMPLES["map"]
    kept = platform.post("/device-maps", {"content": content, "map_slice": "west"}, 201)
    platform.post("/devices/RSU00001/map", {"etag": kept["etag"]}, 202)
    platform.wait(lambda: statuses(platform, "RSU00001")[0] == "acknowledged")
    assert unit.orders[-1][1]["eTag"] == kept["etag"]
    assert one(platform, "RSU00001")["map_etag"] == kept["etag"]
    sent = len(unit.orders)
    again = platform.post("/devices/RSU00001/map", {"etag": kept["etag"]}, 202)
    assert again["deliveries"][0]["status"] == "present"
    assert len(unit.orders) == sent


def _look_at_frames(platform: Platform) -> None:
    platform.wait(lambda: len(platform.get("/devices/RSU00001/frames", limit="3")["items"]) == 3)
    frame = platform.get("/devices/RSU00001/frames")["items"][0]
    assert frame["verdict"] == "accepted"
    assert bytes.fromhex(frame["payload_hex"]).startswith(b"{")
    assert frame["readings"][0]["fits"] is True
    assert frame["readings"][0]["way"] == "json"


def _restart_the_engine(platform: Platform) -> None:
    platform.stop_engine()
    platform.start_engine()
    platform.wait(lambda: platform.get("/tracks")["items"] == [])
    platform.wait(lambda: len(platform.get("/tracks")["items"]) == 1)
    assert one(platform, "RSU00001")["status"] == "approved"


def _fall_silent(platform: Platform, unit: Unit) -> None:
    unit.answers = False
    before = len(unit.orders)
    platform.post("/devices/RSU00001/config", {"rsmConfig": {"upLimit": 9}}, 202)
    platform.wait(lambda: statuses(platform, "RSU00001")[0] == "connection_abnormal")
    assert len(unit.orders) - before == 4
    platform.post("/devices/RSU00001/management", {"reboot": "reboot"}, 202)
    platform.wait(lambda: unit.orders[-1][0].endswith("/MNG/DOWN"))
    assert statuses(platform, "RSU00001")[0] == "sent"


def _come_back(platform: Platform, unit: Unit) -> None:
    """Answer one order: the configuration that was given up comes again."""
    unit.answers = True
    platform.post("/devices/RSU00001/management", {"logLevel": "WARN"}, 202)
    platform.wait(lambda: statuses(platform, "RSU00001")[0] == "acknowledged")
    platform.wait(lambda: statuses(platform, "RSU00001")[2] == "acknowledged")
    assert unit.orders[-1][0].endswith("/CONFIG/DOWN")
    assert unit.orders[-1][1]["rsmConfig"] == {"upLimit": 9}


def test_with_automatic_admission_an_unknown_unit_is_in_the_picture_at_once_and_may_be_blocked(
    tmp_path: Path, mosquitto_broker: MosquittoBroker, database: str
) -> None:
    with (
        Platform(tmp_path, mosquitto_broker, database, "automatic") as platform,
        Unit(mosquitto_broker.port, "RSU00002", {"config": {"mapConfig": {"mapSlice": "s", "eTag": "abc"}}}) as unit,
        _retained(mosquitto_broker.port, "V2X/CLOUD/REGISTER/RSU00002") as records,
    ):
        for rubbish in ("a\x00b", 5, ["x"]):  # nothing of it may end the keeping
            unit.say("V2X/RSU/INFO/UP", {"rsuEsn": "RSU00002", "rsuName": rubbish, "location": rubbish})
        platform.wait(lambda: len(platform.get("/tracks")["items"]) == 1)
        platform.wait(lambda: platform.get("/devices", status="approved")["items"])
        platform.wait(lambda: one(platform, "RSU00002")["map_etag"] == "abc")
        assert records[-1].get("signal_control") is None
        unit.info["signalControl"] = "stages"  # the record says it to every engine that starts later
        platform.wait(lambda: records[-1].get("signal_control") == "stages")
        assert one(platform, "RSU00002")["approved_by"] == "automatic"
        assert one(platform, "RSU00002")["dialect"] == "auto"
        platform.post("/devices/RSU00002/block")
        platform.wait(lambda: platform.get("/tracks")["items"] == [])
        assert one(platform, "RSU00002")["health"]["online"] is True
