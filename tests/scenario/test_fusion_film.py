"""Real trajectories, turned into reports of four units and some terminals, become tracks of the accuracy aimed at."""

import os
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cloudctl.commands.fuse import fuse
from simulators.report_levels import LEVELS
from simulators.report_protocol import ReportSetup, messages_of, truth_of, write_messages
from simulators.report_world import read_film
from simulators.scoring import score
from simulators.scoring_scene import Columns, read_columns

SHARED = Path(os.environ.get("V2X_SHARED", str(Path(__file__).parents[3] / "shared")))
FILM = SHARED / "data" / "trajectories" / "dut"
CLIPS = ("intersection_01", "intersection_02", "intersection_03", "intersection_06")


def clip_score(folder: Path, clip: str, level: str) -> float:
    """HOTA of the tracks that `cloudctl fuse` makes of one clip."""
    world = read_film(FILM, clip)
    recording, tracks = folder / f"{clip}.jsonl", folder / f"{clip}.parquet"
    write_messages(recording, messages_of(world, ReportSetup(LEVELS[level])))
    application = typer.Typer()
    application.command()(fuse)
    assert CliRunner().invoke(application, [str(recording), "--out", str(tracks)]).exit_code == 0
    table = truth_of(world)
    seen = np.ones(table.num_rows, np.bool_)
    name = np.char.mod("%d", table["id"].to_numpy())
    found, plane = read_columns(tracks, "track_id")
    x, y = plane.forward(table["lon"].to_numpy(), table["lat"].to_numpy())
    return score(Columns(table["t"].to_numpy(), name, x, y, seen), found).hota


@pytest.mark.skipif(not FILM.is_dir(), reason="no trajectories at hand")
@pytest.mark.parametrize(("level", "least"), [("good", 0.87), ("typical", 0.75)])
def test_a_filmed_crossing_is_tracked(tmp_path: Path, level: str, least: float) -> None:
    assert np.mean([clip_score(tmp_path, clip, level) for clip in CLIPS]) > least
