"""Percentiles of cumulative histograms, as Prometheus keeps them."""

import math
from collections.abc import Mapping

Buckets = Mapping[float, float]
"""Count of the values at or below each bound; the last bound is infinite."""


def share_within(buckets: Buckets, bound: float) -> float:
    """Share of a cumulative histogram at or below one of its bounds; NaN where it is empty."""
    total = buckets.get(math.inf, 0.0)
    return buckets[bound] / total if total else math.nan


def percentile(buckets: Buckets, share: float) -> float:
    """Value below which a share of a cumulative histogram lies, straight within a bucket; NaN where it is empty.

    Beyond the last bound it is that bound.
    """
    wanted, below, lower = share * buckets.get(math.inf, 0.0), 0.0, 0.0
    if wanted <= 0.0:
        return math.nan
    for bound, count in sorted(buckets.items()):
        if count >= wanted:
            return lower if math.isinf(bound) else lower + (bound - lower) * (wanted - below) / (count - below)
        below, lower = count, bound
    return lower
