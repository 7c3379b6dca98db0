"""Green-wave advice and bus priority in real SUMO on a small made-up road."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudctl.cli import app
from cloudctl.sumo_tools import run_program

pytest.importorskip("libsumo")
from cloudctl.signals.evaluation.bus_watch import BusWatch  # needs libsumo
from cloudctl.signals.evaluation.priority_order import Grant
from cloudctl.signals.evaluation.priority_run import result_of


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three signals in a row; cars along it, fewer across, and buses that cross it."""
    folder = tmp_path_factory.mktemp("road")
    size = ["--grid", "--grid.x-number", "3", "--grid.y-number", "1", "--grid.length", "350"]
    lights = ["--grid.attach-length", "300", "-j", "traffic_light", "-L", "1", "--no-turnarounds", "true"]
    run_program("netgenerate", *size, *lights, "-o", "x.net.xml", folder=folder)
    rng = random.Random(4)
    ways = [("left0A0", "C0right0"), ("right0C0", "A0left0"), ("top1B0", "B0bottom1"), ("bottom2C0", "C0top2")]
    rows = ['<vType id="bus" vClass="bus"/>']
    for number in range(150):
        start, goal = rng.choices(ways, (4, 4, 2, 2))[0]
        rows.append(f'<trip id="t{number}" depart="{4 * number}" from="{start}" to="{goal}"/>')
        if number % 15 == 5:
            bus = f'<trip id="b{number}" type="bus" depart="{4 * number + 1}" from="top1B0" to="B0bottom1"/>'
            rows.append(bus)
    (folder / "x.trips.xml").write_text("<routes>" + "".join(rows) + "</routes>", encoding="utf-8")
    files = '<net-file value="x.net.xml"/><route-files value="x.trips.xml"/>'
    times = '<begin value="0"/><end value="800"/>'
    config = folder / "x.sumocfg"
    config.write_text(f"<configuration><input>{files}</input><time>{times}</time></configuration>", encoding="utf-8")
    return config


def _run(road: Path, *options: str) -> tuple[str, object]:
    out = road.with_name("out.json")
    result = CliRunner().invoke(app, ["signals", *options, "--sumocfg", str(road), "--seeds", "1", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return result.stdout, json.loads(out.read_text(encoding="utf-8"))


def test_advised_drivers_stop_and_wait_much_less_and_lose_no_time(road: Path) -> None:
    text, found = _run(road, "glosa", "--penetration", "1.0")
    assert isinstance(found, list)
    rows = {row["advice"]: row["change"] for row in found if row["whom"] == "all"}
    assert set(rows) == {"none", "ours", "sumo-glosa"}
    assert rows["ours"]["stops"]["mean"] < -20
    assert rows["ours"]["wait"]["mean"] < -15
    assert rows["ours"]["trip"]["mean"] < 2
    assert "sumo-glosa" in text


def test_buses_with_priority_wait_less_than_without(road: Path) -> None:
    text, found = _run(road, "priority")
    assert isinstance(found, dict)
    assert list(found) == ["fixed, none", "default, none", "default, conditional", "default, unconditional"]
    lost = {name: rows[0]["bus_at_signals_s"] for name, rows in found.items()}
    assert lost["default, unconditional"] < lost["default, none"] < lost["fixed, none"]
    assert lost["default, conditional"] <= lost["default, none"]
    assert {row[0]["buses"] for row in found.values()} == {10}
    assert len(text.splitlines()) == 5


def test_only_vehicles_that_set_off_after_the_warm_up_count(tmp_path: Path) -> None:
    trips = tmp_path / "trips.xml"
    rows = [("b1", 10, 0, 80.0), ("b2", 300, 0, 20.0), ("c1", 20, 0, 90.0), ("c2", 400, 5, 10.0), ("c3", -1, 60, 0.0)]
    text = "".join(
        f'<tripinfo id="{name}" depart="{depart}" departDelay="{late}" timeLoss="{loss}"/>'
        for name, depart, late, loss in rows
    )
    trips.write_text(f"<tripinfos>{text}</tripinfos>", encoding="utf-8")
    watch = BusWatch(Grant.NONE)
    watch.lost, watch.departed = {"b1": 50.0, "b2": 10.0}, {"b1": 10.0, "b2": 300.0}
    every, later = result_of(trips, watch), result_of(trips, watch, 200.0)
    assert (every.bus_at_signals_s, every.buses, every.others) == (30.0, 2, 3)
    assert (later.bus_at_signals_s, later.bus_delay_s, later.buses, later.others) == (10.0, 20.0, 1, 2)
    assert later.other_delay_s == pytest.approx((15.0 + 60.0) / 2)


def test_controllers_that_follow_the_live_recommendations_save_delay_and_more_so_for_buses(road: Path) -> None:
    text, found = _run(road, "live")
    assert isinstance(found, dict)
    assert list(found) == ["fixed", "live", "live, buses weighed"]
    delays = {name: rows[0]["delays"] for name, rows in found.items()}
    assert delays["live"]["person_delay_s"] < delays["fixed"]["person_delay_s"]
    assert delays["live, buses weighed"]["bus_at_signals_s"] < delays["live"]["bus_at_signals_s"]
    assert found["fixed"][0]["followed"] == 0.0
    assert found["live"][0]["followed"] > 0.3
    assert "live: a stage was recommended in" in text


@pytest.mark.parametrize("share", ["0", "1.5", "much"])
def test_a_penetration_that_is_no_share_is_refused(road: Path, share: str) -> None:
    result = CliRunner().invoke(app, ["signals", "glosa", "--sumocfg", str(road), "--penetration", share])
    assert result.exit_code == 2
    assert share in result.output
