"""What is usual on every link in the next hour, from the profiles that the archiver keeps by quarter of the week."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloudctl.routing.outlook import SLOT, SLOTS, Usual, free_usual
from cloudctl.row_source import RowSource

QUARTER = 900.0
QUARTERS = 672
"""Of a week."""
_LOW = 1.0364
"""The 15th percentile lies so many standard deviations from the mean."""
_ENOUGH = 3
"""Quarters of an hour must have been seen so often to be believed, in states of links."""
SLOWEST = 0.3
"""m/s"""


class UsualSpeed(NamedTuple):
    """One link in one quarter of the week."""

    link: int
    slot: int
    speed: float
    speed_low: float


def quarter_of_week(epoch: float) -> int:
    """Give 96 * (ISO day of the week - 1) + quarter of the day, UTC."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return 96 * (moment.isoweekday() - 1) + 4 * moment.hour + moment.minute // 15


async def read_usual(source: RowSource, now: float) -> list[UsualSpeed]:
    """Profiles of all links from now for one hour."""
    slots = sorted({(quarter_of_week(now) + step) % QUARTERS for step in range(5)})
    return await source.rows(
        UsualSpeed,
        "SELECT link, slot, speed::float8, speed_low::float8 FROM v2x.link_profile"
        " WHERE slot = ANY (%s) AND samples >= %s AND speed > 0",
        (slots, _ENOUGH),
    )


def usual_of(speeds: list[UsualSpeed], length: NDArray[np.float64], free: NDArray[np.float64], now: float) -> Usual:
    """Table of the next hour; free flow where a link has no profile."""
    usual = free_usual(free)
    by_slot: dict[int, list[UsualSpeed]] = {}
    for row in speeds:
        if row.link < len(length):
            by_slot.setdefault(row.slot, []).append(row)
    for step in range(SLOTS):
        rows = by_slot.get(quarter_of_week(now + step * SLOT), [])
        if not rows:
            continue
        link = np.array([row.link for row in rows], np.int64)
        mean = length[link] / np.maximum([row.speed for row in rows], SLOWEST)
        slow = length[link] / np.maximum([row.speed_low for row in rows], SLOWEST)
        usual.times[step, link] = np.maximum(mean, 0.5 * free[link])
        usual.spread[step, link] = np.maximum(slow - mean, 0.05 * mean) / _LOW
    return usual
