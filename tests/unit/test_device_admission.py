"""Who enters the picture: the registry's decisions, records of the register, presence, and the messages of the held."""

import json

import msgspec
import pytest
from advice_city import NOW
from device_world import rsm
from engine_messages import NETWORK, bsm, raw, spat

from cloudctl.devices.record import CoordinateSystem, DeviceRecord, DeviceStatus, DeviceType
from cloudctl.engine.admission import Admission
from cloudctl.engine.core import EngineCore
from cloudctl.engine.inbox import REGISTER_PREFIX
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import EngineSettings
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.raw_message import RawMessage
from ingest.uper.schema import Profile
from maps.coordinates import Crs

APPROVED, BLOCKED, PENDING = DeviceStatus.APPROVED, DeviceStatus.BLOCKED, DeviceStatus.PENDING


def record(
    device: str = "RSU00001", status: DeviceStatus = APPROVED, kind: DeviceType = DeviceType.RSU
) -> DeviceRecord:
    return DeviceRecord(id=device, kind=kind, status=status)


class City:
    """An engine that holds unknown roadside devices back, and what it says."""

    def __init__(self) -> None:
        self.core = EngineCore(NETWORK, EngineSettings(), epoch=3, hold_unknown=True)
        self.tick = 0
        self.out: list[Outgoing] = []

    @property
    def now(self) -> float:
        return NOW + 0.1 * self.tick

    def say(self, topic: str, message: dict[str, object]) -> None:
        self.out += self.core.accept([raw(topic, message, self.now)])

    def tell(self, told: DeviceRecord) -> None:
        payload = msgspec.json.encode(told)
        self.core.control([RawMessage(REGISTER_PREFIX + told.id, payload, self.now)])

    def run(self, ticks: int = 15, unit: str = "RSU00001") -> int:
        """Let a unit report a car and its signal; gives the tracks at the end."""
        for _ in range(ticks):
            self.tick += 1
            self.say(f"V2X/RSU/{unit}/RSM/UP", rsm(unit, self.tick, self.now))
            self.say(f"V2X/RSU/{unit}/SPAT/UP", spat(NOW + 45.0, self.now))
            beat = self.core.beat(self.now, lambda: self.now)
            self.out += beat.messages
        return len(beat.picture.tracks)

    def device(self, name: str = "RSU00001") -> dict[str, object]:
        states = [json.loads(out.payload) for out in self.out if out.topic == "V2X/CLOUD/STATE/DEVICES"]
        found: dict[str, object] = next(each for each in states[-1]["devices"] if each["id"] == name)
        return found

    def controllers(self) -> list[tuple[str, str]]:
        """Unit and status of each controller that takes stages."""
        states = [json.loads(out.payload) for out in self.out if out.topic == "V2X/CLOUD/STATE/SIGNALS"]
        return [(each["unit"], each["status"]) for each in states[-1]["control"]]


def test_an_unknown_unit_is_decoded_and_counted_and_stays_out_of_the_picture_until_it_is_approved() -> None:
    city = City()
    assert city.run() == 0
    assert city.core.pipeline.counters.accepted["rsu_rsm"] == 15
    assert city.core.pipeline.counters.held["rsu_rsm"] == 15
    city.run(30)
    assert city.device()["live"] is False
    assert city.device()["online"] is True
    city.tell(record())
    assert city.run() == 1
    city.run(30)
    assert city.device()["live"] is True


def test_a_record_tells_an_engine_that_has_just_started_which_controllers_take_stages() -> None:
    city = City()
    city.tell(record())
    city.run(30)
    assert city.controllers() == []
    city.tell(msgspec.structs.replace(record(), signal_control="stages"))
    city.run(30)
    assert city.controllers() == [("RSU00001", "offered")]
    city.tell(record())  # a record that says nothing of it takes nothing back: the unit's own word is newer
    city.run(30)
    assert city.controllers() == [("RSU00001", "offered")]


def test_blocking_takes_a_unit_out_of_the_picture_and_off_its_signal() -> None:
    city = City()
    city.tell(record())
    city.run(40)
    assert city.core.pipeline.registry.held == set()
    city.tell(record(status=BLOCKED))
    city.run(60)
    assert city.run() == 0


def test_vehicles_are_never_held_back_unless_their_record_says_so() -> None:
    city = City()
    for _ in range(15):
        city.tick += 1
        city.say("V2X/OBU/CAR00001/BSM/UP", bsm(10.0 + 1.2 * city.tick, city.now))
        picture = city.core.beat(city.now, lambda: city.now).picture
    assert len(picture.tracks) == 1
    city.tell(record("CAR00002", PENDING, DeviceType.OBU))
    city.tell(record("CAR00003", BLOCKED, DeviceType.OBU))
    held = {city.core.registry.get(row).id for row in city.core.registry.held}
    assert held == {"CAR00003"}


def test_what_a_held_unit_hands_on_of_others_stays_out_too() -> None:
    city = City()
    for _ in range(15):
        city.tick += 1
        city.say("V2X/RSU/RSU00001/BSM/UP", bsm(10.0 + 1.2 * city.tick, city.now))
        picture = city.core.beat(city.now, lambda: city.now).picture
    assert len(picture.tracks) == 0
    assert city.core.pipeline.counters.held["rsu_bsm"] == 15


def test_a_record_that_came_before_the_device_decides_on_its_first_message() -> None:
    registry = DeviceRegistry(hold_unknown=True)
    registry.decide("R1", vehicle=False, live=True)
    assert registry.get(registry.row_of(DeviceKind.RADAR, "R1")).live is True
    assert registry.get(registry.row_of(DeviceKind.RSU, "R2")).live is False
    assert registry.get(registry.row_of(DeviceKind.OBU, "R2")).live is True


def test_without_holding_everybody_is_live() -> None:
    registry = DeviceRegistry()
    assert registry.get(registry.row_of(DeviceKind.RSU, "R2")).live is True


def test_a_record_tells_how_a_device_writes_and_how_often() -> None:
    registry = DeviceRegistry()
    told = DeviceRecord(
        id="R9",
        kind=DeviceType.LIGHT_POLE,
        status=APPROVED,
        name="灯杆",
        lon=112.9,
        lat=28.2,
        coordinate_system=CoordinateSystem.GCJ02,
        profile=Profile.VN4,
        dialect="openv2x",
        nominal_rates={"rsu_heartbeat": 0.1},
    )
    Admission(registry).take(msgspec.json.encode(told))
    device = registry.find(DeviceKind.RSU, "R9")
    assert device is not None
    assert (device.name, device.lon, device.lat) == ("灯杆", 112.9, 28.2)
    assert (device.crs, device.profile, device.dialect) == (Crs.GCJ02, Profile.VN4, "openv2x")
    assert device.nominal_rates == {"rsu_heartbeat": 0.1}


def test_what_a_device_showed_of_its_dialect_stays_until_somebody_says_otherwise() -> None:
    registry = DeviceRegistry()
    admission = Admission(registry)
    row = registry.row_of(DeviceKind.RSU, "R1")
    registry.note_dialect(row, "openv2x")
    said = record("R1")
    for _ in range(2):
        admission.take(msgspec.json.encode(said))
    assert registry.get(row).dialect == "openv2x"
    admission.take(msgspec.json.encode(msgspec.structs.replace(said, dialect="dris")))
    assert registry.get(row).dialect == "dris"


def test_bytes_that_are_no_record_change_nothing_and_are_counted() -> None:
    registry = DeviceRegistry()
    admission = Admission(registry)
    for payload in (b"", b"{}", b"\xff", msgspec.json.encode(record("a/b"))):
        admission.take(payload)
    assert admission.counts["unreadable"] == 2
    assert len(registry) == 0


@pytest.mark.parametrize(
    ("nominal", "after", "present"),
    [(None, 10.0, True), (None, 10.5, False), (1 / 60, 119.0, True), (1 / 60, 121.0, False)],
)
def test_a_unit_is_present_for_two_intervals_of_its_heartbeat(
    nominal: float | None, after: float, *, present: bool
) -> None:
    core = EngineCore(NETWORK, EngineSettings(), epoch=3)
    core.accept([raw("V2X/RSU/HB/UP", {"rsuEsn": "RSU00001"}, NOW)])
    device = core.registry.find(DeviceKind.RSU, "RSU00001")
    assert device is not None
    if nominal is not None:
        device.nominal_rates = {"rsu_heartbeat": nominal}
    (report,) = core.pipeline.report_devices(NOW + after)
    assert report.heartbeat is present
    assert report.online is present


def test_a_stream_is_slow_against_the_nominal_rate_of_the_device() -> None:
    city = City()
    city.tell(DeviceRecord(id="RSU00001", kind=DeviceType.RSU, status=APPROVED, nominal_rates={"rsu_rsm": 40.0}))
    city.run(60)
    assert city.device()["slow"] == ["rsu_rsm"]
    assert city.device()["nominal"] == {"rsu_rsm": 40.0, "rsu_spat": 10.0}
