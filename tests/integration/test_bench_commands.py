"""The benchmarks at a small size, on the real broker, engine and database; they assert the work, never the speed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import MosquittoBroker
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from cloudctl.commands import bench_fusion as fusion_bench
from cloudctl.commands.bench import app
from cloudctl.commands.bench_city import make_grid_map
from cloudctl.commands.bench_fusion import bench_fusion
from cloudctl.commands.bench_peers import PEERS
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from ingest.verdicts import Accepted
from maps.network_file import open_network
from simulators import load


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid of 4 x 4 junctions."""
    return make_grid_map(tmp_path_factory.mktemp("city"), 4)


def test_the_load_is_what_the_platform_takes_and_what_it_says_it_sent(
    mosquitto_broker: MosquittoBroker, city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[tuple[str, bytes]] = []
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _, __, message: heard.append(_pair(message))
    client.connect("127.0.0.1", mosquitto_broker.port)
    client.subscribe("V2X/#")
    client.loop_start()
    sizes = ["--units", "2", "--objects", "20", "--hz", "5", "--seconds", "2"]
    assert load.main(["--broker", mosquitto_broker.url, "--map", str(city), *sizes]) == 0
    client.unsubscribe("V2X/#")
    client.disconnect()
    client.loop_stop()
    started, ended = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert started["event"] == "started"
    network = open_network(city)
    pipeline = Pipeline(network.plane, BoxE7.of_network(network), DeviceRegistry())
    for topic, payload in heard:
        assert isinstance(pipeline.accept(topic, payload, started["time"] + 1.0), Accepted)
    counters = pipeline.counters
    assert counters.received["rsu_info"] == 2
    assert counters.received["rsu_rsm"] == ended["messages"]
    assert counters.observations == ended["objects"] == 2 * 20 * 10
    assert not counters.participants_refused
    assert pipeline.registry.get(pipeline.registry.row_of(DeviceKind.RSU, "RSU00001")).coverage_radius == load.REACH


def _pair(message: MQTTMessage) -> tuple[str, bytes]:
    return message.topic, bytes(message.payload)


def test_the_pipeline_loses_nothing_at_a_low_rate_and_says_where_the_time_goes(city: Path, tmp_path: Path) -> None:
    out = tmp_path / "pipeline.json"
    sizes = ["--objects", "60", "--units", "6", "--seconds", "2", "--steps", "1", "--cycle-hz", "20"]
    ended = CliRunner().invoke(app, ["pipeline", "--map", str(city), *sizes, "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    figures = json.loads(out.read_text())
    (step,) = figures["steps"]
    assert step["sent"] > 0
    assert (step["lost"], step["shed"], step["refused"], step["reports_unfused"]) == (0, 0, 0, 0)
    assert 0.0 < step["p50_ms"] <= step["p99_ms"]
    assert set(step["cores"]) == {"generator", "broker", "engine", "others"}
    assert sum(step["engine"].values()) == pytest.approx(step["cores"]["engine"], abs=0.003)
    parts = [step["latency_ms"][name] for name in ("published to received", "received to picture")]
    assert all(0.0 < part["p50"] <= part["p99"] for part in parts)
    assert step["cycles_per_s"] == pytest.approx(20.0, abs=10.0)
    assert step["stages"]["decode"] > 0.0
    assert figures["engine_cycle_hz"] == 20.0
    assert "reports/s" in ended.stdout


def test_the_store_is_measured_on_the_embedded_database(tmp_path: Path) -> None:
    out = tmp_path / "store.json"
    ended = CliRunner().invoke(app, ["store", "--tracks", "50", "--seconds", "2", "--rate", "500", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    figures = json.loads(out.read_text())
    assert figures["points"] == 50 * 10
    assert figures["baselines"]["rows"] == 50 * 10
    assert figures["store_to_copy"] > 0
    assert figures["bytes_with_lookups"] > figures["bytes_with_indexes"]
    assert figures["sustained"]["stored_rate"] > 0
    assert figures["bytes_with_indexes"] >= figures["bytes_table"] > 0


def test_every_question_is_timed_on_rows_that_answer_it(tmp_path: Path) -> None:
    out = tmp_path / "queries.json"
    ended = CliRunner().invoke(app, ["queries", "--points", "250000", "--repeats", "2", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    figures = json.loads(out.read_text())
    assert figures["points"] == 250_000
    rows = {each["name"]: each["rows"] for each in figures["queries"]}
    assert len(rows) == 10
    assert rows["a vehicle's trip"] == 50
    assert rows["10,000 points of the city"] > 0
    assert rows["lights of an intersection at a moment"] == 12


def test_fusion_is_measured_beside_its_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BASELINE_SIZE": 40, "BASELINE_CYCLES": 3, "ACCURACY_SIZE": 20, "PREDICTED": 30}.items():
        monkeypatch.setattr(fusion_bench, name, value)
    monkeypatch.setattr(fusion_bench, "ACCURACY_CYCLES", 40)
    peers = [replace(peer, objects=40, cycles=2) for peer in PEERS]
    bench_fusion(tmp_path / "fusion.json", [40], peers)
    figures = json.loads((tmp_path / "fusion.json").read_text())
    assert [row["tracks"] for row in figures["cycle"][:2]] == pytest.approx([40, 40], abs=2)
    assert figures["times_faster"][fusion_bench.BASELINE] > 0
    assert {*figures["not_installed"], *figures["times_faster"]} >= {peer.name for peer in PEERS}
    mine = figures["accuracy"][0]
    assert mine["tracker"] == "platform"
    assert mine["hota"] > 0.9
    assert figures["prediction"]["tracks"] == pytest.approx(30, abs=2)


def test_the_audit_benchmark_writes_looks_and_finds_the_chain_whole(tmp_path: Path) -> None:
    out = tmp_path / "audit.json"
    done = CliRunner().invoke(app, ["audit", "--seconds", "0.3", "--out", str(out)])
    assert done.exit_code == 0, done.output
    figures = json.loads(out.read_bytes())
    assert [step["askers"] for step in figures["append"]] == [1, 20, 200]
    assert all(step["entries"] >= step["askers"] for step in figures["append"])
    assert figures["check"]["whole"] is True
    assert figures["check"]["entries"] == sum(step["entries"] + 1 for step in figures["append"])
