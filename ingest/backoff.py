"""How long to wait before the next attempt to reach the broker: full jitter (AWS, "Exponential backoff and jitter")."""

from random import Random

SHORTEST = 0.5
LONGEST = 15.0


class Backoff:
    """Ceiling 0.5 s, doubled per failure up to 15 s; the wait is drawn between 0 and the ceiling."""

    def __init__(self, random: Random | None = None) -> None:
        self._random = random or Random()
        self._ceiling = SHORTEST

    def next_delay(self) -> float:
        """Draw the wait after a failure, s."""
        delay = self._random.uniform(0.0, self._ceiling)
        self._ceiling = min(self._ceiling * 2.0, LONGEST)
        return delay

    def reset(self) -> None:
        """Start over after a success."""
        self._ceiling = SHORTEST
