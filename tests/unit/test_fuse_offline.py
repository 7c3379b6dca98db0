"""Offline fusion gives the tracks of the live engine, every time the same, and says what is wrong with a file."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
import typer
from engine_messages import NETWORK, bsm, raw, spat
from typer.testing import CliRunner

from cloudctl.cli import main
from cloudctl.commands.fuse import fuse
from cloudctl.engine.core import EngineCore
from cloudctl.engine.roadside import RoadsideUnits
from cloudctl.settings import EngineSettings
from fusion.errors import RecordingError, TracksFileError
from fusion.offline import OfflineFusion, PlaneUnits, box_about, find_place
from fusion.picture import TrafficPicture
from fusion.recording import Recording
from fusion.tracks import TrackTable
from fusion.tracks_file import TracksFile
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from ingest.raw_message import RawMessage
from maps.geodesy import LocalPlane
from maps.network_file import save_network

NOW = 1_700_000_000.0
UNIT = "RSU00001"


def info(now: float) -> dict[str, object]:
    lon, lat = NETWORK.plane.inverse(600.0, 0.0)
    place = {"lon": float(lon), "lat": float(lat)}
    return {"rsuId": "1", "rsuEsn": UNIT, "rsuName": "B", "rsuStatus": True, "version": "v1", "location": place,
            "config": {}, "coverageRadius": 300.0, "timestamp": round(now * 1e3)}  # fmt: skip


def drive(seconds: float = 4.0) -> Iterator[RawMessage]:
    """Two cars behind one another and a unit, each with a phase of its own."""
    yield raw("V2X/RSU/INFO/UP", info(NOW), NOW + 0.013)
    for tick in range(round(seconds * 10)):
        now = NOW + 0.05 + 0.1 * tick
        for car, (lead, phase) in enumerate(((40.0, 0.004), (10.0, 0.037)), 1):
            name = f"CAR0000{car}"
            sent = bsm(lead + 1.2 * tick, now + phase, name)
            yield raw(f"V2X/OBU/{name}/BSM/UP", sent, now + phase + 0.02)
        yield raw(f"V2X/RSU/{UNIT}/SPAT/UP", spat(NOW + 45.0, now), now + 0.06)


def offline(messages: list[RawMessage]) -> tuple[OfflineFusion, list[TrafficPicture]]:
    registry = DeviceRegistry()
    pipeline = Pipeline(NETWORK.plane, BoxE7.of_network(NETWORK), registry)
    fusion = OfflineFusion(pipeline, RoadsideUnits(NETWORK, registry), NETWORK)
    return fusion, list(fusion.pictures(messages))


def written(path: Path, messages: list[RawMessage]) -> Path:
    lines = [
        json.dumps({"t": each.received, "topic": each.topic, "payload": json.loads(each.payload)}) for each in messages
    ]
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def assert_same(left: TrackTable, right: TrackTable) -> None:
    for field in fields(TrackTable):
        np.testing.assert_array_equal(getattr(left, field.name), getattr(right, field.name), field.name)


def test_the_same_messages_give_the_tracks_of_the_live_engine() -> None:
    messages = sorted(drive(), key=lambda message: message.received)
    _, pictures = offline(messages)
    core, waiting = EngineCore(NETWORK, EngineSettings(), epoch=1), list(messages)
    seen = 0
    for picture in pictures:
        due = [message for message in waiting if message.received <= picture.time]
        waiting = waiting[len(due) :]
        core.accept(due)
        live = core.beat(picture.time, lambda: 0.0).picture
        assert_same(live.tracks, picture.tracks)
        np.testing.assert_array_equal(live.signals.state, picture.signals.state)
        seen = max(seen, len(picture.tracks))
    assert not waiting
    assert seen == 2


def test_cycles_stand_at_tenths_of_a_second_from_first_to_last_message() -> None:
    fusion, pictures = offline(list(drive(2.0)))
    times = [picture.time for picture in pictures]
    assert times == [round(time * 10) / 10 for time in times]
    assert times[0] == pytest.approx(NOW + 0.1)
    assert times[-1] == pytest.approx(NOW + 2.1)
    assert fusion.cycles == len(times) == 21
    assert (fusion.messages, fusion.reports) == (61, 40)


def test_a_long_silence_is_cut_short_and_ends_every_track() -> None:
    early = list(drive(2.0))
    late = [RawMessage(each.topic, each.payload, each.received + 86_400.0) for each in early]
    _, pictures = offline(early + late)
    assert 600 < len(pictures) < 700
    assert len(pictures[300].tracks) == 0


def test_what_the_platform_itself_published_is_left_out() -> None:
    messages = list(drive(2.0))
    fusion, pictures = offline([RawMessage("V2X/CLOUD/LIVE/MOVERS", b"V2XF", NOW - 500.0), *messages])
    assert fusion.left_out == 1
    assert_same(pictures[-1].tracks, offline(messages)[1][-1].tracks)


def test_no_messages_no_pictures() -> None:
    assert offline([])[1] == []


def test_a_plane_lies_about_the_first_positions_and_one_wrong_one_does_no_harm() -> None:
    wrong = bsm(0.0, NOW)
    wrong["pos"] = {"lat": 0, "long": 0, "elevation": 0}
    plane = find_place([raw("V2X/OBU/CAR00009/BSM/UP", wrong, NOW), raw("V2X/CLOUD/X", {}, NOW), *drive()])
    x, y = NETWORK.plane.forward(plane.lon, plane.lat)
    assert abs(float(y)) < 1.0
    assert 0.0 < float(x) < 100.0
    box = box_about(plane)
    assert box.holds(round(plane.lon * 1e7), round(plane.lat * 1e7))
    assert not box.holds(0, 0)


def test_a_recording_without_positions_has_a_plane_all_the_same() -> None:
    assert find_place([raw("V2X/RSU/INFO/UP", info(NOW), NOW)]) == LocalPlane(0.0, 0.0)


def test_without_a_map_units_stand_where_they_say() -> None:
    registry = DeviceRegistry()
    plane = NETWORK.plane
    pipeline = Pipeline(plane, box_about(plane), registry)
    units = PlaneUnits(plane, registry)
    fusion = OfflineFusion(pipeline, units)
    pictures = list(fusion.pictures(drive()))
    row = registry.row_of(DeviceKind.RSU, UNIT)
    assert (units.sensors.x[row], units.sensors.y[row]) == pytest.approx((600.0, 0.0), abs=0.05)
    assert units.sensors.radius[row] == 300.0
    assert len(pictures[-1].tracks) == 2
    assert (pictures[-1].tracks.lane == -1).all()


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_a_recording_is_read_as_often_as_wanted(tmp_path: Path, name: str) -> None:
    messages = list(drive(0.5))
    recording = Recording(written(tmp_path / name, messages))
    for _ in range(2):
        read = list(recording)
        assert [(each.topic, each.received) for each in read] == [(each.topic, each.received) for each in messages]
        assert [json.loads(each.payload) for each in read] == [json.loads(each.payload) for each in messages]
        assert recording.share == 1.0


def test_binary_payloads_stand_as_hex(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('\n{"t": 1.5, "topic": "V2X/OBU/A/BSM/UP/UPER", "hex": "00ff"}\n')
    assert list(Recording(path)) == [RawMessage("V2X/OBU/A/BSM/UP/UPER", b"\x00\xff", 1.5)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"t": "x", "topic": "a", "payload": {}}', r"Expected `float`"),
        ('{"t": 1.0, "topic": "a"}', "neither `payload` nor `hex`"),
        ('{"t": 1.0, "topic": "a", "hex": "0g"}', "hexadecimal"),
        ('{"t": 1.0, "topic": "a", "payload": {', "truncated"),
        ('{"t": 1e300, "topic": "a", "payload": {}}', "no time of the UTC epoch"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"t": 1.0, "topic": "a", "payload": {}}\n' + line + "\n")
    with pytest.raises(RecordingError, match=reason) as caught:
        list(Recording(path))
    assert caught.value.line == 2
    assert "line 2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_short_or_missing_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "cut.jsonl.gz", list(drive(1.0)))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RecordingError, match=r"cut\.jsonl\.gz, line"):
        list(Recording(path))
    with pytest.raises(RecordingError, match="No such file") as caught:
        list(Recording(tmp_path / "none.jsonl"))
    assert caught.value.line == 0


def application() -> typer.Typer:
    app = typer.Typer()
    app.command()(fuse)
    return app


def test_the_command_writes_the_tracks_and_prints_what_there_was(tmp_path: Path) -> None:
    save_network(NETWORK, tmp_path / "city.v2xmap")
    source, out = written(tmp_path / "day.jsonl", list(drive())), tmp_path / "tracks.csv"
    ended = CliRunner().invoke(application(), [str(source), "--map", str(tmp_path / "city.v2xmap"), "--out", str(out)])
    assert ended.exit_code == 0
    printed = json.loads(ended.stdout)
    assert (printed["messages"], printed["reports"], printed["cycles"], printed["tracks"]) == (121, 80, 41, 2)
    table = pyarrow.csv.read_csv(out).to_pylist()
    assert len(table) == printed["rows"] > 40
    last = table[-1]
    assert (last["kind"], last["heading"], last["length"]) == ("car", pytest.approx(90.0, abs=1.0), pytest.approx(4.5))
    assert last["speed"] == pytest.approx(12.0, abs=0.5)
    assert last["lane"] in set(NETWORK.lanes.id.tolist())
    assert {row["sources"] for row in table} == {"CAR00001", "CAR00002"}
    x, y = NETWORK.plane.forward(last["lon"], last["lat"])
    assert float(x) == pytest.approx(12.0 * (last["t"] - NOW - 0.05) + 10.0, abs=3.0)
    assert float(y) == pytest.approx(0.0, abs=1.0)


def test_the_command_gives_the_same_bytes_twice_and_the_same_rows_as_parquet(tmp_path: Path) -> None:
    source = written(tmp_path / "day.jsonl", list(drive()))
    names = ("a.csv", "b.csv", "c.parquet", "d.parquet")
    for name in names:
        assert CliRunner().invoke(application(), [str(source), "--out", str(tmp_path / name)]).exit_code == 0
    first, second, third, fourth = (tmp_path / name for name in names)
    assert first.read_bytes() == second.read_bytes()
    assert third.read_bytes() == fourth.read_bytes()
    assert pyarrow.csv.read_csv(first)["lat"].to_pylist() == pyarrow.parquet.read_table(third)["lat"].to_pylist()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "day.jsonl"])


def test_a_wrong_file_leaves_no_tracks_behind(tmp_path: Path) -> None:
    source = written(tmp_path / "day.jsonl", list(drive()))
    source.write_bytes(source.read_bytes() + b"nonsense\n")
    ended = CliRunner().invoke(application(), [str(source), "--out", str(tmp_path / "a.csv")])
    assert isinstance(ended.exception, RecordingError)
    assert "line 122" in str(ended.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["day.jsonl"]


@pytest.mark.parametrize("name", ["tracks.txt", "missing/tracks.csv"])
def test_tracks_that_cannot_be_written_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TracksFileError, match="tracks"):
        TracksFile(tmp_path / name, NETWORK.plane, DeviceRegistry(), None)


def test_an_unreadable_recording_is_one_line_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    monkeypatch.setattr("sys.argv", ["cloudctl", "fuse", str(tmp_path / "bad.jsonl"), "--out", str(tmp_path / "a.csv")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "bad.jsonl, line 1: not a recorded message" in said[0]
