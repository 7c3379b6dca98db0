"""Travel times that depend on the time of day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400.0
"""s"""


@dataclass(frozen=True)
class TravelProfile:
    """Travel times of all links at the beginnings of equal slots of a cycle, such as 96 quarters of an hour of a day.

    Between two beginnings times run straight; after the last slot the first follows. So whoever enters a link later
    also leaves it later, provided that no time falls by more than the slot's length from one slot to the next.

    Raises:
        ValueError: the table has another shape, a time is not above 0, or a fall is steeper than the clock.
    """

    times: NDArray[np.float64]
    """s, (slots, links)."""
    slot: float = DAY / 96
    """Length of a slot, s."""

    def __post_init__(self) -> None:
        if self.times.ndim != 2 or not len(self.times) or self.slot <= 0:
            raise ValueError(f"a profile is a table (slots, links), not one of shape {self.times.shape}")
        if not (self.times > 0).all():
            slot, link = np.unravel_index(int(np.argmin(np.nan_to_num(self.times, nan=-1.0))), self.times.shape)
            raise ValueError(f"travel time {self.times[slot, link]} s of link row {link} in slot {slot} is not above 0")
        fall = self.times - np.roll(self.times, -1, axis=0)
        if (fall >= self.slot).any():
            slot, link = np.unravel_index(int(np.argmax(fall)), fall.shape)
            raise ValueError(f"travel time of link row {link} falls by {fall[slot, link]:g} s after slot {slot}")
