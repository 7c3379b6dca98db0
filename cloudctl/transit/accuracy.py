"""How good the arrival predictions are: each is kept when a bus is some minutes away, and judged when it has come.

Beside ours the plain way is judged: the timetable shifted by the bus's lateness at that moment.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from cloudctl.transit.arrivals import Arrival
from cloudctl.transit.bands import ErrorBands, Miss

AHEAD = 300.0
"""Horizon of the figures that are told, s."""
KEPT = 2000
LEARN_AT = (60.0, 120.0, 180.0, 300.0, 480.0, 600.0, 900.0)
"""Horizons that are judged, and whose errors teach the bands, s."""
WITHIN = 5.0
"""A prediction is kept when it is less than this nearer than a horizon, s."""


@dataclass(frozen=True)
class Accuracy:
    """Errors of arrivals a horizon ahead."""

    judged: int
    median_error_s: float
    """Median of absolute errors; NaN before the first."""
    within_band: float
    """Share of arrivals inside the 90 % band."""
    band_width_s: float
    """Median width of the band."""
    timetable_median_error_s: float
    """Median of absolute errors of the shifted timetable, over the same arrivals."""


@dataclass(frozen=True)
class _Kept:
    arrival: Arrival
    made: float
    by_timetable: float | None


class PredictionLog:
    """Keeps predictions until they can be judged."""

    def __init__(self, bands: ErrorBands) -> None:
        self._bands = bands
        self._waiting: dict[tuple[str, str, int, float], _Kept] = {}
        self._errors: dict[float, deque[tuple[float, bool, float, float]]] = {
            horizon: deque(maxlen=KEPT) for horizon in LEARN_AT
        }

    def keep(self, vehicle: str, pattern: str, arrival: Arrival, now: float, by_timetable: float | None) -> None:
        """Note a prediction the first time it comes within a horizon."""
        ahead = arrival.expected - now
        for horizon in LEARN_AT:
            if horizon - WITHIN < ahead <= horizon:
                self._waiting.setdefault((vehicle, pattern, arrival.number, horizon), _Kept(arrival, now, by_timetable))

    def judge(self, vehicle: str, pattern: str, number: int, arrived: float) -> None:
        """A bus has come to a stop."""
        for horizon in LEARN_AT:
            kept = self._waiting.pop((vehicle, pattern, number, horizon), None)
            if kept is None:
                continue
            error = arrived - kept.arrival.expected
            below, above = arrived < kept.arrival.earliest, arrived > kept.arrival.latest
            self._bands.add((pattern, number), Miss(kept.arrival.expected - kept.made, error, below, above))
            plain = abs(arrived - kept.by_timetable) if kept.by_timetable is not None else np.nan
            width = kept.arrival.latest - kept.arrival.earliest
            self._errors[horizon].append((abs(error), not below and not above, plain, width))

    def forget(self, vehicles: set[str]) -> None:
        """Keep only what is about these buses."""
        self._waiting = {key: kept for key, kept in self._waiting.items() if key[0] in vehicles}

    def accuracy(self, horizon: float = AHEAD) -> Accuracy:
        """What was judged so far at one of the horizons, s."""
        if not self._errors[horizon]:
            return Accuracy(0, *[float("nan")] * 4)
        table = np.array(self._errors[horizon], float)
        plain = table[~np.isnan(table[:, 2]), 2]
        shifted = float(np.median(plain)) if len(plain) else float("nan")
        error, width = float(np.median(table[:, 0])), float(np.median(table[:, 3]))
        return Accuracy(len(table), error, float(table[:, 1].mean()), width, shifted)
