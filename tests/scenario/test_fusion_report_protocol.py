"""Trajectories become recordings that the pipeline takes, and tracks of them are as good as they were measured."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import typer
from typer.testing import CliRunner

from cloudctl.commands.fuse import fuse
from maps.participants import ParticipantKind as Kind
from simulators.report_levels import LEVELS
from simulators.report_protocol import Disturbance, ReportSetup, main, messages_of, truth_of, world_of, write_messages
from simulators.report_scenes import SCENES
from simulators.report_sensors import Faults
from simulators.report_world import ReportWorld
from simulators.scoring import Score, score
from simulators.scoring_scene import read_columns

SECONDS = 14.0


@cache
def scene(name: str) -> ReportWorld:
    return world_of(name, SECONDS, 5)


def fused(folder: Path, world: ReportWorld, setup: ReportSetup) -> Score:
    """Score the tracks that the command makes of a recording without a map."""
    application = typer.Typer()
    application.command()(fuse)
    recording, tracks, truth = folder / "r.jsonl.gz", folder / "tracks.csv", folder / "truth.csv"
    write_messages(recording, messages_of(world, setup))
    pyarrow.csv.write_csv(truth_of(world, reach=90.0 if setup.moving else np.inf), truth)
    ended = CliRunner().invoke(application, [str(recording), "--out", str(tracks)])
    assert ended.exit_code == 0, ended.output
    real, plane = read_columns(truth, "id")
    told, _ = read_columns(tracks, "track_id", plane)
    return score(real, told)


@pytest.mark.parametrize(("name", "least"), [("urban", 0.88), ("freeway", 0.75), ("campus", 0.85)])
def test_a_typical_recording_without_a_map_becomes_true_tracks(tmp_path: Path, name: str, least: float) -> None:
    got = fused(tmp_path, scene(name), ReportSetup(LEVELS["typical"]))
    assert got.hota > least
    assert got.idf1 > 0.9
    assert got.rmse_m < 0.7


def test_two_moving_sensors_without_velocities_and_names_are_fused(tmp_path: Path) -> None:
    got = fused(tmp_path, scene("pair"), ReportSetup(LEVELS["good"], moving=True))
    assert got.hota > 0.5
    assert got.precision > 0.9


def test_messages_without_publication_times_of_units_that_never_registered_are_fused(tmp_path: Path) -> None:
    setup = ReportSetup(LEVELS["typical"], stamped=False, announced=False)
    assert not any(b'"timestamp"' in message.payload for message in messages_of(scene("urban"), setup))
    got = fused(tmp_path, scene("urban"), setup)
    assert got.hota > 0.85


def test_doubled_late_and_lost_messages_cost_less_than_a_point(tmp_path: Path) -> None:
    clean = fused(tmp_path, scene("urban"), ReportSetup(LEVELS["good"]))
    setup = ReportSetup(LEVELS["good"], disturbance=Disturbance(lost=0.05, doubled=0.02, late=0.02))
    assert fused(tmp_path, scene("urban"), setup).hota > clean.hota - 0.01


def test_the_same_arguments_give_the_same_messages() -> None:
    setup = ReportSetup(LEVELS["poor"], seed=9)
    first, second = (messages_of(scene("campus"), setup) for _ in range(2))
    assert first == second
    assert first != messages_of(scene("campus"), ReportSetup(LEVELS["poor"], seed=10))


def test_messages_come_in_the_order_of_reception_from_four_units_and_some_vehicles() -> None:
    messages = messages_of(scene("urban"), ReportSetup(LEVELS["typical"]))
    assert [message.time for message in messages] == sorted(message.time for message in messages)
    topics = {message.topic for message in messages}
    assert {f"V2X/RSU/RSU{k:05d}/RSM/UP" for k in range(4)} < topics
    motor = np.isin(scene("urban").kind, (Kind.CAR, Kind.TRUCK)).sum()
    assert 0.1 * motor < sum("/BSM/" in topic for topic in topics) < 0.5 * motor
    for message in messages[:200]:
        json.loads(message.payload)


def test_a_fault_moves_what_one_unit_says_and_nothing_else() -> None:
    plain = messages_of(scene("campus"), ReportSetup(LEVELS["good"]))
    wrong = messages_of(scene("campus"), ReportSetup(LEVELS["good"], faults={2: Faults(clock=0.3)}))
    marks = re.compile(rb'"secMark":(\d+)')
    moved = 0
    for one, other in zip(plain, wrong, strict=True):
        first, second = (np.array(marks.findall(message.payload), int) for message in (one, other))
        assert set((second - first).tolist()) <= {300 if "RSU00002" in one.topic else 0}
        moved += len(first) * ("RSU00002" in one.topic)
    assert moved > 1000


@pytest.mark.parametrize("name", tuple(SCENES))
def test_road_users_of_a_scene_move_as_they_say_and_keep_apart(name: str) -> None:
    track = scene(name).track
    step = track[1:, :, :2] - track[:-1, :, :2]
    said = 0.05 * 0.5 * (track[1:, :, 2:] + track[:-1, :, 2:])
    both = np.isfinite(step) & np.isfinite(said)
    assert both.any()
    assert np.abs(step - said)[both].max() < 0.5
    for frame in track[:: len(track) // 8, :, :2]:
        there = frame[np.isfinite(frame[:, 0])]
        apart = np.hypot(*(there[:, None] - there).transpose(2, 0, 1)) + 9.0 * np.eye(len(there))
        assert np.quantile(apart.min(axis=1), 0.05) > 0.3


def test_the_command_writes_a_recording_and_its_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, truth = tmp_path / "r.jsonl", tmp_path / "t.parquet"
    arguments = ["--scene", "campus", "--seconds", "3", "--level", "good", "--out", str(out), "--truth", str(truth)]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["messages"] == len(out.read_text().splitlines())
    table = pa.parquet.read_table(truth)
    assert {"t", "id", "kind", "lat", "lon", "observable"} <= set(table.column_names)
    assert main([*arguments[:1], str(tmp_path / "none"), *arguments[2:]]) == 1
    assert "none_traj_ped" in capsys.readouterr().err
