"""Score tracks against the truth: recall, precision, position error, identity switches, HOTA, MOTA, IDF1, GOSPA.

HOTA as in Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-object Tracking" (IJCV 2021), with the
similarity 1 - d / 4 m and thresholds 0.05 to 0.95; CLEAR figures (Bernardin and Stiefelhagen 2008) and identity
figures (Ristani et al. 2016) with a match gate of 2 m; GOSPA (Rahmathullah et al. 2017) with p = 2, alpha = 2 and a
cut-off of 4 m, mean over the frames.

    python -m simulators.scoring --truth FILE --tracks FILE [--out FILE]
"""

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson

from simulators.errors import SimulatorsError
from simulators.scoring_matching import Floats, Ints, best_pairs
from simulators.scoring_scene import REACH, Columns, Scene, make_scene, read_columns

GATE = 2.0
"""m"""
ALPHAS = np.arange(0.05, 0.99, 0.05)
_KEEP = 1000.0
"""Preference for the pair of the frame before in CLEAR matching."""


@dataclass(frozen=True)
class Score:
    """Figures of one run; shares are 0..1."""

    frames: int
    truth: int
    """Road users times frames that a sensor could see."""
    tracks: int
    matched: int
    recall: float
    precision: float
    rmse_m: float
    """Root mean square distance of matched positions."""
    identity_switches: int
    mota: float
    idf1: float
    hota: float
    det_a: float
    ass_a: float
    gospa_m: float
    matched_s: float
    """Track-seconds that were matched."""
    switches_per_100_s: float


def score(truth: Columns, tracks: Columns, gate: float = GATE) -> Score:
    """Score `tracks` against `truth`; both in one metric plane, matched within `gate` m."""
    return score_scene(make_scene(truth, tracks, gate), gate)


def score_scene(scene: Scene, gate: float = GATE) -> Score:
    """Score a scene whose pairs are known."""
    matched, switches, squares = _clear(scene, gate)
    asked, told = len(scene.truth), len(scene.track)
    hota, det_a, ass_a = _hota(scene)
    frames, matched_s = len(np.unique(scene.truth_frame)), matched * scene.period
    return Score(
        frames=frames,
        truth=asked,
        tracks=told,
        matched=matched,
        recall=_share(matched, asked),
        precision=_share(matched, told),
        rmse_m=float(np.sqrt(_share(squares, matched))),
        identity_switches=switches,
        mota=1.0 - _share((asked - matched) + (told - matched) + switches, asked),
        idf1=_share(2.0 * _identity_matches(scene, gate), asked + told),
        hota=hota,
        det_a=det_a,
        ass_a=ass_a,
        gospa_m=_gospa(scene),
        matched_s=matched_s,
        switches_per_100_s=_share(100.0 * switches, matched_s),
    )


def score_groups(truth: Columns, tracks: Columns, gate: float = GATE) -> dict[str, Score]:
    """Score each group of road users (vehicle, two-wheeler, pedestrian) by itself.

    Tracks that match others, or are near nobody of the group, are left out: they count in the score of all.
    """
    if truth.group is None:
        return {}
    figures = {}
    for name in np.unique(truth.group[truth.observable]).tolist():
        own = replace(truth, observable=truth.observable & (truth.group == name))
        figures[name] = score_scene(_only_near(make_scene(own, tracks, gate)), gate)
    return figures


def _only_near(scene: Scene) -> Scene:
    """Leave out tracks where they are out of reach of everybody."""
    width = int(scene.track.max(initial=0)) + 1
    near = np.isin(scene.track_frame * width + scene.track, scene.pair_frame * width + scene.pair_track)
    return replace(scene, track_frame=scene.track_frame[near], track=scene.track[near])


def _gospa(scene: Scene) -> float:
    """Mean over frames of the GOSPA distance, m."""
    frames = int(max(scene.truth_frame.max(initial=-1), scene.track_frame.max(initial=-1))) + 1
    asked, told = (np.bincount(column, minlength=frames) for column in (scene.truth_frame, scene.track_frame))
    gain = REACH**2 - scene.distance**2
    a, b = scene.pair_truth * frames + scene.pair_frame, scene.pair_track * frames + scene.pair_frame
    rows = np.flatnonzero(gain > 0.0)
    rows = rows[best_pairs(a[rows], b[rows], gain[rows])]
    spared = np.bincount(scene.pair_frame[rows], gain[rows], frames)
    squares = 0.5 * REACH**2 * (asked + told) - spared
    used = (asked + told) > 0
    return float(np.sqrt(np.maximum(squares[used], 0.0)).mean()) if used.any() else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _clear(scene: Scene, gate: float) -> tuple[int, int, float]:
    """Matches, identity switches and the sum of squared distances; a pair of the frame before is kept if it can be."""
    close = np.flatnonzero(scene.distance <= gate)
    frame, a, b = scene.pair_frame[close], scene.pair_truth[close], scene.pair_track[close]
    gain = scene.similarity[close]
    last = np.full(int(scene.truth.max(initial=-1)) + 1, -1, np.int64)
    just = last.copy()
    matched, switches, squares = 0, 0, 0.0
    bounds = np.searchsorted(frame, np.arange(int(frame.max(initial=-1)) + 2))
    for begin, end in pairwise(bounds):
        rows = np.arange(begin, end)
        chosen = rows[best_pairs(a[rows], b[rows], gain[rows] + _KEEP * (just[a[rows]] == b[rows]))]
        before = last[a[chosen]]
        switches += int(((before >= 0) & (before != b[chosen])).sum())
        last[a[chosen]] = b[chosen]
        just[:] = -1
        just[a[chosen]] = b[chosen]
        matched += len(chosen)
        squares += float((scene.distance[close[chosen]] ** 2).sum())
    return matched, switches, squares


def _identity_matches(scene: Scene, gate: float) -> float:
    """IDTP: the most frames that a one-to-one naming of whole trajectories explains."""
    close = np.flatnonzero(scene.distance <= gate)
    a, b, count, _ = _count_pairs(scene.pair_truth[close], scene.pair_track[close], np.ones(len(close)))
    return float(count[best_pairs(a, b, count)].sum())


def _count_pairs(a: Ints, b: Ints, weight: Floats) -> tuple[Ints, Ints, Floats, Ints]:
    """Sum weights by pair: (a, b, sum) of the different pairs, and which of them each row is."""
    width = int(b.max(initial=0)) + 1
    codes, which = np.unique(a * width + b, return_inverse=True)
    return codes // width, codes % width, np.bincount(which, weight, len(codes)).astype(np.float64), which


def _hota(scene: Scene) -> tuple[float, float, float]:
    """HOTA, DetA and AssA, means over all thresholds."""
    similarity, frames = scene.similarity, int(scene.pair_frame.max(initial=0)) + 1
    a = scene.pair_truth * frames + scene.pair_frame
    b = scene.pair_track * frames + scene.pair_frame
    truths, tracks = np.bincount(scene.truth), np.bincount(scene.track)
    rows = best_pairs(a, b, _alignment(scene, a, b, truths, tracks) * similarity)
    detection, association = np.zeros(len(ALPHAS)), np.zeros(len(ALPHAS))
    for place, alpha in enumerate(ALPHAS):
        hit = rows[similarity[rows] >= alpha - np.finfo(float).eps]
        detection[place] = _share(len(hit), len(scene.truth) + len(scene.track) - len(hit))
        left, right, count, _ = _count_pairs(scene.pair_truth[hit], scene.pair_track[hit], np.ones(len(hit)))
        jaccard = count / np.maximum(truths[left] + tracks[right] - count, 1.0) if len(hit) else count
        association[place] = _share(float((count * jaccard).sum()), len(hit))
    return float(np.sqrt(detection * association).mean()), float(detection.mean()), float(association.mean())


def _alignment(scene: Scene, a: Ints, b: Ints, truths: Ints, tracks: Ints) -> Floats:
    """How well the two trajectories of each pair agree over all frames: a soft count of shared frames, as Jaccard."""
    similarity = scene.similarity
    around = _sum_of(a, similarity) + _sum_of(b, similarity) - similarity
    left, right, soft, which = _count_pairs(scene.pair_truth, scene.pair_track, similarity / around)
    return np.asarray((soft / (truths[left] + tracks[right] - soft))[which])


def _sum_of(keys: Ints, values: Floats) -> Floats:
    """Sum of the values of all rows with the same key, one a row."""
    _, which = np.unique(keys, return_inverse=True)
    return np.asarray(np.bincount(which, values)[which], np.float64) if len(keys) else values


def main(arguments: list[str] | None = None) -> int:
    """Score two files and print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="simulators.scoring", description="Score tracks against the truth.")
    parser.add_argument("--truth", type=Path, required=True, help="CSV or Parquet written by the fleet")
    parser.add_argument("--tracks", type=Path, required=True, help="CSV or Parquet with t, track_id, lat, lon")
    parser.add_argument("--out", type=Path, help="file for the figures, else standard output")
    parser.add_argument("--gate", type=float, default=GATE, help="match gate, m (default %(default)s)")
    parser.add_argument("--skip", type=float, default=5.0, help="seconds left out at the start (default %(default)s)")
    options = parser.parse_args(arguments)
    try:
        truth, plane = read_columns(options.truth, "id")
        tracks, _ = read_columns(options.tracks, "track_id", plane)
        tracks = _later(tracks, options.skip)
        groups = score_groups(truth, tracks, options.gate)
        figures = asdict(score(truth, tracks, options.gate)) | {
            "groups": {name: asdict(figures) for name, figures in groups.items()}
        }
    except SimulatorsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    text = orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n"
    if options.out is None:
        sys.stdout.write(text.decode())
    else:
        options.out.write_bytes(text)
    return 0


def _later(tracks: Columns, seconds: float) -> Columns:
    kept = tracks.time >= tracks.time.min(initial=np.inf) + seconds
    group = None if tracks.group is None else tracks.group[kept]
    return Columns(tracks.time[kept], tracks.id[kept], tracks.x[kept], tracks.y[kept], tracks.observable[kept], group)


if __name__ == "__main__":
    raise SystemExit(main())
