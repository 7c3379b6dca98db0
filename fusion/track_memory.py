"""What is remembered per track from one cycle to the next, as columns that follow the track ids."""

import numpy as np
from numpy.typing import NDArray


class TrackMemory:
    """Columns keyed by ascending track ids; `follow` lines them up with the tracks of the next cycle."""

    def __init__(self, **defaults: float) -> None:
        self._defaults = defaults
        self._ids = np.zeros(0, np.uint32)
        self._columns = {name: np.zeros(0) for name in defaults}

    def follow(self, ids: NDArray[np.uint32]) -> dict[str, NDArray[np.float64]]:
        """Return the columns for ascending `ids` (n,); new tracks have the defaults, gone ones are forgotten."""
        place = np.searchsorted(self._ids, ids)
        known = place < len(self._ids)
        known[known] = self._ids[place[known]] == ids[known]
        columns = {}
        for name, default in self._defaults.items():
            column = np.full(len(ids), default)
            column[known] = self._columns[name][place[known]]
            columns[name] = column
        self._ids, self._columns = ids, columns
        return columns
