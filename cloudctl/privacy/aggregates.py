"""Published figures about vehicles count ten of them at least, or say nothing: k-anonymity with k >= 10.

The form is that of the Mobility Data Specification: a suppressed count is -1, zeros too, and k stands in the answer.
In SQL the same is `v2x.k_count(vehicles)` and `v2x.k_value(value, vehicles)`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

K = 10
SUPPRESSED = -1


def k_count(vehicles: ArrayLike, k: int = K) -> NDArray[np.int64]:
    """Give counts with those below k replaced by -1; a k below 10 is taken as 10."""
    counts = np.asarray(vehicles, np.int64)
    return np.where(counts >= max(k, K), counts, SUPPRESSED)


def k_value(values: ArrayLike, vehicles: ArrayLike, k: int = K) -> NDArray[np.float64]:
    """Give figures with those over fewer than k vehicles replaced by NaN."""
    counts = np.asarray(vehicles, np.int64)
    return np.where(counts >= max(k, K), np.asarray(values, np.float64), np.nan)


def publishable(vehicles: int, k: int = K) -> bool:
    """Tell whether a figure over so many vehicles may leave the house."""
    return vehicles >= max(k, K)
