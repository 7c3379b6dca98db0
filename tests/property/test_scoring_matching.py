"""Assignment by components is the best assignment, and scores do not depend on names."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from simulators.scoring import score
from simulators.scoring_matching import best_pairs
from simulators.scoring_scene import Columns

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(0, 9)), st.floats(0.01, 10.0, allow_nan=False), max_size=40
)


@given(PAIRS)
def test_the_gain_is_that_of_one_dense_assignment(pairs: dict[tuple[int, int], float]) -> None:
    left, right = (np.array([key[side] for key in pairs], np.int64) for side in (0, 1))
    weight = np.array(list(pairs.values()))
    chosen = best_pairs(left, right, weight)
    assert len(set(left[chosen].tolist())) == len(set(right[chosen].tolist())) == len(chosen)
    dense = np.zeros((10, 10))
    dense[left, right] = weight
    best = dense[linear_sum_assignment(dense, maximize=True)].sum()
    np.testing.assert_allclose(weight[chosen].sum(), best, rtol=1e-9, atol=1e-9)


def scene(points: list[tuple[int, int, float, float]], names: NDArray[np.str_]) -> Columns:
    time, who, x, y = (np.array([row[k] for row in points]) for k in range(4))
    return Columns(time * 0.5, names[who], x.astype(float), y.astype(float), np.ones(len(points), bool))


ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.floats(0, 20), st.floats(0, 20)),
    min_size=1,
    max_size=40,
    unique_by=lambda row: (row[0], row[1]),
)


@given(ROWS, ROWS, st.permutations(range(5)))
def test_scores_lie_between_0_and_1_and_do_not_depend_on_names(
    truth: list[tuple[int, int, float, float]], tracks: list[tuple[int, int, float, float]], order: list[int]
) -> None:
    names = np.array([f"n{k}" for k in range(5)])
    got = score(scene(truth, names), scene(tracks, names))
    other = score(scene(truth, names[order]), scene(tracks, names[order]))
    for share in (got.recall, got.precision, got.idf1, got.det_a, got.ass_a, got.hota):
        assert 0.0 <= share <= 1.0
    assert got.mota <= 1.0
    np.testing.assert_allclose((got.recall, got.idf1), (other.recall, other.idf1))
