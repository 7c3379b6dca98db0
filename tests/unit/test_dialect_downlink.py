"""Messages to devices: each in the dialect, profile and reference system of the device that reads it."""

from typing import Any

import msgspec
import pytest
from ingest_samples import LAT, LON, NOON, Json, new_pipeline, raw, spat

from cloudctl.publish.delivery import DeliveryStatus, Order
from cloudctl.publish.downlink import Downlink
from ingest.asyncapi_examples import EXAMPLES
from ingest.asyncapi_orders import ORDER_EXAMPLES
from ingest.device_kinds import DeviceKind
from ingest.device_registry import Device, DeviceRegistry
from ingest.dialects.catalogue import find_down, list_forms
from ingest.dialects.description import DownForm, Take
from ingest.dialects.reading import read_form
from ingest.dialects.writing import write_form
from ingest.down_messages import DownMessage, Written, write_down
from ingest.envelope import open_envelope
from ingest.errors import RefusedError
from ingest.intake_events import type_of_stream
from ingest.messages.common import Wire
from ingest.messages.orders import ORDER_TYPES
from ingest.messages.rsc import RoadsideCoordination
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.uper_form import to_message
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from maps.coordinates import Crs, convert

PLACE = {"offsetLL": {"position-LatLon": {"lon": LON, "lat": LAT}}}
ALERT: Json = {"rsiDatas": [{"alertID": "1", "eventType": 707, "eventPosition": {"lat": LAT, "lon": LON}}]}
EVENT: Json = {
    "rteId": 7,
    "eventType": 707,
    "eventSource": "detection",
    "eventPos": PLACE,
    "eventRadius": 500,
    "description": {"textString": "jam"},
    "timeDetails": {"startTime": 468_720, "endTime": 468_735},
    "priority": "A0",
    "referencePaths": [{"activePath": [PLACE, PLACE], "pathRadius": 100}],
    "eventConfidence": 180,
}
RSI_JSON: Json = {
    "msgCnt": 5,
    "moy": 468_720,
    "id": "CLOUD",
    "refPos": {"lat": LAT, "long": LON, "elevation": 520},
    "rtes": [EVENT],
}
RSI = msgspec.convert(RSI_JSON, RoadSideInformation)


def unit(dialect: str = "", kind: DeviceKind = DeviceKind.RSU, **more: Any) -> Device:
    return Device(0, "R1", kind, dialect=dialect, **more)


def body_of(name: str) -> Wire:
    if name in ORDER_TYPES:
        return msgspec.convert(ORDER_EXAMPLES[name], ORDER_TYPES[name])
    return msgspec.convert(EXAMPLES[name], type_of_stream(f"rsu_{name}"))


def written(device: Device, name: str, body: Wire | None = None, **extras: Any) -> Written:
    return write_down(device, DownMessage(name, body or body_of(name), "12", extras), NOON)


def text(device: Device, name: str, body: Wire | None = None, **extras: Any) -> Any:
    return msgspec.json.decode(written(device, name, body, **extras).payload)


@pytest.mark.parametrize(
    "name", ["rsi", "rsm", "rsc", "map", "spat", "config", "mng", "cwm", "cgw", "rdw", "osw", "ssw"]
)
def test_a_device_that_showed_no_dialect_gets_the_standard_with_a_sequence_number(name: str) -> None:
    made = written(unit(), name)
    assert made.topic == f"V2X/RSU/R1/{name.upper()}/DOWN"
    assert made.key == "12"
    said = msgspec.json.decode(made.payload)
    assert (said.pop("seqNum"), said.pop("ack")) == ("12", True)
    assert msgspec.convert(said, type(body_of(name))) == body_of(name)


def test_an_openv2x_unit_gets_one_alert_an_event_with_class_status_and_time() -> None:
    assert text(unit("openv2x"), "rsi", RSI) == {
        "rsiSourceType": "integrated",
        "rsiSourceId": "CLOUD",
        "rsiDatas": [
            {
                "alertID": "7",
                "duration": 900,
                "eventStatus": True,
                "timeStamp": "2025-11-22T12:00:00Z",
                "eventClass": "AbnormalTraffic",
                "eventType": 707,
                "eventSource": "detection",
                "eventPosition": {"lat": LAT, "lon": LON},
                "eventConfidence": 180,
                "eventRadius": 500,
                "eventDescription": "jam",
                "eventPriority": 5,
                "referencePaths": [{"activePath": [{"lat": LAT, "lon": LON}] * 2, "pathRadius": 100}],
            }
        ],
        "ack": True,
        "seqNum": "12",
    }


def test_an_openv2x_unit_gets_a_map_whose_numbers_are_text_and_whose_lists_are_named() -> None:
    made = text(unit("openv2x"), "map", eTag="t1", mapSlice="s")
    assert (made["eTag"], made["mapSlice"], made["map"]["msgCnt"]) == ("t1", "s", "1")
    (node,) = made["map"]["nodes"]["Node"]
    assert node["id"] == {"region": "4301", "id": "264"}
    (link,) = node["inLinks"]["Link"]
    (lane,) = link["lanes"]["Lane"]
    assert (link["linkWidth"], lane["laneID"]) == ("700", "1")
    assert len(lane["points"]["RoadPoint"]) == 2


def test_an_openv2x_unit_gets_the_local_second_at_which_a_light_ends() -> None:
    (signal,) = text(unit("openv2x"), "spat")["intersections"]
    assert (signal["intersectionId"], signal["status"]) == ("264", True)
    (phase,) = signal["phases"]
    assert phase == {"phaseId": "1", "phaseStates": {"light": "red", "timing": "2025-11-22 20:00:10"}}


def test_a_dawnline_unit_gets_what_openv2x_units_get_and_config_as_all_do() -> None:
    assert written(unit("dawnline"), "rsi", RSI) == written(unit("openv2x"), "rsi", RSI)
    assert written(unit("dawnline"), "config") == written(unit(), "config")


def test_a_dris_unit_gets_json_inside_a_text_with_degrees_and_levels() -> None:
    made = written(unit("dris"), "rsi", RSI)
    assert made.topic == "v2x/v1/rsu/R1/rsi/down"
    outer = msgspec.json.decode(made.payload)
    assert outer["name"] == "rsi"
    inner = msgspec.json.decode(outer["content"])
    assert (inner["seqNum"], inner["ack"]) == ("12", True)
    (data,) = inner["rsiDatas"]
    assert (data["id"], data["timeStamp"]) == ("CLOUD", 468_720)
    assert data["refPos"] == {"lat": 28.2281611, "lon": 112.9385943, "ele": 520}
    (event,) = data["rtes"]
    assert event["eventPosition"] == {"lat": 28.2281611, "lon": 112.9385943}
    assert (event["eventPriority"], event["duration"], event["eventDescription"]) == (5, 900, "jam")


@pytest.mark.parametrize(
    ("dialect", "name", "stream"),
    [(d, n, f"rsu_{n}") for d in ("openv2x", "dris") for n in ("rsi", "rsm", "spat", "map")],
)
def test_what_goes_down_reads_back_as_what_comes_up_in_the_same_dialect(dialect: str, name: str, stream: str) -> None:
    body = RSI if name == "rsi" else body_of(name)
    payload = written(unit(dialect), name, body).payload
    start = "v2x/v1/rsu/" if dialect == "dris" else "V2X/RSU/"
    form = next(f for f in list_forms() if f.stream == stream and f.topic.startswith(start) and "DAWN" not in f.topic)
    (again,) = read_form(form, payload, type_of_stream(stream), device="R1", received=NOON)
    first = {"rsi": "rtes", "rsm": "participants", "spat": "intersections", "map": "nodes"}[name]
    was, came = (getattr(one, first)[0] for one in (body, again))
    if name == "rsi":
        assert (came.rte_id, came.event_type, came.event_radius) == (was.rte_id, was.event_type, was.event_radius)
        assert came.event_pos == was.event_pos
    elif name == "rsm":
        assert (came.ptc_id, came.speed, came.heading, came.size) == (was.ptc_id, was.speed, was.heading, was.size)
        assert came.pos.offset_ll.resolve_e7(again.ref_pos) == was.pos.offset_ll.resolve_e7(body.ref_pos)  # type: ignore[attr-defined]  # an RSM
    elif name == "spat":
        assert came.intersection_id.id == was.intersection_id.id
        state, other = came.phases[0].phase_states[0], was.phases[0].phase_states[0]
        assert state.light_code == other.light_code
        assert state.timing.counting.likely_end_time == other.timing.counting.likely_end_time
    else:
        assert came.id == was.id
        assert came.in_links == was.in_links


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("name", ["rsi", "rsm", "map", "spat"])
def test_a_unit_of_uper_gets_a_frame_that_its_profile_reads(profile: Profile, name: str) -> None:
    body = RSI if name == "rsi" else body_of(name)
    made = written(unit("uper", profile=profile), name, body)
    assert made.topic == f"V2X/RSU/R1/{name.upper()}/DOWN/UPER"
    assert made.key == str(body.msg_cnt)  # type: ignore[attr-defined]  # all four have it
    again = to_message(codec_for(profile).decode(made.payload), profile)
    assert type(again) is type(body)
    if isinstance(again, RoadSideInformation):
        assert again.rtes is not None
        assert (again.rtes[0].rte_id, again.rtes[0].event_type) == (7, 707)


def test_what_a_profile_cannot_say_goes_out_as_json() -> None:
    order = written(unit("uper", profile=Profile.V4), "rsc")
    assert order.topic == "V2X/RSU/R1/RSC/DOWN"
    assert isinstance(msgspec.convert(msgspec.json.decode(order.payload), RoadsideCoordination), RoadsideCoordination)
    assert written(unit("uper", profile=Profile.D2), "rsc").topic == "V2X/RSU/R1/RSC/DOWN/UPER"


def test_a_gateway_gets_the_envelope_with_its_serial_and_the_time() -> None:
    made = written(unit("envelope"), "rsi", RSI)
    assert made.topic == "V2X.RSU.RSI.R1.DOWN"
    envelope = open_envelope(made.payload, bundle=False)
    assert (envelope.rsu_id, envelope.time_ms) == ("R1", round(NOON * 1000))
    assert codec_for(Profile.V4).decode(envelope.frames[0]).keys() == {"rsiFrame"}
    assert written(unit("envelope"), "config").topic == "V2X.RSU.CONFIG.R1.DOWN"


def test_a_gcj02_unit_gets_gcj02_positions() -> None:
    made = text(unit("openv2x", crs=Crs.GCJ02), "rsi", RSI)
    lon, lat = convert(LON * 1e-7, LAT * 1e-7, Crs.WGS84, Crs.GCJ02)
    assert made["rsiDatas"][0]["eventPosition"] == {"lat": round(float(lat) * 1e7), "lon": round(float(lon) * 1e7)}


def test_what_a_dialect_has_no_word_for_is_refused_with_its_name() -> None:
    with pytest.raises(RefusedError, match="dialect dris has no CONFIG"):
        written(unit("dris"), "config")


def test_a_dialect_is_described_by_data_alone() -> None:
    form = DownForm("rsi", "vendor/{device}/alert", {"kind": Take("rtes.0.eventType"), "no": Take("^seqNum")})
    plain = {**msgspec.to_builtins(RSI), "seqNum": "4", "ack": True}
    assert msgspec.json.decode(write_form(form, plain, device="R1", now=NOON)) == {"kind": 707, "no": "4"}
    assert find_down("openv2x", "config", DeviceKind.RSU) == find_down("", "config", DeviceKind.RSU)


@pytest.mark.parametrize(
    ("topic", "payload", "dialect"),
    [
        ("V2X/RSU/R1/SPAT/UP", spat(), "standard"),
        ("V2X/RSU/R1/RSI/UP", ALERT, "openv2x"),
        ("v2x/v1/rsu/R1/rsm/up", {"rsms": [{"refPos": {"lat": LAT, "lon": LON}, "participants": []}]}, "dris"),
    ],
)  # fmt: skip
def test_the_dialect_of_a_device_is_learnt_from_its_first_message(topic: str, payload: Json, dialect: str) -> None:
    pipeline = new_pipeline()
    pipeline.accept(topic, b"{", NOON)
    assert pipeline.registry.get(0).dialect == ""
    pipeline.accept(topic, raw(payload), NOON)
    assert pipeline.registry.get(0).dialect == dialect


@pytest.mark.parametrize(
    ("topic", "answer"),
    [
        ("V2X/RSU/R1/RSI/DOWN/ACK", {"seqNum": "9", "errorCode": 0}),
        ("V2X/RSU/R1/RSI/DOWN/UPER/ACK", {"seqNum": "9", "errorCode": 0}),
        ("v2x/v1/rsu/R1/rsi/down/ack", {"seqNum": "9", "errorCode": 0}),
        ("V2X.RSU.RSI.DOWN.ACK", {"rsuId": "R1", "seqNum": "9", "errorCode": 0}),
    ],
)
def test_the_answer_of_every_dialect_is_understood(topic: str, answer: Json) -> None:
    pipeline = new_pipeline()
    pipeline.accept(topic, raw(answer), NOON)
    (report,) = pipeline.take_events()
    assert pipeline.registry.get(report.device).id == "R1"
    assert (report.message.seq_num, report.message.error_code) == ("9", 0)  # type: ignore[attr-defined]  # an Ack


def config_order(device: str = "R1", **more: Any) -> Order:
    return Order("o1", device, "config", body_of("config"), **more)


def test_an_order_is_told_sent_and_accepted() -> None:
    downlink = Downlink()
    (message,) = downlink.order(config_order(), NOON)
    key = msgspec.json.decode(message.payload)["seqNum"]
    assert downlink.acknowledge("R1", key, accepted=True, now=NOON + 1) is None
    told = [(one.status, one.reference, one.seq_num) for one in downlink.take_deliveries()]
    assert told == [(DeliveryStatus.SENT, "o1", key), (DeliveryStatus.ACCEPTED, "o1", key)]
    assert downlink.resend(NOON + 4) == []


def test_a_connection_is_abnormal_after_the_third_failure_until_the_next_answer() -> None:
    downlink = Downlink()
    downlink.order(config_order(), NOON)
    assert [len(downlink.resend(NOON + second)) for second in (3, 6)] == [1, 1]
    assert downlink.abnormal == {}
    downlink.resend(NOON + 9)
    assert downlink.abnormal == {"R1": NOON + 9}
    downlink.resend(NOON + 12)
    assert downlink.take_deliveries()[-1].status is DeliveryStatus.CONNECTION_ABNORMAL
    downlink.acknowledge("R1", "anything", accepted=True, now=NOON + 30)
    assert downlink.abnormal == {}
    states = [(one.device, one.state, one.timestamp) for one in downlink.take_connections()]
    assert states == [("R1", "abnormal", round(NOON + 9) * 1000), ("R1", "normal", round(NOON + 30) * 1000)]


def test_an_order_that_the_dialect_cannot_say_is_told_and_not_awaited() -> None:
    registry = DeviceRegistry()
    registry.note_dialect(registry.row_of(DeviceKind.RSU, "R1"), "dris")
    downlink = Downlink(registry=registry)
    assert downlink.order(config_order(), NOON) == []
    (told,) = downlink.take_deliveries()
    assert told.status is DeliveryStatus.NO_FORM
    assert "dris" in told.detail
    assert downlink.waiting == 0
    assert not downlink.speaks("R1", "config")


def test_messages_of_all_kinds_to_one_device_count_on_so_that_answers_in_uper_cannot_be_confused() -> None:
    registry = DeviceRegistry()
    registry.note_dialect(registry.row_of(DeviceKind.RSU, "R1"), "uper")
    downlink = Downlink(registry=registry)
    for name in ("map", "spat"):
        downlink.order(Order(name, "R1", name, body_of(name)), NOON)
    assert downlink.waiting == 2
    downlink.acknowledge("R1", "0", accepted=True, now=NOON)
    assert [one.reference for one in downlink.take_deliveries() if one.status is DeliveryStatus.ACCEPTED] == ["map"]
