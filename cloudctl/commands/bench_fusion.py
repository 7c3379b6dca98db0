"""`cloudctl bench fusion`: how fast the tracker is and how right, beside a textbook tracker on the same scene."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cloudctl.commands.bench_output import show, write
from cloudctl.errors import CloudctlError

if TYPE_CHECKING:
    from cloudctl.commands.bench_peers import Peer
    from fusion.benchmark_scene import Floats, Ints, Scene
    from ingest.observation import ObservationBatch

    Step = Callable[[ObservationBatch, float], tuple[Ints, Floats]]
    """Takes the reports of a cycle; gives ids (n,) and places (n, 2)."""

SIZES = (1_000, 10_000, 100_000)
SETTLING = 10
"""Cycles before the clock counts."""
CYCLES, CYCLES_OF_LARGE, LARGE = 40, 12, 50_000
BASELINE = "numpy Kalman + dense linear_sum_assignment"
BASELINE_SIZE, BASELINE_CYCLES = 1_000, 8
ACCURACY_SIZE, ACCURACY_CYCLES = 300, 120
PREDICTED = 10_000
SCORES = ("hota", "idf1", "mota", "rmse_m", "identity_switches")


class ScoreError(CloudctlError):
    """The scoring of tracks failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"scoring: {reason}")


def bench_fusion(
    out: Path | None = None, sizes: Sequence[int] = SIZES, peers: "Sequence[Peer] | None" = None
) -> dict[str, object]:
    """Measure cycles of scenes of so many road users, two reports each, and the accuracy of a small one.

    Other people's trackers are measured on the same scenes where their libraries are installed.
    """
    from cloudctl.commands.bench_peers import PEERS
    from fusion.warm_up import warm_up

    warm_up()
    asked = PEERS if peers is None else peers
    present = [peer for peer in asked if peer.installed]
    cycles = {size: CYCLES_OF_LARGE if size > LARGE else CYCLES for size in sizes}
    sizes = sorted({*sizes, *(peer.objects for peer in present)})
    speed = [_measure("platform", size, cycles.get(size, CYCLES), _platform) for size in sizes]
    speed.append(_measure(BASELINE, BASELINE_SIZE, BASELINE_CYCLES, _baseline))
    speed += [_measure(peer.name, peer.objects, peer.cycles, peer.step) for peer in present]
    accuracy = [{"tracker": name, **_accuracy(make)} for name, make in (("platform", _platform), (BASELINE, _baseline))]
    prediction = _prediction()
    figures: dict[str, object] = {
        "cycle": speed,
        "times_faster": _ratios(speed),
        "not_installed": [peer.name for peer in asked if not peer.installed],
        "accuracy": accuracy,
        "prediction": prediction,
    }
    _print(figures, speed, accuracy)
    write(figures, out)
    return figures


def _ratios(speed: Sequence[dict[str, object]]) -> dict[str, float]:
    """Say how many times the platform is as fast as each other tracker on the same scene."""
    own = {row["objects"]: _number(row, "p50_ms") for row in speed if row["name"] == "platform"}
    others = [row for row in speed if row["name"] != "platform" and row["objects"] in own]
    return {str(row["name"]): round(_number(row, "p50_ms") / own[row["objects"]], 1) for row in others}


def _print(
    figures: dict[str, object], speed: Sequence[dict[str, object]], accuracy: Sequence[dict[str, object]]
) -> None:
    columns = ("name", "objects", "p50_ms", "p99_ms", "tracks", "tracks_per_s")
    show("Fusion cycle, 2 reports per object and 100 ms", columns, [[row[name] for name in columns] for row in speed])
    ratios = _ratios(speed)
    rows: list[list[object]] = [[name, ratio] for name, ratio in ratios.items()]
    missing = figures["not_installed"]
    rows += [[f"{name}: not installed", None] for name in (missing if isinstance(missing, list) else [])]
    show("The platform is so many times as fast on the same scene", ("than", "times"), rows)
    title = f"Accuracy on the synthetic scene, {ACCURACY_SIZE} objects, {ACCURACY_CYCLES / 10:.0f} s"
    show(title, ("tracker", *SCORES), [[row["tracker"], *(row[name] for name in SCORES)] for row in accuracy])
    prediction = figures["prediction"]
    if isinstance(prediction, dict):
        show("Prediction of 5 s, every 0.5 s", tuple(prediction), [list(prediction.values())])


def _number(row: dict[str, object], name: str) -> float:
    return float(str(row[name]))


def _platform(scene: "Scene") -> "Step":
    import numpy as np

    from fusion.cycle import FusionCycle

    cycle = FusionCycle()

    def step(batch: "ObservationBatch", now: float) -> "tuple[Ints, Floats]":
        tracks = cycle.step(batch, (), now, scene.sensors).tracks
        return tracks.track_id.astype(np.int64), np.column_stack((tracks.x, tracks.y))

    return step


def _baseline(_: "Scene") -> "Step":
    from fusion.benchmark_baseline import DenseTracker

    tracker = DenseTracker()

    def step(batch: "ObservationBatch", now: float) -> "tuple[Ints, Floats]":
        tracker.update(batch, now)
        return tracker.tracks()

    return step


def _measure(name: str, size: int, cycles: int, make: "Callable[[Scene], Step]") -> dict[str, object]:
    import numpy as np

    from fusion.benchmark_scene import Scene

    scene = Scene.of(size)
    step, times, shown = make(scene), [], 0
    settling = min(SETTLING, cycles)
    for now, batch in scene.cycles(settling + cycles):
        started = time.perf_counter()
        shown = len(step(batch, now)[0])
        times.append(time.perf_counter() - started)
    p50, p99 = (float(value) * 1e3 for value in np.percentile(times[settling:], (50, 99)))
    return {
        "name": name,
        "objects": size,
        "cycles": cycles,
        "p50_ms": round(p50, 2),
        "p99_ms": round(p99, 2),
        "tracks": shown,
        "tracks_per_s": round(shown / p50 * 1e3),
    }


def _accuracy(make: "Callable[[Scene], Step]") -> dict[str, float]:
    """Score one tracker on a scene by the scoring of the simulators, as a process of its own."""
    import numpy as np

    from fusion.benchmark_scene import Scene

    scene = Scene.of(ACCURACY_SIZE)
    step, truth, found = make(scene), [], []
    for now, batch in scene.cycles(ACCURACY_CYCLES):
        ids, places = step(batch, now)
        found.append((np.full(len(ids), now), ids, places))
        truth.append((np.full(ACCURACY_SIZE, now), np.arange(ACCURACY_SIZE), scene.truth(now)))
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as folder:
        real, told, score = (Path(folder) / name for name in ("truth.parquet", "tracks.parquet", "score.json"))
        _write_places(real, "id", truth)
        _write_places(told, "track_id", found)
        return _score(real, told, score)


def _score(truth: Path, tracks: Path, out: Path) -> dict[str, float]:
    import orjson

    argv = [sys.executable, "-m", "simulators.scoring", "--truth", str(truth), "--tracks", str(tracks)]
    ended = subprocess.run([*argv, "--skip", "2", "--out", str(out)], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise ScoreError((ended.stderr.strip().splitlines() or ["no reason given"])[-1])
    figures: dict[str, float] = orjson.loads(out.read_bytes())
    return {name: round(figures[name], 4) for name in SCORES}


def _write_places(path: Path, name: str, rows: "Sequence[tuple[Floats, Ints, Floats]]") -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet

    from maps.geodesy import LocalPlane

    time_column, ids, places = (np.concatenate(column) for column in zip(*rows, strict=True))
    lon, lat = LocalPlane(112.93, 28.2).inverse(places[:, 0], places[:, 1])
    pyarrow.parquet.write_table(pa.table({"t": time_column, name: ids, "lat": lat, "lon": lon}), path)


def _prediction() -> dict[str, object]:
    """Measure the prediction of many tracks off lanes."""
    import numpy as np

    from fusion.benchmark_scene import Scene
    from fusion.cycle import FusionCycle
    from fusion.prediction import Predictor

    scene, cycle, predictor, times = Scene.of(PREDICTED), FusionCycle(), Predictor(), []
    pictures = [cycle.step(batch, (), now, scene.sensors) for now, batch in scene.cycles(SETTLING)]
    tracks = pictures[-1].tracks
    for _ in range(SETTLING):
        started = time.perf_counter()
        predictor.predict(tracks)
        times.append(time.perf_counter() - started)
    return {"tracks": len(tracks), "p50_ms": round(float(np.median(times[2:])) * 1e3, 2)}
