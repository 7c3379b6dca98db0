"""How many requests an address may send: a bucket that fills evenly."""

from collections.abc import Callable
from dataclasses import dataclass

MOST_KEYS = 10_000


@dataclass(frozen=True)
class Rate:
    """Requests a second in the long run, and how many at once."""

    per_second: float
    burst: int


@dataclass
class _Bucket:
    left: float
    at: float


class RateLimiter:
    """Counts by key; the keys longest unused are forgotten. Times (s) come from `clock`."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str) -> float:
        """Take one request; give 0 where it may go on, else the wait, s."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(self._rate.burst, now)
        bucket.left = min(self._rate.burst, bucket.left + (now - bucket.at) * self._rate.per_second)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_KEYS:
            del self._buckets[next(iter(self._buckets))]
        if bucket.left < 1.0:
            return (1.0 - bucket.left) / self._rate.per_second
        bucket.left -= 1.0
        return 0.0
