"""Plausibility, duplicates, registry, health, topics, addresses and MQTT packets."""

import asyncio

import numpy as np
import pytest
from ingest_samples import BOX, LAT, LON, NOON

from ingest.background import Background
from ingest.backoff import LONGEST, Backoff
from ingest.broker_url import parse_broker_url
from ingest.collector import Shelf
from ingest.device_health import DeviceHealth
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.duplicates import RecentKeys, Sequence
from ingest.errors import BrokerUrlError, MqttProtocolError, RefusalReason, RefusedError
from ingest.messages.status import Location, RsuInfo
from ingest.mqtt_packets import PacketReader, connect_packet, subscribe_packet
from ingest.plausibility import position_fault
from ingest.road_users import KIND_CONFIDENCE_TABLE, KIND_TABLE, NO_CLASS
from ingest.streams import STREAMS, Direction
from ingest.timebase import DeviceClocks
from ingest.topics import find_uplink
from maps.participants import ParticipantKind


@pytest.mark.parametrize(
    ("lon", "lat", "fault"),
    [
        (LON, LAT, None),
        (LAT, LON, RefusalReason.COORDINATES_SWAPPED),
        (1_163_000_000, 399_000_000, RefusalReason.POSITION_OUTSIDE),
        (1_800_000_001, LAT, RefusalReason.POSITION_UNAVAILABLE),
        (LON, 900_000_001, RefusalReason.POSITION_UNAVAILABLE),
    ],
)
def test_a_position_has_at_most_one_fault(lon: int, lat: int, fault: RefusalReason | None) -> None:
    assert position_fault(BOX, lon, lat) is fault


def test_the_surroundings_of_a_position_reach_as_far_as_the_radius_says() -> None:
    near = BOX.around(LON, LAT, 500.0)
    metre_east, metre_north = 1e7 / 111_320 / np.cos(np.radians(LAT * 1e-7)), 1e7 / 111_320
    assert near.holds(LON + int(499 * metre_east), LAT + int(499 * metre_north))
    assert not near.holds(LON + int(502 * metre_east), LAT)
    assert not near.holds(LON, LAT - int(502 * metre_north))


def test_a_repeat_is_the_same_count_at_the_same_time() -> None:
    sequence = Sequence()
    assert not sequence.is_repeat(5, 1000)
    assert sequence.is_repeat(5, 1000)
    assert not sequence.is_repeat(5, 2000)


def test_jumps_of_the_count_are_loss_forward_and_late_backward() -> None:
    sequence = Sequence()
    for stamp, count in enumerate((126, 127, 0, 3, 2)):
        assert not sequence.is_repeat(count, stamp)
    assert (sequence.missing, sequence.late) == (2, 1)


def test_keys_are_forgotten_by_age_and_by_number() -> None:
    keys = RecentKeys(window=10.0, capacity=2)
    assert not keys.is_repeat("a", 0.0)
    assert keys.is_repeat("a", 9.0)
    assert not keys.is_repeat("a", 11.0)
    for key in "bcd":
        assert not keys.is_repeat(key, 12.0)
    assert not keys.is_repeat("a", 12.0)


def test_a_device_keeps_its_row_and_kinds_do_not_mix() -> None:
    registry = DeviceRegistry()
    first = registry.row_of(DeviceKind.RSU, "A")
    assert registry.row_of(DeviceKind.OBU, "A") != first
    assert registry.row_of(DeviceKind.RSU, "A") == first
    assert registry.find(DeviceKind.LOT, "A") is None
    assert [device.kind for device in registry.list_all()] == [DeviceKind.RSU, DeviceKind.OBU]


@pytest.mark.parametrize("device_id", ["", "x" * 65, "a\nb", "a/b"])
def test_an_impossible_device_id_is_refused(device_id: str) -> None:
    with pytest.raises(RefusedError) as caught:
        DeviceRegistry().row_of(DeviceKind.RSU, device_id)
    assert caught.value.reason is RefusalReason.UNKNOWN_DEVICE


def test_a_full_registry_refuses() -> None:
    registry = DeviceRegistry(capacity=1)
    registry.row_of(DeviceKind.RSU, "A")
    with pytest.raises(RefusedError) as caught:
        registry.row_of(DeviceKind.RSU, "B")
    assert caught.value.reason is RefusalReason.TOO_MANY_DEVICES


def test_what_a_unit_says_of_its_place_outweighs_its_messages() -> None:
    registry = DeviceRegistry()
    row = registry.row_of(DeviceKind.RSU, "A")
    registry.place(row, 1.0, 2.0)
    registry.describe(row, RsuInfo(rsu_esn="A", location=Location(lon=3.0, lat=4.0), coverage_radius=250.0, region=0))
    registry.place(row, 5.0, 6.0)
    device = registry.get(row)
    assert (device.lon, device.lat, device.coverage_radius, device.region) == (3.0, 4.0, 250.0, 0)


def test_presence_needs_a_heartbeat_within_two_intervals() -> None:
    registry = DeviceRegistry()
    health = DeviceHealth(registry, DeviceClocks())
    stream = health.stream(registry.row_of(DeviceKind.RSU, "A"), "rsu_heartbeat")
    stream.received, stream.last_received = 1, NOON
    assert [report.heartbeat for report in health.report(NOON + 10.0)] == [True]
    late = health.report(NOON + 10.1)[0]
    assert (late.heartbeat, late.online, late.last_seen) == (False, False, NOON)


def test_a_slow_stream_is_watched_for_some_of_its_intervals_before_it_is_called_slow() -> None:
    registry = DeviceRegistry()
    health = DeviceHealth(registry, DeviceClocks())
    row = registry.row_of(DeviceKind.RSU, "A")
    beats = health.stream(row, "rsu_heartbeat")
    for second in range(0, 61, 2):
        beats.received = second // 5
        health.measure(NOON + second)
        (report,) = health.report(NOON + second)
        assert report.slow == ()
    assert report.rates["rsu_heartbeat"] == pytest.approx(0.2, abs=0.05)
    registry.get(row).nominal_rates = {"rsu_heartbeat": 2.0}
    health.measure(NOON + 63)
    assert health.report(NOON + 63)[0].slow == ("rsu_heartbeat",)


def test_a_stream_at_less_than_half_its_rate_is_slow() -> None:
    registry = DeviceRegistry()
    health = DeviceHealth(registry, DeviceClocks())
    row = registry.row_of(DeviceKind.RSU, "A")
    for name, count in (("rsu_rsm", 40), ("rsu_spat", 90)):
        stream = health.stream(row, name)
        health.measure(NOON)
        stream.received, stream.last_received = count, NOON + 10.0
        stream.latencies.append(0.05)
        stream.measure(NOON + 10.0)
    report = health.report(NOON + 10.0)[0]
    assert report.rates == pytest.approx({"rsu_rsm": 4.0, "rsu_spat": 9.0})
    assert report.slow == ("rsu_rsm",)
    assert report.latency_ms_p50 == pytest.approx(50.0)


def test_every_uplink_topic_of_the_table_is_found_again() -> None:
    for stream in STREAMS:
        found = find_uplink(stream.topic_of("X1"))
        if stream.direction is Direction.UP:
            assert found == (stream, "X1" if "{device}" in stream.topic else None)
        else:
            assert found is None


@pytest.mark.parametrize("topic", ["", "V2X", "V2X/RSU/A/NONSENSE/UP", "V2X/RSU/A/RSM/UP/MORE", "other/RSU/A/RSM/UP"])
def test_other_topics_are_unknown(topic: str) -> None:
    assert find_uplink(topic) is None


def test_road_users_are_known_by_class_before_type() -> None:
    assert KIND_TABLE[1, 54] == ParticipantKind.BUS
    assert KIND_TABLE[1, NO_CLASS] == ParticipantKind.CAR
    assert KIND_TABLE[0, 25] == ParticipantKind.TRUCK
    assert KIND_TABLE[0, NO_CLASS] == ParticipantKind.UNKNOWN
    assert KIND_TABLE[2, NO_CLASS] == ParticipantKind.CYCLIST
    assert KIND_TABLE[2, 40] == ParticipantKind.MOTORCYCLE
    assert KIND_TABLE[3, 10] == ParticipantKind.PEDESTRIAN
    assert KIND_CONFIDENCE_TABLE[1, 54] > KIND_CONFIDENCE_TABLE[1, NO_CLASS] > KIND_CONFIDENCE_TABLE[0, NO_CLASS]


def test_a_shelf_drops_the_oldest_and_counts() -> None:
    shelf: Shelf[int] = Shelf(2)
    for item in (1, 2, 3):
        shelf.put(item)
    assert (len(shelf), shelf.take(), shelf.shed, len(shelf)) == (2, [2, 3], 1, 0)


def test_the_wait_between_attempts_stays_below_its_ceiling() -> None:
    backoff = Backoff()
    ceilings = (0.5, 1.0, 2.0, 4.0, 8.0, LONGEST, LONGEST)
    assert all(0.0 <= backoff.next_delay() <= ceiling for ceiling in ceilings)
    backoff.reset()
    assert backoff.next_delay() <= 0.5


def test_a_broker_address_has_parts() -> None:
    url = parse_broker_url("mqtt://bus%20desk:p%40ss@[::1]:1999")
    assert (url.host, url.port, url.user, url.password) == ("::1", 1999, "bus desk", "p@ss")
    assert str(url) == "mqtt://[::1]:1999"
    assert "p@ss" not in repr(url)
    assert parse_broker_url("mqtt://broker").port == 1883


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "scheme"),
        ("http://broker", "scheme 'http'"),
        ("mqtt://", "no host"),
        ("mqtt://broker:port", "Port"),
        ("mqtt://broker:0", "port 0"),
        ("mqtt://broker/topic", "nothing may follow"),
        ("mqtt://[::1", "Invalid IPv6"),
    ],
)
def test_a_wrong_broker_address_says_what_is_wrong(url: str, words: str) -> None:
    with pytest.raises(BrokerUrlError, match=words):
        parse_broker_url(url)


def test_a_wrong_broker_address_does_not_show_the_password() -> None:
    with pytest.raises(BrokerUrlError) as caught:
        parse_broker_url("tcp://user:secret@broker")
    assert "secret" not in str(caught.value)


def publish(topic: bytes, payload: bytes, first: int = 0x30) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (b"\x00\x07" if first & 6 else b"") + payload
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return bytes([first]) + length + body


def test_packets_are_the_same_however_the_stream_is_cut() -> None:
    stream = b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x00" + publish(b"a", b"x" * 300) + publish(b"bc", b"", 0x32)
    for size in (1, 2, 3, 7, len(stream)):
        heard: list[tuple[bytes, bytes]] = []
        reader = PacketReader(lambda topic, payload, heard=heard: heard.append((topic, payload)))  # type: ignore[misc]  # default binds the list
        for start in range(0, len(stream), size):
            reader.feed(stream[start : start + size])
        assert heard == [(b"a", b"x" * 300), (b"bc", b"")]
        assert reader.connected
        assert reader.subscribed


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x20\x02\x00\x05", "not authorised"),
        (b"\x20\x00", "refused"),
        (b"\x90\x03\x00\x01\x80", "subscription refused"),
        (b"\x40\x02\x00\x01", "kind 4"),
        (b"\x30\x00", "shorter"),
        (b"\x30\x03\x00\x09a", "shorter"),
        (b"\x30\xff\xff\xff\x7f", "packet of"),
        (b"\x30\xff\xff\xff\xff\x01", "more than four"),
    ],
)
def test_what_is_not_mqtt_ends_the_connection(data: bytes, words: str) -> None:
    with pytest.raises(MqttProtocolError, match=words):
        PacketReader(lambda _topic, _payload: None).feed(data)


def test_connect_and_subscribe_have_the_layout_of_the_standard() -> None:
    assert connect_packet("me", 30, None, None) == b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x1e\x00\x02me"
    assert connect_packet("me", 30, "u", "p") == b"\x10\x14\x00\x04MQTT\x04\xc2\x00\x1e\x00\x02me\x00\x01u\x00\x01p"
    assert connect_packet("me", 30, "u", None)[9] == 0x82
    assert subscribe_packet(("a/+",)) == b"\x82\x08\x00\x01\x00\x03a/+\x00"


class Failing(Background):
    """Breaks at once."""

    async def _run(self) -> None:
        raise OSError("broken")


class Idle(Background):
    """Waits for ever."""

    async def _run(self) -> None:
        await asyncio.Event().wait()


async def test_a_background_task_that_breaks_interrupts_its_owner() -> None:
    with pytest.raises(OSError, match="broken"):
        async with Failing("x"):
            await asyncio.sleep(10)
    await asyncio.sleep(0)


async def test_an_error_of_the_owner_passes_through_unchanged() -> None:
    with pytest.raises(KeyError):
        async with Idle("x"):
            raise KeyError("mine")


async def test_a_background_task_is_used_once() -> None:
    idle = Idle("x")
    async with idle:
        with pytest.raises(RuntimeError, match="used once"):
            await idle.__aenter__()
