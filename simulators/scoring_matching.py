"""Best assignment between two sets of which only few pairs are possible, as columns.

Pairs fall into components that share neither side; nearly all are a single pair. Each component is solved exactly
(Hungarian method), so the result is that of one dense assignment at a fraction of its cost.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def best_pairs(left: Ints, right: Ints, weight: Floats) -> Ints:
    """Rows of the pairs (left, right) whose weights add up to the most, each side used at most once.

    Args:
        left: Number of one side, any non-negative values.
        right: Number of the other side.
        weight: Gain of the pair, above 0; a pair occurs once.
    """
    if not len(left):
        return np.empty(0, np.int64)
    left_names, a = np.unique(left, return_inverse=True)
    right_names, b = np.unique(right, return_inverse=True)
    size = len(left_names) + len(right_names)
    graph = coo_array((np.ones(len(a), np.int8), (a, b + len(left_names))), shape=(size, size))
    label = connected_components(graph, directed=False)[1][a]
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    parts = np.split(order, starts[1:])
    return np.sort(np.concatenate([part if len(part) == 1 else _solve(part, a, b, weight) for part in parts]))


def _solve(rows: Ints, left: Ints, right: Ints, weight: Floats) -> Ints:
    left_names, a = np.unique(left[rows], return_inverse=True)
    right_names, b = np.unique(right[rows], return_inverse=True)
    gain = np.zeros((len(left_names), len(right_names)))
    place = np.full(gain.shape, -1, np.int64)
    gain[a, b], place[a, b] = weight[rows], rows
    chosen = place[linear_sum_assignment(gain, maximize=True)]
    return np.asarray(chosen[chosen >= 0], np.int64)
