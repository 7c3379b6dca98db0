"""The benchmarks of maps measure every engine that is installed and write what they print."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from cloudctl import matching_bench, routing_bench
from cloudctl.commands.bench_maps import bench_matching, bench_routing


def test_routing_engines_agree_on_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "routing.json"
    figures = bench_routing(out, side=10, queries=30)
    assert figures["links"] == 360
    engines = {row["engine"] for row in figures["engines"]}
    assert {"maps", "scipy"} <= engines
    assert all(row["equal"] for row in figures["engines"])
    assert json.loads(out.read_bytes())["engines"] == figures["engines"]
    assert all(0 < row["wall_p50_ms"] <= row["wall_p99_ms"] for row in figures["engines"])
    printed = capsys.readouterr().out
    assert "same cost" in printed
    assert "clock p99" in printed


def test_an_engine_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(routing_bench, "find_spec", lambda _name: None)
    assert {row["engine"] for row in bench_routing(None, side=4, queries=5)["engines"]} == {"maps", "scipy"}
    assert "rustworkx is not installed and was left out" in capsys.readouterr().out


def test_matching_prints_shares_of_every_matcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matching_bench, "find_spec", lambda _name: None)
    out = tmp_path / "matching.json"
    figures = bench_matching(out, vehicles=30, seconds=180)
    assert len(figures["matchers"]) == 8
    assert all(0.5 < row["links"] <= 1 for row in figures["matchers"])
    dense = [row for row in figures["matchers"] if row["noise_m"] == 3 and row["every_s"] == 1]
    assert all(row["links"] >= 0.97 for row in dense)
    assert json.loads(out.read_bytes())["network"] == "made-up.net.xml"
    assert figures["lane_index_points_per_s"] > 0
    printed = capsys.readouterr().out
    assert "leuvenmapmatching is not installed" in printed
    assert "lane index: " in printed


@pytest.mark.skipif(find_spec("leuvenmapmatching") is None, reason="leuvenmapmatching is not installed")
def test_the_offline_matcher_is_no_worse_than_leuvenmapmatching() -> None:
    rows = {row["matcher"]: row for row in bench_matching(None, vehicles=40, seconds=240)["matchers"]}
    ours, rival = rows["offline, same traces"], rows["leuvenmapmatching"]
    assert ours["points"] == rival["points"] > 20
    assert ours["links"] >= rival["links"]
