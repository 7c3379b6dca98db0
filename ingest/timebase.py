"""Full UTC from the parts of time that messages carry, and how far each device's clock is off.

A message says ms of the minute (DE_DSecond) or minute of the UTC year (DE_MinuteOfTheYear); the rest comes from the
time we received it: the candidate nearest to it wins. A clock offset shows as the least delay a device ever had,
compared with the least delays of the other devices (after Paxson, "On calibrating measurements of packet transit
times", SIGMETRICS 1998: minima are free of queueing).
"""

from datetime import UTC, datetime
from functools import cache
from math import floor

import numpy as np
from numpy.typing import NDArray

from ingest.messages.common import DSECOND_UNAVAILABLE, MINUTE_UNAVAILABLE

CLOCK_WRONG = 300.0
"""s; a `timestamp` further from the receive time is not believed and its device is flagged."""
WINDOW = 30.0
"""s; the least delay is taken over this and the window before."""
ALLOWED_DEVIATION = 0.15
"""s; what the RSU requirement text (T/CSAE 159-2020) allows a clock."""

_FEW_DEVICES = 8
_DEAD_ZONE = 0.02
_USUAL_DELAY = 0.2
_HALF_MINUTE = 30.0


def full_time(sec_mark: int, reference: float) -> float | None:
    """Give the UTC epoch time (s) with these ms of the minute that is nearest to `reference`; None if unavailable."""
    if sec_mark >= DSECOND_UNAVAILABLE:
        return None
    time = floor(reference / 60.0) * 60.0 + sec_mark * 0.001
    if time - reference > _HALF_MINUTE:
        return time - 60.0
    return time + 60.0 if reference - time > _HALF_MINUTE else time


def full_times(sec_mark: NDArray[np.uint16], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Do `full_time` for columns (n,); where unavailable the reference itself."""
    time = np.floor(reference / 60.0) * 60.0 + sec_mark * 0.001
    time -= 60.0 * np.rint((time - reference) / 60.0)
    return np.where(sec_mark >= DSECOND_UNAVAILABLE, reference, time)


def full_time_of_year(moy: int, sec_mark: int, reference: float) -> float | None:
    """Give the UTC epoch time (s) of a minute of the year and ms in it, in the year nearest to `reference`."""
    if moy >= MINUTE_UNAVAILABLE:
        return full_time(sec_mark, reference)
    ms = sec_mark if sec_mark < DSECOND_UNAVAILABLE else 0
    year = datetime.fromtimestamp(reference, UTC).year
    candidates = (_new_year(y) + moy * 60.0 + ms * 0.001 for y in (year - 1, year, year + 1))
    return min(candidates, key=lambda time: abs(time - reference))


def minute_of_year(time: float) -> tuple[int, int]:
    """Give DE_MinuteOfTheYear and DE_DSecond of a UTC epoch time (s)."""
    since = time - _new_year(datetime.fromtimestamp(time, UTC).year)
    ms = round(since * 1000.0)
    return ms // 60_000, ms % 60_000


@cache
def _new_year(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


class DeviceClocks:
    """Clock offset of every device (row of the registry), from the least delay of its recent messages.

    `least` is filled by the caller: `clocks.least[row] = min(clocks.least[row], delay)`, with delay = receive
    time minus the time the device gives, s.
    """

    def __init__(self) -> None:
        self.least: list[float] = []
        self._before: list[float] = []
        self._window_end = -np.inf
        self._offsets = np.zeros(0)

    def grow(self, rows: int) -> None:
        """Make room for so many devices."""
        missing = rows - len(self.least)
        self.least += [np.inf] * missing
        self._before += [np.inf] * missing

    def offsets(self, now: float) -> NDArray[np.float64]:
        """Give what to add to each device's times, s, (devices,); 0 where a clock is good or not known yet."""
        least = np.minimum(np.asarray(self.least, float), np.asarray(self._before, float))
        known = np.isfinite(least)
        offsets = np.zeros(len(least))
        if known.any():
            offsets[known] = _offsets(least[known])
        if now >= self._window_end:
            self._roll(now)
        self._offsets = offsets
        return offsets

    def offset_of(self, row: int) -> float:
        """Give the offset of one device as of the last call of `offsets`, s."""
        return float(self._offsets[row]) if row < len(self._offsets) else 0.0

    def _roll(self, now: float) -> None:
        self._before = self.least
        self.least = [np.inf] * len(self._before)
        self._window_end = now + WINDOW


def _offsets(least: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare least delays with their median; few devices cannot outvote the clock of this machine."""
    few = len(least) < _FEW_DEVICES
    usual = max(0.0, float(np.median(least)))
    offsets = least - (min(usual, _USUAL_DELAY) if few else usual)
    offsets[np.abs(offsets) < (ALLOWED_DEVIATION if few else _DEAD_ZONE)] = 0.0
    return offsets
