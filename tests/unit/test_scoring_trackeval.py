"""Our scores are those of TrackEval, an independent library; GOSPA and groups are worked out by hand."""

import contextlib
import io
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.scoring import ALPHAS, score, score_groups
from simulators.scoring_scene import Columns

trackeval = pytest.importorskip("trackeval")


def scene(seed: int, count: int = 15, frames: int = 40, size: float = 20.0) -> tuple[Columns, Columns]:
    """Road users and noisy tracks of them that are lost, renamed and swapped, with false ones."""
    rng = np.random.default_rng(seed)
    start, velocity, names = rng.uniform(0, size, (count, 2)), rng.normal(0, 1.0, (count, 2)), np.arange(count)
    truth, tracks = [], []
    for frame in range(frames):
        place = start + 0.1 * frame * velocity
        if rng.random() < 0.3:
            pair = rng.choice(count, 2, replace=False)
            names[pair] = names[pair[::-1]]
        if rng.random() < 0.2:
            names[rng.integers(count)] = names.max() + 1
        truth += [(1.0 * frame, i, *place[i]) for i in range(count) if (frame + i) % 13]
        seen = np.flatnonzero(rng.random(count) < 0.9)
        tracks += [(1.0 * frame, names[i], *(place[i] + rng.normal(0, 0.6, 2))) for i in seen]
        tracks += [(1.0 * frame, 1000 + frame, *rng.uniform(0, size, 2))] if rng.random() < 0.4 else []
    return columns(truth), columns(tracks)


def columns(rows: Sequence[tuple[float, ...]]) -> Columns:
    time, name, x, y = np.array(rows).T
    return Columns(np.round(time, 3), np.char.mod("%d", name), x, y, np.ones(len(x), bool))


def numbers(side: Columns) -> NDArray[np.int64]:
    return np.asarray(np.unique(side.id, return_inverse=True)[1], np.int64)


def judged(truth: Columns, tracks: Columns) -> dict[str, float]:
    """Figures of TrackEval for the same frames."""
    times, a, b = np.unique(truth.time), numbers(truth), numbers(tracks)
    data: dict[str, object] = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    rows = [(np.flatnonzero(truth.time == time), np.flatnonzero(tracks.time == time)) for time in times]
    apart = [
        np.hypot(truth.x[mine, None] - tracks.x[theirs], truth.y[mine, None] - tracks.y[theirs])
        for mine, theirs in rows
    ]
    data["gt_ids"], data["tracker_ids"] = [a[mine] for mine, _ in rows], [b[theirs] for _, theirs in rows]
    data["similarity_scores"] = [np.maximum(1.0 - gap / 4.0, 0.0) for gap in apart]
    data |= {"num_timesteps": len(times), "num_gt_ids": a.max() + 1, "num_tracker_ids": b.max() + 1}
    data |= {"num_gt_dets": sum(len(mine) for mine, _ in rows), "num_tracker_dets": sum(len(t) for _, t in rows)}
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, NDArray[np.float64]] = {}
        for metric in (trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(), trackeval.metrics.Identity()):
            found |= metric.eval_sequence(data)
    return {name: float(np.mean(found[name])) for name in ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "CLR_TP", "IDSW")}


@pytest.mark.parametrize("seed", range(6))
def test_scores_are_those_of_trackeval(seed: int) -> None:
    truth, tracks = scene(seed, size=6.0 + 8.0 * seed)
    got, told = score(truth, tracks), judged(truth, tracks)
    assert len(ALPHAS) == 19
    figures = (got.hota, got.det_a, got.ass_a, got.mota, got.idf1, got.matched, got.identity_switches)
    assert figures == pytest.approx(tuple(told.values()), abs=1e-9)


def test_gospa_adds_half_a_squared_cut_off_for_each_miss_and_each_false_track() -> None:
    truth = columns([(0.0, 1, 0.0, 0.0), (0.0, 2, 50.0, 0.0), (0.1, 1, 0.0, 0.0), (0.1, 2, 50.0, 0.0)])
    tracks = columns([(0.0, 1, 1.0, 0.0), (0.0, 7, 90.0, 0.0), (0.1, 1, 0.0, 0.0), (0.1, 2, 50.0, 0.0)])
    first = np.sqrt(1.0 + 8.0 + 8.0)
    assert score(truth, tracks).gospa_m == pytest.approx(first / 2.0)


def test_switches_are_counted_against_the_time_that_was_matched() -> None:
    truth = columns([(0.1 * k, 1, 1.0 * k, 0.0) for k in range(50)])
    tracks = columns([(0.1 * k, 1 if k < 25 else 2, 1.0 * k, 0.0) for k in range(50)])
    got = score(truth, tracks)
    assert got.matched_s == pytest.approx(5.0)
    assert got.switches_per_100_s == pytest.approx(20.0)


def test_each_group_is_scored_by_itself() -> None:
    rows = [(0.1 * k, name, 10.0 * name, 0.0) for k in range(10) for name in (1, 2)]
    plain = columns(rows)
    truth = Columns(
        plain.time, plain.id, plain.x, plain.y, plain.observable, np.where(plain.id == "1", "vehicle", "pedestrian")
    )
    tracks = columns([(0.1 * k, 1, 10.5, 0.0) for k in range(10)] + [(0.1 * k, 3, 80.0, 0.0) for k in range(10)])
    groups = score_groups(truth, tracks)
    assert set(groups) == {"vehicle", "pedestrian"}
    assert (groups["vehicle"].recall, groups["vehicle"].precision) == (1.0, 1.0)
    assert groups["vehicle"].rmse_m == pytest.approx(0.5)
    assert (groups["pedestrian"].recall, groups["pedestrian"].tracks) == (0.0, 0)
    assert score_groups(plain, tracks) == {}
