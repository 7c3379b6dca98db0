"""The evaluation in real SUMO on a small made-up network: what it prints, that it repeats, that ours helps."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudctl.cli import app
from cloudctl.sumo_tools import run_program

pytest.importorskip("libsumo")
sumo_scenario = pytest.importorskip("cloudctl.signals.evaluation.sumo_scenario")
END = 600


@pytest.fixture(scope="module")
def crossroads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two signals in a row with more traffic along the row than across it."""
    folder = tmp_path_factory.mktemp("crossroads")
    size = ["--grid", "--grid.x-number", "2", "--grid.y-number", "1", "--grid.length", "200"]
    lights = ["--grid.attach-length", "200", "-j", "traffic_light", "-L", "2", "--no-turnarounds", "true"]
    run_program("netgenerate", *size, *lights, "-o", "x.net.xml", folder=folder)
    rng = random.Random(4)
    ways = [("left0A0", "B0right0"), ("right0B0", "A0left0"), ("top0A0", "A0bottom0"), ("bottom1B0", "B0top1")]
    rows = []
    for number in range(300):
        start, goal = rng.choices(ways, (4, 4, 1, 1))[0]
        rows.append(f'<trip id="t{number}" depart="{1.6 * number:.1f}" from="{start}" to="{goal}" departLane="best"/>')
    (folder / "x.trips.xml").write_text("<routes>" + "".join(rows) + "</routes>", encoding="utf-8")
    files = '<net-file value="x.net.xml"/><route-files value="x.trips.xml"/>'
    times = f'<begin value="0"/><end value="{END}"/>'
    config = folder / "x.sumocfg"
    text = f"<configuration><input>{files}</input><time>{times}</time></configuration>"
    config.write_text(text, encoding="utf-8")
    return config


def _evaluate(config: Path, *options: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["signals", "evaluate", "--sumocfg", str(config), *options])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def _delay(found: dict[str, object]) -> float:
    mean = found["mean"]
    assert isinstance(mean, dict)
    return float(mean["delay_s"])


NAMES = {"delay_s", "time_loss_s", "trip_s", "wait_s", "stops", "arrived", "kept_out"}


def test_the_result_has_the_mean_and_each_seed_and_repeats(crossroads: Path) -> None:
    first = _evaluate(crossroads, "--controller", "default", "--seeds", "1,2")
    assert set(first) == {"mean", "seeds"}
    assert isinstance(first["mean"], dict)
    assert isinstance(first["seeds"], list)
    assert set(first["mean"]) == NAMES
    assert [set(row) for row in first["seeds"]] == [NAMES | {"seed"}] * 2
    assert [row["seed"] for row in first["seeds"]] == [1, 2]
    assert first == _evaluate(crossroads, "--controller", "rolling-horizon", "--seeds", "1,2", "--jobs", "2")


def test_who_is_inside_a_junction_is_on_the_way_to_the_next_stop_line(crossroads: Path) -> None:
    sumo_scenario.start(crossroads, 1, crossroads.with_name("trips.xml"), END)
    layout = sumo_scenario.read_layout()
    sumo_scenario.close()
    roads = layout.roads.ids
    entering = [via for via, out in zip(layout.link_via, layout.link_out, strict=True) if roads[out] == "A0B0_0"]
    assert len(entering) == 2
    for via in entering:
        rows = slice(layout.reach_start[via], layout.reach_start[via + 1])
        assert "A0B0_0" in {roads[layout.lane_road[lane]] for lane in layout.reach_lane[rows]}
        assert layout.reach_weight[rows].max() == 1.0


def test_ours_loses_much_less_time_than_the_plan(crossroads: Path) -> None:
    fixed, ours = (_delay(_evaluate(crossroads, "--controller", name)) for name in ("fixed", "default"))
    assert ours < 0.6 * fixed


def test_vehicles_that_depart_between_two_decisions_are_seen_too(crossroads: Path) -> None:
    fine = crossroads.with_name("fine.sumocfg")
    text = crossroads.read_text(encoding="utf-8")
    fine.write_text(text.replace("<time>", '<time><step-length value="0.25"/>'), encoding="utf-8")
    whole, quarter = (_delay(_evaluate(config, "--controller", "default")) for config in (crossroads, fine))
    assert quarter < 1.25 * whole


@pytest.mark.parametrize("share", ["0.3", "0.1", "0.0"])
def test_with_few_vehicles_seen_the_plan_stays(crossroads: Path, share: str) -> None:
    fixed = _evaluate(crossroads, "--controller", "fixed")
    assert _evaluate(crossroads, "--controller", "default", "--share", share) == fixed


@pytest.mark.parametrize("name", ["actuated", "max-pressure"])
def test_the_other_controllers_bring_the_vehicles_through(crossroads: Path, name: str) -> None:
    found = _evaluate(crossroads, "--controller", name, "--out", str(crossroads.with_name("out.json")))
    assert isinstance(found["mean"], dict)
    assert found["mean"]["arrived"] > 250
    assert json.loads(crossroads.with_name("out.json").read_text(encoding="utf-8")) == found


def test_compare_prints_intervals_and_draws(
    crossroads: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--controllers", "fixed,greedy", "--seeds", "1-2", "--end", "200", "--plot", str(tmp_path / "p.svg")]
    out = ["--out", str(tmp_path / "c.json")]
    result = CliRunner().invoke(app, ["signals", "compare", "--sumocfg", str(crossroads), *options, *out])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["controller", "fixed", "greedy"]
    assert "<svg" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["fixed"]["delay_s"]["half_width_95"] >= 0
    assert "pyarrow" not in "".join(capfd.readouterr())
