"""Where the sensors stand and how far they see: what makes a missing report mean something."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SensorTable:
    """Sensors by device row, arrays of length n; NaN where unknown. Devices beyond the last row are unknown."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    """Position in the local plane, m."""
    radius: NDArray[np.float64]
    """How far the sensor sees, m."""

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def empty(cls) -> Self:
        """Make a table that knows no sensor."""
        return cls.unknown(0)

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Make a table of `count` devices of which nothing is known."""
        return cls(np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan))

    def padded(self, count: int) -> "SensorTable":
        """Return the table with at least `count` rows."""
        missing = max(0, count - len(self))
        tail = np.full(missing, np.nan)
        return SensorTable(*(np.concatenate([column, tail]) for column in (self.x, self.y, self.radius)))
