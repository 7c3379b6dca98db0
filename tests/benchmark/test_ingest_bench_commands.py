"""The benchmark commands run and say what they measured; no figure is asserted."""

import json
from pathlib import Path

import pytest

from cloudctl.commands import bench_codec, bench_ingest
from cloudctl.embedded_broker import find_mosquitto


def test_the_codec_is_measured_beside_the_oracle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_codec, "ROUND_SECONDS", 0.01)
    monkeypatch.setattr(bench_codec, "ROUNDS", 1)
    out = tmp_path / "codec.json"
    bench_codec.bench_codec(out)
    rows = json.loads(out.read_text())["codec"]
    assert {row["message"] for row in rows} == set(bench_codec.GOALS)
    assert all(row["decode_per_s"] > 0 and row["asn1tools_decode_per_s"] > 0 for row in rows)


@pytest.mark.skipif(find_mosquitto() is None, reason="needs Mosquitto")
def test_ingest_is_measured_through_a_real_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ingest, "RATES", (500,))
    out = tmp_path / "ingest.json"
    bench_ingest.bench_ingest(out, seconds=1.0)
    figures = json.loads(out.read_text())
    (step,) = figures["broker_to_batch"]
    assert step["sent"] == step["received"] == step["rows"] == 500
