"""A payload read in every way: what the vendor meant comes first."""

import json

import msgspec
import pytest
from engine_messages import NETWORK
from ingest_samples import BOX

from cloudctl.devices.decoding import LONGEST_TEXT, read_all_ways
from ingest.asyncapi_examples import EXAMPLES
from ingest.envelope import Envelope, seal_envelope
from ingest.messages.decoding import decode
from ingest.messages.map_data import MapData
from ingest.messages.uper_form import to_frame
from ingest.plausibility import BoxE7
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile


def frame(profile: Profile) -> bytes:
    return codec_for(profile).encode(to_frame(decode(MapData, msgspec.json.encode(EXAMPLES["map"]))))


@pytest.mark.parametrize("profile", [Profile.V4, Profile.VN4])
def test_the_profile_that_fits_comes_first_whatever_is_declared(profile: Profile) -> None:
    readings = read_all_ways("V2X/RSU/R1/MAP/UP/UPER", frame(profile), Profile.V3, BOX)
    assert readings[0].fits
    assert profile in {reading.way.removeprefix("uper ") for reading in readings if reading.fits}
    declared = [reading for reading in readings if reading.declared]
    assert [reading.way for reading in declared] == ["uper v3"]
    assert {reading.way for reading in readings} >= {"uper v3", "uper v4", "uper vn4", "uper d2"}


def test_the_frame_is_found_inside_the_binary_envelope() -> None:
    sealed = seal_envelope(Envelope("RSU00007", 0, (frame(Profile.V4),)), bundle=False)
    readings = read_all_ways("V2X.RSU.MAP.UP", sealed, Profile.V4, BOX)
    assert (readings[0].way, readings[0].fits, readings[0].declared) == ("uper v4", True, True)
    broken = read_all_ways("V2X.RSU.MAP.UP", sealed[:-1], Profile.V4, BOX)
    assert "block 0" in str(broken[0].error)


def test_json_that_the_standard_refuses_shows_its_fault_beside_the_text() -> None:
    message = dict(EXAMPLES["rsm"], msgCnt=400)
    (reading,) = read_all_ways("V2X/RSU/R1/RSM/UP", json.dumps(message).encode(), Profile.V4, BOX)
    assert (reading.way, reading.fits, reading.declared) == ("json", False, True)
    assert "msgCnt" in str(reading.error)
    assert '"msgCnt":400' in str(reading.text)


def test_the_dialect_is_guessed_from_the_marks_of_the_payload_on_the_wrong_topic() -> None:
    alert = {"alertID": "E1", "eventClass": "RoadClosure", "eventPosition": {"lat": 28.2, "lon": 112.9}}
    payload = json.dumps({"rsiSourceType": "integrated", "rsiSourceId": "R1", "rsiDatas": [alert]}).encode()
    readings = read_all_ways("V2X/RSU/R1/RSM/UP", payload, Profile.V4, BOX)
    assert [reading.way for reading in readings if reading.way.startswith("dialect")] == ["dialect openv2x"]
    assert not any(reading.declared for reading in readings if reading.way != "json")


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"{", b"nonsense", b"[" * 2000])
def test_rubbish_fits_in_no_way_and_raises_nothing(payload: bytes) -> None:
    for topic in ("V2X/RSU/R1/RSM/UP", "V2X/RSU/R1/MAP/UP/UPER", "V2X.RSU.BSM.UP", "some/where"):
        readings = read_all_ways(topic, payload, Profile.V4, BoxE7.of_network(NETWORK))
        assert readings
        assert not any(reading.fits for reading in readings)


def test_a_long_reading_is_cut_and_says_so() -> None:
    payload = json.dumps({"pad": "x" * (LONGEST_TEXT + 5)}).encode()
    (reading,) = read_all_ways("V2X/RSU/R1/RSM/UP", payload, Profile.V4, BOX)
    assert reading.cut
    assert len(str(reading.text)) == LONGEST_TEXT
