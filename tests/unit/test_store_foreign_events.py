"""Events in UPER, envelopes and dialects are stored: the bytes as they came, and what could be read of them."""

import json

import pytest
from ingest_samples import LAT, LON, NOON

from cloudctl.archive.intake import FILTERS
from cloudctl.store.batch_parse import parse_batch
from cloudctl.store.event_rows import DeviceEvent
from cloudctl.store.spool_record import SpoolRecord
from ingest.asyncapi import uper_example
from ingest.asyncapi_examples import EXAMPLES
from ingest.envelope import Envelope, seal_envelope
from ingest.streams import BY_NAME, StreamClass
from ingest.topics import uplinks

PLACE = {"lat": LAT, "lon": LON}
OPENV2X_RSI = {"rsiSourceId": "c1", "rsiDatas": [{"alertID": "1", "eventType": 707, "eventPosition": PLACE}]}


def stored(topic: str, payload: bytes) -> DeviceEvent:
    batch = parse_batch([SpoolRecord(1, NOON, topic, payload)])
    ((_, event),) = batch.events.values()
    assert isinstance(event, DeviceEvent), event
    return event


def test_the_archiver_listens_to_events_in_every_writing() -> None:
    wanted = {link.subscription for link in uplinks() if link.stream.stream_class is StreamClass.EVENT}
    assert wanted <= set(FILTERS)
    assert {BY_NAME[name].topic for name in ("connection", "signal_event", "notification")} <= set(FILTERS)


@pytest.mark.parametrize("name", ["rsi", "vir", "rsc", "vpm"])
def test_an_event_in_uper_is_stored_as_bytes_and_as_json(name: str) -> None:
    frame = uper_example(BY_NAME[f"rsu_{name}"])
    event = stored(f"V2X/RSU/R1/{name.upper()}/UP/UPER", frame)
    assert (event.stream, event.device, event.raw) == (f"rsu_{name}", "R1", frame)
    assert event.payload is not None
    assert json.loads(event.payload)["msgCnt"] == EXAMPLES[name]["msgCnt"]


def test_an_event_in_an_envelope_is_that_of_the_unit_inside() -> None:
    payload = seal_envelope(Envelope("R2", round(NOON * 1000), (uper_example(BY_NAME["rsu_rsi"]),)), bundle=False)
    event = stored("V2X.RSU.RSI.UP", payload)
    assert (event.stream, event.device, event.raw) == ("rsu_rsi", "R2", payload)
    assert json.loads(event.payload or "")["timestamp"] == round(NOON * 1000)


def test_an_event_of_a_dialect_is_stored_as_it_came_and_in_the_standard_form() -> None:
    payload = json.dumps(OPENV2X_RSI).encode()
    event = stored("V2X/DEVICE/R3/RSI/UP", payload)
    assert (event.stream, event.device, event.raw) == ("rsu_rsi", "R3", payload)
    assert json.loads(event.payload or "")["rtes"][0]["eventType"] == 707


def test_bytes_that_nobody_can_read_are_stored_all_the_same() -> None:
    event = stored("V2X/RSU/R1/RSI/UP/UPER", b"\xff\x00")
    assert (event.payload, event.raw) == (None, b"\xff\x00")


def test_what_the_platform_says_of_a_device_is_stored_as_an_event_of_that_device() -> None:
    body = {"timestamp": round(NOON * 1000), "device": "R1", "state": "abnormal", "failures": 3}
    event = stored("V2X/CLOUD/CONNECTION", json.dumps(body).encode())
    assert (event.stream, event.device, event.t) == ("connection", "R1", NOON)


def test_answers_of_every_dialect_are_acknowledgements() -> None:
    for topic, device in (("V2X/RSU/R1/RSI/DOWN/UPER/ACK", "R1"), ("V2X/RSU/R1/CONFIG/DOWN/ACK", "R1")):
        batch = parse_batch([SpoolRecord(1, NOON, topic, b'{"seqNum": "9", "errorCode": 0}')])
        (answer,) = batch.acknowledgements.values()
        assert (answer.device, answer.reference, answer.status) == (device, "9", "accepted")
