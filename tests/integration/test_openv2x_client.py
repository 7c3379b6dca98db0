"""A unit that knows OpenV2X alone works with the platform: real broker, real engine process, no message refused."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from conftest import MosquittoBroker
from engine_messages import NETWORK
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.publish.delivery import Order
from cloudctl.publish.downlink import Downlink
from cloudctl.publish.frames import decode_frame
from ingest.asyncapi_examples import EXAMPLES
from ingest.device_registry import DeviceRegistry
from ingest.messages.acks import Ack
from ingest.messages.map_data import MapData
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from maps.network_file import save_network
from simulators.openv2x_client import Ledger, OpenV2XUnit, speak
from simulators.openv2x_messages import Place

SECONDS = 12.0


class Ears:
    """All that the platform says, and one command to it."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, "ears", clean_session=True)
        self.client.on_connect = lambda client, *_: client.subscribe("V2X/CLOUD/#", 1)
        self.client.on_message = self._hear
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def on(self, topic: str) -> list[bytes]:
        return [payload for name, payload in self.heard if name == topic]

    def ready(self) -> bool:
        return any(json.loads(payload)["ready"] for payload in self.on("V2X/CLOUD/HEALTH/engine"))

    def order(self, number: int, kind: str, content: dict[str, object], **more: str) -> None:
        now = time.time()
        content = {"delivery": number, "device": "OV2X0001", "kind": kind, "content": content, **more}
        command = {
            "id": f"c{number}",
            "kind": "deliver",
            "issued_by": "t",
            "time": now,
            "expires": now + 60,
            "content": content,
        }
        self.client.publish("V2X/CLOUD/COMMAND/deliver", json.dumps(command), 1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def ears(tmp_path: Path, mosquitto_broker: MosquittoBroker) -> Iterator[Ears]:
    save_network(NETWORK, tmp_path / "city.v2xmap")
    config = tmp_path / "engine.toml"
    config.write_text(
        f'data_dir = "var"\n[map]\nfile = "city.v2xmap"\ntiles = "none"\n[broker]\nurl = "{mosquitto_broker.url}"\n'
        '[devices]\nadmission = "automatic"\n'
    )
    with (tmp_path / "engine.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "cloudctl.engine", "--config", str(config)], stderr=log)
        found = Ears(mosquitto_broker.port)
        try:
            until = time.monotonic() + 90.0
            while not found.ready():
                assert process.poll() is None, (tmp_path / "engine.log").read_text()
                assert time.monotonic() < until, "the engine is not ready"
                time.sleep(0.1)
            yield found
        finally:
            found.close()
            process.kill()
            process.wait()


def test_an_openv2x_unit_is_heard_seen_and_told(ears: Ears, mosquitto_broker: MosquittoBroker) -> None:
    lon, lat = (float(value) for value in NETWORK.plane.inverse(300.0, 0.0))
    unit = OpenV2XUnit("OV2X0001", Place(lon, lat))

    async def speak_and_order() -> None:
        later = asyncio.get_running_loop().call_later
        later(SECONDS / 3, lambda: ears.order(1, "config", {"rsmConfig": {"upLimit": 10}}))
        later(SECONDS / 2, lambda: ears.order(2, "map", EXAMPLES["map"], etag="e1", map_slice="west"))
        await speak(mosquitto_broker.url, unit, SECONDS)

    asyncio.run(speak_and_order())
    assert unit.ledger.refused == []
    assert {"INFO", "BaseINFO", "HB", "RSM", "RSI", "MAP", "SPAT", "VIR", "BSM", "RunningInfo"} <= set(unit.ledger.sent)
    assert unit.ledger.answered == {"CONFIG": 1, "MAP": 1}
    assert unit.ledger.strange == []
    assert max(len(decode_frame(payload)) for payload in ears.on("V2X/CLOUD/LIVE/MOVERS")) >= 4
    states = [json.loads(payload) for payload in ears.on("V2X/CLOUD/STATE/DEVICES")]
    (device,) = (one for one in states[-1]["devices"] if one["id"] == "OV2X0001")
    assert (device["dialect"], device["refused"], device["online"]) == ("openv2x", {}, True)
    assert [json.loads(payload)["status"] for payload in ears.on("V2X/CLOUD/DELIVERY")] == ["sent", "accepted"] * 2
    assert ears.on("V2X/CLOUD/DEADLETTER") == []


class Platform:
    """The down-link beside a pipeline that learns how the unit speaks, over a real broker."""

    def __init__(self, port: int) -> None:
        self.pipeline = Pipeline(NETWORK.plane, BoxE7.of_network(NETWORK), DeviceRegistry())
        self.downlink = Downlink(0, self.pipeline.registry)
        self.client = Client(CallbackAPIVersion.VERSION2, "platform", clean_session=True)
        self.client.on_connect = lambda client, *_: client.subscribe("V2X/RSU/#", 1)
        self.client.on_message = self._hear
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.pipeline.accept(message.topic, bytes(message.payload), time.time())
        for report in self.pipeline.take_events():
            if isinstance(report.message, Ack):
                self.downlink.acknowledge(
                    "OV2X0001", str(report.message.seq_num), accepted=not report.message.error_code
                )

    def tell(self) -> None:
        """Send an alert, a priority for a bus, and a MAP."""
        now = time.time()
        alert = {"alert": "a", "event_type": 707, "points": [[112.93, 28.2], [112.94, 28.2]], "radius_m": 100.0}
        alert |= {"started": now - 60, "expires": now + 60, "confidence": 0.9}
        priority = {"request_id": "r1", "vehicle": "BUS00001", "region": 1, "node_id": 100, "phase_id": 1}
        priority |= {"arrival": now + 12, "strategy": "extension", "max_seconds": 8.0}
        advisories = (
            ("rsu:OV2X0001", AdvisoryKind.CONGESTION, alert),
            ("signal:B", AdvisoryKind.BUS_PRIORITY, priority),
        )
        messages = []
        for number, (target, kind, content) in enumerate(advisories):
            advisory = Advisory(
                id=f"a{number}", kind=kind, target=target, created=now, valid_until=now + 60, reason="jam",
                reason_code="test", lon=112.93, lat=28.2, content=content,
            )  # fmt: skip
            messages += self.downlink.send(advisory, now, {"B": "OV2X0001"})
        body = msgspec.convert(EXAMPLES["map"], MapData)
        order = Order("m", "OV2X0001", "map", body, extras={"eTag": "e1", "mapSlice": "west"})
        for message in (*messages, *self.downlink.order(order, now)):
            self.client.publish(message.topic, message.payload, message.qos)


def test_alert_priority_and_map_reach_an_openv2x_unit_in_its_own_words_and_are_answered(
    mosquitto_broker: MosquittoBroker,
) -> None:
    platform = Platform(mosquitto_broker.port)
    lon, lat = (float(value) for value in NETWORK.plane.inverse(300.0, 0.0))
    unit = OpenV2XUnit("OV2X0001", Place(lon, lat))

    async def speak_and_tell() -> None:
        asyncio.get_running_loop().call_later(1.0, platform.tell)
        await speak(mosquitto_broker.url, unit, 3.0)

    asyncio.run(speak_and_tell())
    platform.client.disconnect()
    platform.client.loop_stop()
    assert unit.ledger.strange == []
    assert unit.ledger.answered == {"RSI": 1, "RSC": 1, "MAP": 1}
    assert platform.downlink.counts == {"sent": 3, "accepted": 3}


def test_what_a_unit_did_is_told_as_json() -> None:
    ledger = Ledger()
    ledger.sent["RSM"] += 2
    assert json.loads(ledger.as_json())["sent"] == {"RSM": 2}
