"""Who is sent to which lot: the assignment with the least sum of drives, walks and risks, not each to the nearest.

The n-th car sent to a lot has a lower chance than the one before; so each lot is offered as often as there are cars,
at a price that rises with the risk of coming too late. As chances never rise, a lot's cheap offers are taken first.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Reals = NDArray[np.float64]
NEAREST = 12
"""Lots that are looked at for each car."""
OUT_OF_REACH = 1e9


def assign(costs: Reals, chances: Reals, full_cost: float) -> list[tuple[int, float]]:
    """Give each car a lot and the chance it finds a place there; -1 where it can reach none.

    Args:
        costs: Cost of each car for each lot if it has room, s; inf where there is no way, (m, n).
        chances: Chance for the first, second, ... car that is sent to each lot from now on, (n, m) at least.
        full_cost: What it costs to come to a full lot, s.
    """
    cars = len(costs)
    if not cars or not costs.shape[1]:
        return [(-1, 0.0)] * cars
    single = costs + (1.0 - chances[:, 0]) * full_cost
    kept = np.unique(np.argsort(single, axis=1, kind="stable")[:, : max(NEAREST, cars)])
    risk = (1.0 - chances[kept, :cars]) * full_cost
    offers = np.nan_to_num(costs[:, kept, None] + risk[None], posinf=OUT_OF_REACH).reshape(cars, -1)
    rows, columns = linear_sum_assignment(offers)
    given = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    found = []
    for car in range(cars):
        lot, number = divmod(given[car], cars)
        row = int(kept[lot])
        found.append((row, float(chances[row, number])) if np.isfinite(costs[car, row]) else (-1, 0.0))
    return found
