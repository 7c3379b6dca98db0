"""`cloudctl diversion evaluate` on a small city in real SUMO: a closed street, everybody guided."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from maps_city import city

BLOCKED = "e_n1_0_n2_0"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("diversion")
    routes, out = folder / "cars.rou.xml", folder / "out.json"
    edges = f"e_n0_0_n1_0 {BLOCKED} e_n2_0_n2_1 e_n2_1_n2_2"
    cars = [f'<vehicle id="c{n}" depart="{10 * n}"><route edges="{edges}"/></vehicle>' for n in range(40)]
    routes.write_text("<routes>" + "".join(cars) + "</routes>")
    options = ["--net", str(city().net), "--trips", str(routes), "--blocked", BLOCKED, "--closed", "20-900"]
    options += ["--shares", "0,1.0", "--seeds", "1", "--end", "900", "--teleport", "-1", "--out", str(out)]
    program = [sys.executable, "-m", "cloudctl", "diversion", "evaluate", *options]
    if not (Path(__file__).parents[2] / "cloudctl" / "__main__.py").exists():
        program = [str(Path(sys.executable).parent / "cloudctl"), "diversion", "evaluate", *options]
    done = subprocess.run(program, check=True, capture_output=True, timeout=240)
    assert b"pyarrow" not in done.stdout + done.stderr
    read: dict[str, object] = json.loads(out.read_text())
    return read


def runs(result: dict[str, object]) -> dict[tuple[str, bool], dict[str, float]]:
    listed = result["runs"]
    assert isinstance(listed, list)
    return {(run["way"], run["incident"]): run for run in listed}


def test_an_incident_costs_time_and_those_kept_waiting_are_charged(result: dict[str, object]) -> None:
    calm, struck = runs(result)["nobody", False], runs(result)["nobody", True]
    assert calm["unfinished"] == calm["kept_out"] == 0
    assert struck["unfinished"] + struck["kept_out"] > 20
    assert struck["mean_s"] > 3 * calm["mean_s"]
    assert struck["vehicles"] == calm["vehicles"] == 40


def test_the_platform_leads_traffic_around_the_closed_link(result: dict[str, object]) -> None:
    struck, led = runs(result)["nobody", True], runs(result)["platform", True]
    assert led["told"] > 10
    assert led["unfinished"] + led["kept_out"] < struck["unfinished"] + struck["kept_out"]
    assert led["mean_s"] < 0.6 * struck["mean_s"]


def test_sumos_device_runs_as_the_baseline_on_the_same_vehicles(result: dict[str, object]) -> None:
    device = runs(result)["sumo-device", True]
    assert device["vehicles"] == 40
    assert device["told"] == 0
    assert device["share"] == 1.0
