"""Recordings keep what was said, and a replay moves its times without changing anything else."""

import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import RecordingError
from simulators.recording import Recorded, Recorder, line_of, main, read_recording
from simulators.replay import moved, quality_of

NOW = 1_700_000_030.0


@given(st.binary(max_size=60), st.text(min_size=1, max_size=20))
def test_a_line_holds_any_payload(payload: bytes, topic: str) -> None:
    line = line_of(Recorded(NOW, topic, payload))
    assert line.count(b"\n") == 1
    read = orjson.loads(line)
    assert read["topic"] == topic
    assert ("payload" in read) != ("hex" in read)
    if "hex" in read:
        assert bytes.fromhex(read["hex"]) == payload


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_a_recording_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    said = [("V2X/A", b'{"a": [1, 2.5, "\xe6\xb9\x98"]}'), ("V2X/B", b"\x00V2XF\xff"), ("V2X/C", b'{\n"b":\r\n1}')]
    recorder = Recorder(tmp_path / name, clock=lambda: NOW)
    for topic, payload in said:
        recorder.take(topic, payload)
    recorder.close()
    read = list(read_recording(tmp_path / name))
    assert [(each.time, each.topic) for each in read] == [(NOW, topic) for topic, _ in said]
    assert read[1].payload == b"\x00V2XF\xff"
    assert [orjson.loads(read[k].payload) for k in (0, 2)] == [orjson.loads(said[k][1]) for k in (0, 2)]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"t":1,"topic":"a","payload":{}}\n{"t":"x"}\n')
    with pytest.raises(RecordingError, match="line 2") as caught:
        list(read_recording(path))
    assert caught.value.line == 2


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"t":1,"topic":"a","payload":{}}\n' * 1000)[:-20])
    with pytest.raises(RecordingError, match=r"cut\.jsonl\.gz"):
        list(read_recording(path))


def test_times_move_together() -> None:
    bsm = {"secMark": 59_000, "timestamp": 1_700_000_039_000, "speed": 10}
    assert orjson.loads(moved(orjson.dumps(bsm), 2.5)) == {
        "secMark": 1_500,
        "timestamp": 1_700_000_041_500,
        "speed": 10,
    }
    rsm = {"timestamp": 5_000, "participants": [{"secMark": 1_000}, {"secMark": 65_535}]}
    assert orjson.loads(moved(orjson.dumps(rsm), 1.0)) == {
        "timestamp": 6_000,
        "participants": [{"secMark": 2_000}, {"secMark": 65_535}],
    }
    spat = {"moy": 10, "timeStamp": 59_900, "intersections": [{"moy": 10, "timeStamp": 59_900}]}
    assert orjson.loads(moved(orjson.dumps(spat), 60.2)) == {
        "moy": 12,
        "timeStamp": 100,
        "intersections": [{"moy": 12, "timeStamp": 100}],
    }


def test_the_minute_of_a_map_follows_its_new_time() -> None:
    told = {"timeStamp": 3, "timestamp": 1_704_067_200_000}
    assert orjson.loads(moved(orjson.dumps(told), 600.0))["timeStamp"] == 10


@pytest.mark.parametrize("payload", [b"\x00\x01", b"[1]", b"7", b'{"participants": 3}'])
def test_what_has_no_times_is_left_alone(payload: bytes) -> None:
    assert moved(payload, 5.0).replace(b" ", b"") == payload.replace(b" ", b"")


def test_events_are_replayed_with_their_own_quality() -> None:
    assert quality_of("V2X/OBU/BUS00001/VIR/UP") == 1
    assert quality_of("V2X/OBU/BUS00001/BSM/UP") == 0
    assert quality_of("V2X.RSU.BSM.UP") == 0


def test_a_wrong_filter_or_broker_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "x")
    assert main(["--broker", "mqtt://127.0.0.1:1", "--out", out]) == 1
    assert main(["--broker", "http://127.0.0.1:1", "--out", out]) == 1
    assert main(["--broker", "mqtt://127.0.0.1:1", "--out", out, "--topics", "a#"]) == 1
    assert capsys.readouterr().err.count("error: ") == 3
