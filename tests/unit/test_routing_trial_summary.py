"""What a trial prints: means over seeds with confidence, differences seed by seed, runs of earlier files."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_order import TrialResult, Way
from cloudctl.routing.trial_summary import COLUMNS, read_runs, summary, table


def run(way: Way, share: float, seed: int, mean: float, *, incident: bool = True) -> TrialResult:
    return TrialResult(
        way=way, share=share, seed=seed, incident=incident, vehicles=10, mean_s=mean, past_incident_s=2 * mean,
        guided_s=mean, others_s=mean, unfinished=0, kept_out=0, teleports=0, told=1, cpu_s=1.0, deciding_s=0.1,
    )  # fmt: skip


RUNS = [
    *(run(Way.NOBODY, 0.0, seed, 1000.0 + 100.0 * seed) for seed in (1, 2, 3)),
    *(run(Way.DEVICE, 0.3, seed, 950.0 + 100.0 * seed) for seed in (1, 2, 3)),
    *(run(Way.PLATFORM, 0.3, seed, 940.0 + 100.0 * seed + shift) for seed, shift in ((1, 0.0), (2, -3.0), (3, 3.0))),
    run(Way.NOBODY, 0.0, 1, 900.0, incident=False),
]


def test_equal_seeds_are_compared_with_each_other_so_that_demand_drops_out() -> None:
    nobody, device, ours, calm = summary(RUNS)
    assert (nobody["mean_s"], nobody["to_nobody_s"], nobody["seeds"]) == (1200.0, None, 3)
    assert (device["to_nobody_s"], device["to_nobody_ci_s"], device["to_device_s"]) == (-50.0, 0.0, None)
    assert (ours["to_nobody_s"], ours["to_device_s"]) == (-60.0, -10.0)
    # t(0.975, 2) = 4.303; three differences with a standard deviation of 3
    assert ours["to_device_ci_s"] == pytest.approx(4.303 * 3.0 / 3**0.5, abs=0.01)
    assert nobody["ci_s"] == pytest.approx(4.303 * 100.0 / 3**0.5, abs=0.1)
    assert (calm["incident"], calm["ci_s"], calm["to_nobody_s"]) == (False, None, None)
    assert ours["worst_s"] == 1243.0


def test_only_seeds_that_both_have_are_compared() -> None:
    rows = summary([*RUNS[:3], run(Way.PLATFORM, 0.3, 2, 1100.0), run(Way.PLATFORM, 0.3, 9, 1.0)])
    assert rows[1]["to_nobody_s"] == -100.0
    assert rows[1]["to_nobody_ci_s"] is None


def test_every_row_of_the_table_has_all_columns() -> None:
    cells = table(summary(RUNS))
    assert {len(row) for row in cells} == {len(COLUMNS)}
    assert cells[2][:3] == ["platform", "30%", "1140.0"]
    assert cells[3][0] == "nobody, no incident"


def test_runs_of_an_earlier_file_are_read_and_those_of_another_trial_refused(tmp_path: Path) -> None:
    file, setting = tmp_path / "out.json", {"blocked": ["a"], "meso": True}
    file.write_bytes(msgspec.json.encode(setting | {"runs": [dataclasses.asdict(one) for one in RUNS]}))
    assert read_runs(file, setting) == RUNS
    with pytest.raises(DiversionTrialError, match="blocked"):
        read_runs(file, setting | {"blocked": ["b"]})
    file.write_text('{"runs": [{"way": 7}]}')
    with pytest.raises(DiversionTrialError, match=r"out\.json"):
        read_runs(file, {})
