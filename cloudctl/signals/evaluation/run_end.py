"""When a run is over."""

import math

import libsumo


def is_over(end: float) -> bool:
    """Whether the running simulation has reached `end`, s; where it has none, whether all vehicles have arrived."""
    now = float(libsumo.simulation.getTime())
    if end >= 0 and now >= end - 1e-6:
        return True
    return (end < 0 or math.isinf(end)) and libsumo.simulation.getMinExpectedNumber() == 0
