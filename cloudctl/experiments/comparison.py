"""Whether a difference between two periods is more than chance, and how large it is.

Traffic has a daily shape, so intervals are paired by time of day where both periods cover enough of the same: the shape
then cancels out. Where they do not, the means are compared as two samples (Welch). Neighbouring intervals resemble each
other; the number of independent ones is reckoned from the first autocorrelation (n (1 - r) / (1 + r), e.g. Zwiers and
von Storch 1995), else every difference would look certain. Over several measures significance is judged by Holm's
procedure, so that one in twenty measures does not always look changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cloudctl.experiments.series import Series

LEVEL = 0.05
DAY = 86400.0
LEAST_PAIRS = 12
"""Times of day that both periods must share to be paired."""
LEAST = 3
"""Intervals of a period without which nothing is said."""
MOST_CORRELATED = 0.95
_Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """What came out for one measure; NaN where nothing can be said."""

    before: float
    after: float
    difference: float
    """After less before."""
    low: float
    high: float
    """95 % confidence interval of the difference."""
    p_value: float
    method: str
    """paired (by time of day), welch, or none."""
    intervals_before: int
    intervals_after: int
    independent: float
    """Intervals or pairs that count as independent of each other."""
    significant: bool = False

    @property
    def relative(self) -> float:
        """Difference over the value before."""
        return self.difference / self.before if self.before else float("nan")


def compare(before: Series, after: Series, bin_s: int) -> Comparison:
    """Compare one measure; `significant` is set by `judge` over all of them."""
    if len(before.value) < LEAST or len(after.value) < LEAST:
        means = [float(each.value.mean()) if len(each.value) else float("nan") for each in (before, after)]
        nothing, counts = float("nan"), (len(before.value), len(after.value))
        return Comparison(means[0], means[1], means[1] - means[0], nothing, nothing, nothing, "none", *counts, 0.0)
    first, second = _by_time_of_day(before, bin_s), _by_time_of_day(after, bin_s)
    common = sorted(first.keys() & second.keys())
    enough = max(LEAST_PAIRS, min(len(first), len(second)) // 2)
    if len(common) >= enough:
        pairs = np.array([(first[slot], second[slot]) for slot in common])
        return _paired(pairs, before, after)
    return _welch(before, after)


def judge(found: Sequence[Comparison]) -> list[Comparison]:
    """Mark which of several comparisons are significant (Holm 1979)."""
    order = sorted(range(len(found)), key=lambda each: (np.isnan(found[each].p_value), found[each].p_value))
    tested = sum(not np.isnan(each.p_value) for each in found)
    judged, going = list(found), True
    for rank, place in enumerate(order[:tested]):
        going = going and found[place].p_value <= LEVEL / (tested - rank)
        judged[place] = replace(found[place], significant=going)
    return judged


def independent(values: _Reals) -> float:
    """Number of values that count as independent, from the first autocorrelation; 2 at least."""
    centred = values - values.mean()
    spread = float(centred @ centred)
    r = float(centred[:-1] @ centred[1:]) / spread if spread > 0 and len(values) > LEAST else 0.0
    r = min(max(r, 0.0), MOST_CORRELATED)
    return max(len(values) * (1 - r) / (1 + r), 2.0)


def _by_time_of_day(series: Series, bin_s: int) -> dict[int, float]:
    """Mean by interval of the day."""
    slots = np.floor((series.t % DAY) / bin_s).astype(int)
    return {int(slot): float(series.value[slots == slot].mean()) for slot in np.unique(slots)}


def _paired(pairs: _Reals, before: Series, after: Series) -> Comparison:
    """Compare pairs as differences or as ratios, whichever is steadier: a change may add or multiply."""
    means, change = pairs.mean(axis=0), pairs[:, 1] - pairs[:, 0]
    if (pairs > 0).all():
        ratio = np.log(pairs[:, 1] / pairs[:, 0])
        if _unsteadiness(ratio) < _unsteadiness(change):
            return _multiplied(ratio, means, (before, after))
    count = independent(change)
    error = float(change.std(ddof=1)) / np.sqrt(count)
    return _told(means, error, count - 1, "paired", (before, after), count)


def _unsteadiness(change: _Reals) -> float:
    mean = abs(float(change.mean()))
    return float(change.std(ddof=1)) / mean if mean > 0 else float("inf")


def _multiplied(ratio: _Reals, means: _Reals, series: tuple[Series, Series]) -> Comparison:
    """Test the mean logarithm of the ratios; its interval is told as one of the difference."""
    count, middle = independent(ratio), float(ratio.mean())
    error = float(ratio.std(ddof=1)) / np.sqrt(count)
    found = _told(np.array([0.0, middle]), error, count - 1, "paired", series, count)
    before, difference = float(means[0]), float(means[1] - means[0])
    ends = [difference + before * (float(np.exp(end)) - float(np.exp(middle))) for end in (found.low, found.high)]
    return replace(found, before=before, after=float(means[1]), difference=difference, low=ends[0], high=ends[1])


def _welch(before: Series, after: Series) -> Comparison:
    counts = [independent(each.value) for each in (before, after)]
    parts = [float(each.value.var(ddof=1)) / count for each, count in zip((before, after), counts, strict=True)]
    total = sum(parts)
    weight = sum(part * part / (count - 1) for part, count in zip(parts, counts, strict=True))
    freedom = total * total / weight if weight > 0 else sum(counts) - 2
    means = np.array([before.value.mean(), after.value.mean()])
    return _told(means, float(np.sqrt(total)), freedom, "welch", (before, after), sum(counts))


def _told(
    means: _Reals, error: float, freedom: float, method: str, series: tuple[Series, Series], count: float
) -> Comparison:
    difference = float(means[1] - means[0])
    reach = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    certain = 1.0 if difference == 0 else 0.0
    p_value = float(2 * stats.t.sf(abs(difference) / error, freedom)) if error > 0 else certain
    return Comparison(
        before=float(means[0]),
        after=float(means[1]),
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p_value=p_value,
        method=method,
        intervals_before=len(series[0].value),
        intervals_after=len(series[1].value),
        independent=count,
    )
