"""Scores of small scenes, worked out by hand, and of random ones, worked out by TrackEval 1.3.0."""

from pathlib import Path

import numpy as np
import pytest

from simulators.scoring import main, score
from simulators.scoring_scene import Columns

Row = tuple[float, str, float, float]


def columns(rows: list[Row], unseen: frozenset[str] = frozenset()) -> Columns:
    time, names, x, y = (np.array(values) for values in zip(*rows, strict=True))
    return Columns(time, names, x, y, ~np.isin(names, list(unseen)))


def line(name: str, frames: range, y: float = 0.0, offset: float = 0.0) -> list[Row]:
    """Someone who drives east 10 m a frame of 0.5 s."""
    return [(0.5 * k, name, 10.0 * k + offset, y) for k in frames]


def test_perfect_tracks_score_1() -> None:
    truth = columns(line("a", range(10)) + line("b", range(10), 50.0))
    got = score(truth, columns(line("1", range(10)) + line("2", range(10), 50.0)))
    assert (got.recall, got.precision, got.mota, got.idf1, got.rmse_m) == (1, 1, 1, 1, 0)
    assert got.hota == pytest.approx(1.0)
    assert got.identity_switches == 0


def test_a_constant_error_costs_the_thresholds_above_it() -> None:
    got = score(columns(line("a", range(10))), columns(line("1", range(10), offset=1.0)))
    assert got.rmse_m == pytest.approx(1.0)
    assert got.mota == 1.0
    assert got.hota == pytest.approx(15 / 19)  # similarity 0.75 reaches 0.05 to 0.75 of 19 thresholds


def test_a_track_that_changes_its_name_half_way_is_one_switch() -> None:
    got = score(columns(line("a", range(10))), columns(line("1", range(5)) + line("2", range(5, 10))))
    assert got.identity_switches == 1
    assert got.mota == pytest.approx(0.9)
    assert got.idf1 == pytest.approx(0.5)
    assert got.ass_a == pytest.approx(0.5)
    assert got.hota == pytest.approx(np.sqrt(0.5))


def test_misses_and_false_tracks_are_counted() -> None:
    truth = columns(line("a", range(10)) + line("b", range(10), 50.0))
    got = score(truth, columns(line("1", range(10)) + line("9", range(5), 200.0)))
    assert got.recall == pytest.approx(0.5)
    assert got.precision == pytest.approx(10 / 15)
    assert got.mota == pytest.approx(1 - (10 + 5) / 20)
    assert got.det_a == pytest.approx(10 / 25)


def test_beyond_the_gate_nothing_matches() -> None:
    got = score(columns(line("a", range(10))), columns(line("1", range(10), offset=2.1)))
    assert (got.matched, got.recall, got.idf1) == (0, 0, 0)


def test_who_could_not_be_seen_is_not_asked_for_and_its_track_is_not_wrong() -> None:
    truth = columns(line("a", range(10)) + line("b", range(10), 50.0), frozenset({"b"}))
    got = score(truth, columns(line("1", range(10)) + line("2", range(10), 50.0)))
    assert (got.truth, got.tracks, got.recall, got.precision) == (10, 10, 1, 1)


def test_tracks_are_interpolated_to_the_times_of_the_truth() -> None:
    rows = [(0.1 + 0.2 * k, "1", 20.0 * (0.1 + 0.2 * k), 0.0) for k in range(20)]
    got = score(columns(line("a", range(9))), columns(rows))
    assert got.frames == 7
    assert got.recall == 1.0
    assert got.rmse_m == pytest.approx(0.0, abs=1e-9)


def test_a_track_is_not_interpolated_over_a_long_gap() -> None:
    rows = [row for row in line("1", range(11)) if not 1.9 < row[0] < 3.1]
    got = score(columns(line("a", range(11))), columns(rows))
    assert (got.truth, got.tracks) == (11, 8)


def test_no_tracks_at_all_score_0() -> None:
    empty = Columns(np.empty(0), np.empty(0, "U1"), np.empty(0), np.empty(0), np.empty(0, bool))
    got = score(columns(line("a", range(3))), empty)
    assert (got.recall, got.hota, got.tracks) == (0, 0, 0)


def random_scene(seed: int, count: int, size: float) -> tuple[Columns, Columns]:
    """Road users with noisy, incomplete tracks that are renamed and swapped, and false ones."""
    rng = np.random.default_rng(seed)
    start, velocity = rng.uniform(0, size, (count, 2)), rng.normal(0, 1.5, (count, 2))
    names, new = [f"t{k:03d}" for k in range(count)], count
    truth, tracks = list[Row](), list[Row]()
    for k in range(40):
        place = start + velocity * k * 0.5
        for i in range(count):
            if rng.random() < 0.03:
                j = int(rng.integers(count))
                names[i], names[j] = names[j], names[i]
        for i in range(count):
            if (k + i) % 17 == 0:
                continue
            truth.append((k * 0.5, f"g{i:03d}", *place[i]))
            if rng.random() < 0.03:
                names[i], new = f"t{new:03d}", new + 1
            if rng.random() < 0.9:
                tracks.append((k * 0.5, names[i], *(place[i] + rng.normal(0, 0.8, 2))))
        if rng.random() < 0.3:
            tracks.append((k * 0.5, f"f{k:03d}", *rng.uniform(0, size, 2)))
    return columns(truth), columns(tracks)


@pytest.mark.parametrize(
    ("seed", "count", "size", "expected"),
    [
        (
            0,
            12,
            25.0,
            (
                0.35945126628815266,
                0.6351888168163401,
                0.20465664394204142,
                0.7274725274725274,
                0.4205714285714286,
                396,
                41,
            ),
        ),
        (
            1,
            3,
            10.0,
            (
                0.35236142309586044,
                0.5814073726108057,
                0.2140149371948492,
                0.672566371681416,
                0.42424242424242425,
                102,
                10,
            ),
        ),
        (
            2,
            30,
            30.0,
            (
                0.38345116761387066,
                0.6324685582869405,
                0.23368078034870607,
                0.7226148409893993,
                0.47069681587448087,
                978,
                103,
            ),
        ),
        (
            3,
            12,
            5.0,
            (
                0.42673010016787005,
                0.6208683201952364,
                0.2944531187406241,
                0.7626373626373626,
                0.502844141069397,
                405,
                39,
            ),
        ),
    ],
)
def test_scores_equal_trackevals(seed: int, count: int, size: float, expected: tuple[float, ...]) -> None:
    """`expected` is HOTA, DetA, AssA, MOTA, IDF1, matches, switches of trackeval 1.3.0 (HOTA, CLEAR and Identity)."""
    got = score(*random_scene(seed, count, size))
    figures = (got.hota, got.det_a, got.ass_a, got.mota, got.idf1, got.matched, got.identity_switches)
    assert figures == pytest.approx(expected, abs=1e-9)


def test_the_command_scores_files_and_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, tracks = tmp_path / "truth.csv", tmp_path / "tracks.csv"
    truth.write_text(
        "t,id,lat,lon,observable\n" + "".join(f"{k / 2},a,28.2,{112.93 + k * 1e-5},1\n" for k in range(30))
    )
    tracks.write_text("t,track_id,lat,lon\n" + "".join(f"{k / 5},7,28.2,{112.93 + k * 4e-6}\n" for k in range(60)))
    assert main(["--truth", str(truth), "--tracks", str(tracks), "--out", str(tmp_path / "score.json")]) == 0
    assert b'"recall": 1.0' in (tmp_path / "score.json").read_bytes()
    assert main(["--truth", str(tracks), "--tracks", str(tracks)]) == 1
    assert "has no column 'id'" in capsys.readouterr().err
