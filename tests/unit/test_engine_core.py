"""The engine without sockets: what goes in as device messages comes out as picture, frames and advice."""

import json

import msgspec
import pytest
from advice_city import NOW
from engine_messages import NETWORK, bsm, raw, spat
from privacy_register import BUS, register_message

from cloudctl.advice.advisory import Advisory
from cloudctl.engine.core import EngineCore
from cloudctl.publish.frames import FrameKind, decode_frame
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import EngineSettings
from ingest.raw_message import RawMessage


class City:
    """Devices of a tiny city: one car with a terminal at 12 m/s, one unit whose signal is red until a fixed time."""

    def __init__(self) -> None:
        self.core = EngineCore(NETWORK, EngineSettings(), epoch=7)
        self.core.control([register_message({"CAR00001": BUS})])
        self.tick = 0
        self.out: list[Outgoing] = []

    @property
    def now(self) -> float:
        return NOW + 0.1 * self.tick

    def drive(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick += 1
            self.take(
                raw("V2X/OBU/CAR00001/BSM/UP", bsm(10.0 + 1.2 * self.tick, self.now), self.now),
                raw("V2X/RSU/RSU00001/SPAT/UP", spat(NOW + 45.0, self.now), self.now),
            )
            self.out += self.core.beat(self.now, lambda: self.now + 0.02).messages

    def take(self, *messages: RawMessage) -> None:
        self.out += self.core.accept(messages)

    def on(self, topic: str) -> list[bytes]:
        return [message.payload for message in self.out if message.topic == topic]


def test_a_car_that_reports_itself_appears_in_the_movers_frame() -> None:
    city = City()
    city.drive(20)
    frame = decode_frame(city.on("V2X/CLOUD/LIVE/MOVERS")[-1])
    assert (frame.kind, frame.epoch, len(frame)) == (FrameKind.MOVERS, 7, 1)
    x, y = NETWORK.plane.forward(frame.column("lon") * 1e-7, frame.column("lat") * 1e-7)
    assert float(x[0]) == pytest.approx(10.0 + 1.2 * city.tick, abs=2.0)
    assert float(y[0]) == pytest.approx(0.0, abs=1.0)
    assert frame.column("speed")[0] == pytest.approx(1200, abs=50)
    assert frame.column("heading")[0] == pytest.approx(9000, abs=100)
    assert frame.column("flags")[0] == 1


def test_live_and_trajectory_frames_come_five_times_a_second_and_links_once() -> None:
    city = City()
    city.drive(50)
    assert len(city.on("V2X/CLOUD/LIVE/MOVERS")) == pytest.approx(25, abs=1)
    assert len(city.on("V2X/CLOUD/TRAJECTORY")) == pytest.approx(25, abs=1)
    assert len(city.on("V2X/CLOUD/LIVE/LINKS")) == pytest.approx(5, abs=1)


def test_the_car_is_told_a_green_wave_speed_and_its_answer_ends_resending() -> None:
    city = City()
    city.drive(100)
    told = [msgspec.json.decode(payload, type=Advisory) for payload in city.on("V2X/OBU/CAR00001/ADVICE/DOWN")]
    assert told
    assert told[0].target == "obu:CAR00001"
    assert told[0].content["signal"] == "SB"
    recorded = {msgspec.json.decode(payload, type=Advisory).id for payload in city.on("V2X/CLOUD/ADVISORY")}
    assert {advisory.id for advisory in told} <= recorded
    answer = {"id": told[-1].id, "status": "accepted"}
    city.take(raw("V2X/OBU/CAR00001/ADVICE/DOWN/ACK", answer, city.now))
    city.drive(1)
    assert city.core.figures.counters["downlink.accepted"] == 1


def test_a_refused_message_is_answered_counted_and_kept() -> None:
    city = City()
    city.take(RawMessage("V2X/OBU/CAR00001/BSM/UP", b'{"msgCnt": 3, "id"', NOW))
    city.drive(1)
    (reply,) = city.on("V2X/OBU/CAR00001/BSM/UP/ACK")
    assert json.loads(reply)["reason"] == "not_json"
    (letter,) = city.on("V2X/CLOUD/DEADLETTER")
    assert json.loads(letter)["topic"] == "V2X/OBU/CAR00001/BSM/UP"
    assert city.core.figures.counters["messages_refused.not_json"] == 1


def test_a_parking_request_is_answered_with_a_lot_that_has_places() -> None:
    city = City()
    status = {"lot": "P1", "timestamp": round(NOW * 1000), "seq": 1, "capacity": 100, "occupied": 40}
    city.take(raw("V2X/PARKING/P1/STATUS/UP", status, city.now))
    city.drive(20)
    lon, lat = (float(value) for value in NETWORK.plane.inverse(1000.0, 0.0))
    request = {
        "msgCnt": 1,
        "id": "CAR00001",
        "secMark": 0,
        "timestamp": round(city.now * 1000),
        "refPos": {"lat": round(lat * 1e7), "long": round(lon * 1e7)},
        "intAndReq": {
            "reqs": [
                {
                    "reqID": 1,
                    "status": "request",
                    "info": {
                        "parking": {
                            "vehicleClass": {"classification": 10},
                            "req": "100000000000",
                            "destination": {"lon": lon, "lat": lat},
                        }
                    },
                }
            ]
        },
    }
    city.take(raw("V2X/OBU/CAR00001/VIR/UP", request, city.now))
    city.drive(15)
    told = [json.loads(payload) for payload in city.on("V2X/OBU/CAR00001/ADVICE/DOWN")]
    (parking,) = [advisory for advisory in told if advisory["kind"] == "parking"]
    assert parking["content"]["lot"] == "P1"
    assert parking["content"]["links"] == ["AB", "BC"]
    lots = json.loads(city.on("V2X/CLOUD/STATE/PARKING")[-1])["lots"]
    assert lots[0]["occupied"] == 40


def test_figures_say_how_old_reports_were_when_the_picture_stood() -> None:
    city = City()
    city.drive(20)
    health = json.loads(city.core.figures.health(1, city.now, NOW, ready=True))
    assert health["latency_ms"]["publish_to_picture"]["p50"] == pytest.approx(20.0, abs=1.0)
    assert health["counters"]["reports_fused"] == 20
    assert health["counters"]["messages_received.obu_bsm"] == 20
    assert health["counters"]["tracks_peak"] == 1
    assert 'v2x_engine_seconds_bucket{le="0.02",stage="publish_to_picture"}' in health["metrics"]


def test_devices_are_listed_with_their_row_and_rate() -> None:
    city = City()
    city.drive(45)
    state = json.loads(city.on("V2X/CLOUD/STATE/DEVICES")[-1])
    assert state["epoch"] == 7
    devices = {device["id"]: device for device in state["devices"]}
    assert devices["CAR00001"]["online"] is True
    assert devices["CAR00001"]["rates"]["obu_bsm"] == pytest.approx(10.0, rel=0.2)
    assert devices["RSU00001"]["kind"] == "rsu"


def test_without_messages_the_engine_coasts_and_advises_nothing() -> None:
    city = City()
    city.drive(100)
    told = len(city.on("V2X/CLOUD/ADVISORY"))
    for _ in range(60):
        city.tick += 1
        city.out += city.core.beat(city.now, lambda: city.now).messages
    later = [msgspec.json.decode(payload, type=Advisory) for payload in city.on("V2X/CLOUD/ADVISORY")[told:]]
    assert all(advisory.created - NOW < 10.0 + 2.5 for advisory in later)
    assert city.core.figures.counters["cycles"] == 160


def test_a_clock_set_back_does_not_stop_the_engine() -> None:
    city = City()
    city.drive(10)
    picture = city.core.beat(NOW - 100.0, lambda: NOW).picture
    assert picture.time == pytest.approx(NOW + 1.0)
