"""Downlink: what devices are sent, and what happens until they answer."""

import msgspec
import pytest

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.publish.downlink import Downlink
from ingest.messages.rsc import PriorityStrategy, RoadsideCoordination
from ingest.messages.rsi import RoadSideInformation

NOW = 1_700_000_000.0
UNITS = {"S1": "RSU00042"}


def advisory(
    target: str, kind: AdvisoryKind = AdvisoryKind.GLOSA, number: int = 1, lasts: float = 60.0, **more: object
) -> Advisory:
    contents: dict[str, dict[str, object]] = {
        "glosa": {"speed_mps": 10.0},
        "congestion": {
            "alert": "alert-1",
            "event_type": 707,
            "points": [[112.93, 28.2], [112.94, 28.2]],
            "radius_m": 120.0,
            "started": NOW - 60,
            "expires": NOW + 60,
            "confidence": 0.9,
        },
        "bus_priority": {
            "request_id": "r1",
            "vehicle": "BUS00001",
            "region": 1,
            "node_id": 7,
            "phase_id": 3,
            "arrival": NOW + 12,
            "strategy": "extension",
            "max_seconds": 8.0,
        },
    }
    return Advisory(
        id=f"a{number}",
        kind=kind,
        target=target,
        created=NOW,
        valid_until=NOW + lasts,
        reason="Traffic is jammed.",
        reason_code="test",
        lon=112.93,
        lat=28.2,
        content={**contents[str(kind)], **more},
    )


def test_a_congestion_advisory_becomes_an_rsi_of_the_standard() -> None:
    (message,) = Downlink(100).send(advisory("rsu:RSU00001", AdvisoryKind.CONGESTION), NOW, UNITS)
    assert message.topic == "V2X/RSU/RSU00001/RSI/DOWN"
    rsi = msgspec.json.decode(message.payload, type=RoadSideInformation)
    assert rsi.seq_num == "101"
    assert rsi.rtes is not None
    event = rsi.rtes[0]
    assert event.event_type == 707
    assert event.time_details is not None
    assert event.time_details.start_time == 457812
    assert event.time_details.end_time == 457814
    assert event.reference_paths is not None
    assert len(event.reference_paths[0].active_path) == 2


def test_a_priority_advisory_becomes_an_rsc_to_the_unit_at_the_signal() -> None:
    (message,) = Downlink().send(advisory("signal:S1", AdvisoryKind.BUS_PRIORITY), NOW, UNITS)
    assert message.topic == "V2X/RSU/RSU00042/RSC/DOWN"
    rsc = msgspec.json.decode(message.payload, type=RoadsideCoordination)
    assert rsc.priority is not None
    assert rsc.priority.strategy is PriorityStrategy.EXTENSION
    assert rsc.priority.signal.key == (1, 7)
    assert rsc.coordinates is not None
    assert rsc.coordinates[0].veh_id == "BUS00001"


def test_advice_to_a_vehicle_is_the_advisory_itself() -> None:
    given = advisory("obu:CAR00001")
    (message,) = Downlink().send(given, NOW, UNITS)
    assert message.topic == "V2X/OBU/CAR00001/ADVICE/DOWN"
    assert msgspec.json.decode(message.payload, type=Advisory) == given


def test_a_signal_without_a_unit_is_counted() -> None:
    downlink = Downlink()
    assert downlink.send(advisory("signal:S9", AdvisoryKind.BUS_PRIORITY), NOW, UNITS) == []
    assert downlink.counts["no_roadside_unit"] == 1


def test_without_an_answer_a_message_is_sent_four_times_in_all_and_then_given_up() -> None:
    downlink = Downlink()
    (first,) = downlink.send(advisory("obu:CAR00001"), NOW, UNITS)
    again = {second: downlink.resend(NOW + second) for second in range(1, 20)}
    assert {second for second, messages in again.items() if messages} == {3, 6, 9}
    assert again[3] == [first]
    assert downlink.counts["connection_abnormal"] == 1
    assert downlink.waiting == 0


def test_an_answer_stops_resending() -> None:
    downlink = Downlink()
    downlink.send(advisory("obu:CAR00001"), NOW, UNITS)
    receipt = downlink.acknowledge("CAR00001", "a1", accepted=True)
    assert receipt is not None
    assert receipt.advisory.id == "a1"
    assert downlink.resend(NOW + 3) == []
    assert downlink.counts["accepted"] == 1


@pytest.mark.parametrize(("device", "key"), [("CAR00002", "a1"), ("CAR00001", "a2")])
def test_an_answer_of_somebody_else_or_to_something_else_is_only_counted(device: str, key: str) -> None:
    downlink = Downlink()
    downlink.send(advisory("obu:CAR00001"), NOW, UNITS)
    assert downlink.acknowledge(device, key, accepted=True) is None
    assert downlink.waiting == 1
    assert downlink.counts["unknown_ack"] == 1


def test_advice_that_is_over_or_replaced_is_not_sent_again() -> None:
    downlink = Downlink()
    downlink.send(advisory("obu:CAR00001", lasts=2.0), NOW, UNITS)
    downlink.send(advisory("obu:CAR00002", number=2), NOW, UNITS)
    newer = msgspec.structs.replace(advisory("obu:CAR00002", number=3), replaces="a2")
    downlink.send(newer, NOW + 1, UNITS)
    assert downlink.resend(NOW + 3.5) == []
    assert [message.payload for message in downlink.resend(NOW + 4)] == [msgspec.json.encode(newer)]
    assert downlink.counts["expired"] == 1
    assert downlink.counts["superseded"] == 1


def test_all_messages_of_an_alert_carry_one_event_number_and_alerts_differ() -> None:
    downlink = Downlink()
    numbers = []
    for index, alert in enumerate(["x", "y", "x"]):
        given = advisory("rsu:RSU00001", AdvisoryKind.CONGESTION, number=index, alert=alert)
        (message,) = downlink.send(given, NOW, UNITS)
        rsi = msgspec.json.decode(message.payload, type=RoadSideInformation)
        assert rsi.rtes is not None
        numbers.append(rsi.rtes[0].rte_id)
    assert numbers[0] == numbers[2] != numbers[1]


def test_event_numbers_stay_within_the_field_and_the_oldest_is_used_again() -> None:
    downlink = Downlink()
    numbers = []
    for index in range(258):
        given = advisory("rsu:RSU00001", AdvisoryKind.CONGESTION, number=index, alert=str(index))
        (message,) = downlink.send(given, NOW, UNITS)
        rsi = msgspec.json.decode(message.payload, type=RoadSideInformation)
        assert rsi.rtes is not None
        numbers.append(rsi.rtes[0].rte_id)
    assert numbers[:256] == list(range(256))
    assert numbers[256:] == [0, 1]
