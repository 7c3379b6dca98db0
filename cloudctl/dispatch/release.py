"""When a bus had best go on, with the lights ahead counted: a few seconds decide over a red on the way.

At its first stop a bus leaves near the time that evens the headways, where the drive is expected to be shortest. Being
`x` s off makes those who wait lose x² / h for each of those on board, h being the usual headway (Osuna and Newell,
1972); a red costs all whose ride crosses it. On the way advice may make a bus later only by what the arrival at its
last stop bears: a hold that ends in a red costs the whole red, one that ends in the same green costs nothing there.
"""

from collections.abc import Callable

import numpy as np

from cloudctl.dispatch.holding import LONGEST_AT_START, SHORTEST

STEP = 3.0
"""Between two moments that are compared, s."""
SHARE, FURTHEST = 0.15, 60.0
"""A bus leaves its first stop at most so far from the even time: share of the usual headway, and s."""
ABOARD = 0.5
"""Share of a trip's riders whose ride crosses a light that is met."""
LEAST_EFFECT = 0.5
"""A wait of which less than this share is left at the next stop is not worth saying."""

Onward = Callable[[float], tuple[float, float]]
"""Expected arrival at the next stop and at the last one, UTC epoch s, of a bus that goes on so much later, s."""


def wait_for_lights(even: float, least: float, usual: float, onward: Onward) -> float:
    """Give how much later than ready a bus leaves its first stop, s.

    Args:
        even: Wait that would even the headways, s; negative for a bus that is late.
        least: It must not leave before, s.
        usual: Usual headway, s.
        onward: What a wait does to the drive.
    """
    reach, begin = min(SHARE * usual, FURTHEST), max(least, 0.0)
    aim = min(max(even, begin), LONGEST_AT_START)
    waits = np.append(np.arange(max(aim - reach, begin), min(aim + reach, LONGEST_AT_START), STEP), aim)
    drives = np.array([onward(wait)[1] - wait for wait in waits.tolist()])
    costs = drives + (waits - even) ** 2 / (ABOARD * usual)
    return float(waits[int(np.argmin(costs))])


def wait_that_pays(longest: float, left: float, onward: Onward) -> tuple[float, float]:
    """Give the longest wait up to `longest` by which the trip gets later by at most `left`, and by how much, s.

    (0, 0) where none is worth saying.
    """
    next_at, last_at = onward(0.0)
    wait = longest
    while wait >= SHORTEST:
        next_then, last_then = onward(wait)
        cost = max(last_then - last_at, 0.0)
        if cost <= left and next_then - next_at >= LEAST_EFFECT * wait:
            return wait, cost
        wait -= STEP
    return 0.0, 0.0
