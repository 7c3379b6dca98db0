"""What the engine says of vehicles it may not name leads back to nobody."""

import json

import numpy as np
import pytest
from advice_city import NOW
from engine_messages import NETWORK, bsm, raw
from privacy_register import AGREED, BUS, FOR_EVER, LIVE_ONLY, register_message

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.engine.core import EngineCore
from cloudctl.privacy.register import LawfulBasis, Purpose, Standing
from cloudctl.privacy.veil import Veil
from cloudctl.publish.frames import Frame, decode_frame
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import EngineSettings
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.verdicts import DeadLetter


class Street:
    """One car on a road, in an engine with a register."""

    def __init__(self, **standings: Standing) -> None:
        self.core = EngineCore(NETWORK, EngineSettings(), epoch=7)
        self.core.control([register_message(standings)])
        self.tick = 0
        self.out: list[Outgoing] = []

    def drive(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick += 1
            now = NOW + 0.1 * self.tick
            self.out += self.core.accept([raw("V2X/OBU/CAR00001/BSM/UP", bsm(10.0 + 1.2 * self.tick, now), now)])
            self.out += self.core.beat(now, lambda now=now: now).messages  # type: ignore[misc]  # bound at once

    def frames(self, topic: str = "V2X/CLOUD/TRAJECTORY") -> list[Frame]:
        return [decode_frame(message.payload) for message in self.out if message.topic == topic]

    def devices(self) -> list[str]:
        states = [message.payload for message in self.out if message.topic == "V2X/CLOUD/STATE/DEVICES"]
        return [device["id"] for device in json.loads(states[-1])["devices"]]


def test_a_car_without_consent_is_seen_live_and_named_nowhere() -> None:
    street = Street()
    street.drive(30)
    assert len(street.frames("V2X/CLOUD/LIVE/MOVERS")[-1]) == 1
    frame = street.frames()[-1]
    assert len(frame) == 1
    assert frame.column("dev").tolist() == [-1]
    assert "owner" not in frame.columns
    assert street.devices() == []
    assert not any(b"CAR00001" in message.payload for message in street.out if "/CLOUD/" in message.topic)


def test_a_car_that_agreed_to_storage_is_linked_by_the_owner_column_alone() -> None:
    street = Street(CAR00001=AGREED)
    street.drive(30)
    frame = street.frames()[-1]
    assert frame.column("dev").tolist() == [-1]
    assert frame.column("owner").tolist() == [0]
    assert street.devices() == ["CAR00001"]


def test_a_car_that_agreed_to_be_known_live_only_is_not_linked_in_the_store() -> None:
    street = Street(CAR00001=LIVE_ONLY)
    street.drive(30)
    assert "owner" not in street.frames()[-1].columns
    assert street.devices() == ["CAR00001"]


def test_a_bus_stands_in_the_trajectories_openly() -> None:
    street = Street(CAR00001=BUS)
    street.drive(30)
    assert street.frames()[-1].column("dev").tolist() == [0]
    assert "owner" not in street.frames()[-1].columns


def test_who_withdraws_is_out_of_live_use_at_once_and_cannot_be_followed_on() -> None:
    street = Street(CAR00001=AGREED)
    street.drive(30)
    before = street.frames("V2X/CLOUD/LIVE/MOVERS")[-1].column("id").tolist()
    street.core.control([register_message({}, version=2)])
    street.drive(25)
    after = street.frames("V2X/CLOUD/LIVE/MOVERS")[-1].column("id").tolist()
    assert len(after) == 1
    assert after != before
    assert "owner" not in street.frames()[-1].columns
    assert street.devices() == []


def test_a_consent_that_ends_ends_in_the_engine_without_any_message() -> None:
    until = {Purpose.LIVE_IDENTIFIED: NOW + 4.0, Purpose.STORAGE: NOW + 4.0}
    street = Street(CAR00001=Standing(LawfulBasis.CONSENT, until))
    street.drive(30)
    assert street.devices() == ["CAR00001"]
    street.drive(40)
    assert street.devices() == []
    assert "owner" not in street.frames()[-1].columns


def test_whoever_may_be_known_for_less_than_before_is_told_and_nobody_else() -> None:
    veil = _veil("CAR00001", "CAR00002", "CAR00003", "BUS00001")
    cars = {"CAR00001": AGREED, "CAR00002": AGREED, "CAR00003": LIVE_ONLY}
    veil.take(register_message({**cars, "BUS00001": BUS}).payload)
    assert veil.follow(NOW) == []
    stored_only = Standing(LawfulBasis.CONSENT, {Purpose.STORAGE: FOR_EVER})
    less = {"CAR00001": LIVE_ONLY, "CAR00002": stored_only, "CAR00003": AGREED, "BUS00001": BUS}
    veil.take(register_message(less, version=2).payload)
    assert veil.follow(NOW) == [0, 1]


def test_a_register_that_cannot_be_read_changes_nothing() -> None:
    veil = _veil("CAR00001")
    assert veil.take(register_message({"CAR00001": BUS}).payload)
    assert not veil.take(b"{")
    veil.follow(NOW)
    assert veil.names(0)


def test_only_devices_that_are_nobody_may_be_watched() -> None:
    veil = _veil("CAR00001", "BUS00001", "CAR00002")
    veil.take(register_message({"CAR00001": AGREED, "BUS00001": BUS}).payload)
    assert not veil.is_open("BUS00001"), "not followed yet"
    veil.follow(NOW)
    assert [veil.is_open(name) for name in ("CAR00001", "CAR00002", "BUS00001", "RSU00001")] == [
        False,
        False,
        True,
        True,
    ]


def test_the_newest_source_that_may_be_told_is_told() -> None:
    registry = DeviceRegistry()
    registry.row_of(DeviceKind.OBU, "CAR00001")
    registry.row_of(DeviceKind.RSU, "RSU00001")
    veil = Veil(registry, b"")
    veil.follow(NOW)
    sources = np.array([[0, 1, -1, -1], [1, 0, -1, -1], [0, -1, -1, -1], [-1, -1, -1, -1], [5, 1, -1, -1]], np.int32)
    assert veil.sources(sources).tolist() == [1, 1, -1, -1, 1]


@pytest.mark.parametrize(("standing", "target"), [(None, "obu:anonymous"), (LIVE_ONLY, "obu:CAR00001")])
def test_advice_to_a_hidden_vehicle_names_nobody(standing: Standing | None, target: str) -> None:
    veil = _veil("CAR00001")
    veil.take(register_message({"CAR00001": standing} if standing else {}).payload)
    veil.follow(NOW)
    advisory = Advisory(
        id="a-1",
        kind=AdvisoryKind.PARKING,
        target="obu:CAR00001",
        created=NOW,
        valid_until=NOW + 10,
        reason="CAR00001 asked for a place.",
        reason_code="asked",
        lon=1.0,
        lat=2.0,
        content={"vehicle": "CAR00001", "request_id": "CAR00001-3"},
    )
    told = veil.advisory(advisory)
    assert told.target == target
    hidden = standing is None
    assert ("CAR00001" in repr(told)) is not hidden or told.content["request_id"] == "CAR00001-3"
    assert told.content["vehicle"] == ("anonymous" if hidden else "CAR00001")
    assert told.reason.startswith("anonymous" if hidden else "CAR00001")


def test_a_refused_message_of_a_hidden_vehicle_keeps_its_reason_alone() -> None:
    veil = _veil("CAR00001")
    veil.follow(NOW)
    letter = DeadLetter(NOW, "V2X/OBU/CAR00001/BSM/UP", b'{"id":"CAR00001"}', "range", "id CAR00001 is far away")
    kept = veil.letter(letter)
    assert (kept.topic, kept.payload, kept.reason) == ("V2X/OBU/anonymous/BSM/UP", b"", "range")
    assert "CAR00001" not in kept.detail


def test_a_vehicle_message_handed_on_by_a_unit_is_hidden_too() -> None:
    veil = _veil("CAR00001")
    veil.follow(NOW)
    letter = DeadLetter(NOW, "V2X/RSU/RSU00001/BSM/UP", b'{"id":"CAR00001"}', "range", "CAR00001")
    assert veil.letter(letter).payload == b""
    other = DeadLetter(NOW, "V2X/RSU/RSU00001/SPAT/UP", b'{"id":"x"}', "range", "x")
    assert veil.letter(other) is other


def _veil(*vehicles: str) -> Veil:
    registry = DeviceRegistry()
    for vehicle in vehicles:
        registry.row_of(DeviceKind.OBU, vehicle)
    return Veil(registry, b"")
