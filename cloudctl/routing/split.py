"""Link times under the load of vehicles that were told a way, and what one more costs the others: a detour's price."""

import numpy as np
from numpy.typing import NDArray

SENSITIVITY = 15.0
"""Time that a link used to capacity takes beyond an empty one, s, as `GuidanceRules.sensitivity`."""
SPAN = 300.0
"""Length over which a queue above capacity builds up, s."""
Columns = NDArray[np.float64]


def priced_times(seconds: Columns, flow: Columns, told: Columns, capacity: Columns) -> tuple[Columns, Columns]:
    """Times (links,) with the load of told vehicles, and these plus what one more vehicle costs others, s.

    Args:
        seconds: Time on each link now, s.
        flow: Vehicles an hour now.
        told: Vehicles an hour that were told to come and have not been seen yet.
        capacity: Vehicles an hour that can pass.
    """
    # What passes now can pass: a capacity by program is no more than a guess.
    room = np.maximum(capacity, flow)
    before, after = flow / room, (flow + told) / room
    queue = 0.5 * SPAN * np.maximum(after - 1.0, 0.0)
    loaded = seconds + SENSITIVITY * (after**2 - before**2) + queue
    others = 2.0 * SENSITIVITY * after**2 + np.where(after > 1.0, 0.5 * SPAN * after, 0.0)
    return loaded, loaded + np.where(told > 0, others - 2.0 * SENSITIVITY * before**2, 0.0)
