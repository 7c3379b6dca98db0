"""What is remembered per track from one cycle to the next, as columns that follow the track ids."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Alignment:
    """Where the tracks of one cycle stood in the cycle before; found once for all memories of a cycle."""

    before: NDArray[np.uint32]
    ids: NDArray[np.uint32]
    place: NDArray[np.int64]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, before: NDArray[np.uint32], ids: NDArray[np.uint32]) -> Self:
        """Line ascending `ids` (n,) up with those of the cycle before."""
        place = np.searchsorted(before, ids)
        known = place < len(before)
        known[known] = before[place[known]] == ids[known]
        return cls(before, ids, place[known], known)


class TrackMemory:
    """Columns keyed by ascending track ids; `follow` lines them up with the tracks of the next cycle.

    Who is away for `patience` calls at most is remembered when it comes back.
    """

    def __init__(self, patience: int = 0, /, **defaults: float) -> None:
        self._patience, self._defaults = patience, defaults
        self._away = np.zeros(0, np.uint32)
        self._away_for = np.zeros(0, np.int64)
        self._away_columns = {name: np.zeros(0) for name in defaults}
        self._ids = np.zeros(0, np.uint32)
        self._columns = {name: np.zeros(0) for name in defaults}

    def follow(self, ids: NDArray[np.uint32], alignment: Alignment | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the columns for ascending `ids` (n,); new tracks have the defaults, gone ones are forgotten.

        An alignment of the same two cycles saves the search.
        """
        if alignment is None or alignment.before is not self._ids or alignment.ids is not ids:
            alignment = Alignment.of(self._ids, ids)
        columns = {}
        for name, default in self._defaults.items():
            column = np.full(len(ids), default)
            column[alignment.known] = self._columns[name][alignment.place]
            columns[name] = column
        if self._patience:
            self._bring_back(ids, columns, alignment)
        self._ids, self._columns = ids, columns
        return columns

    def _bring_back(
        self, ids: NDArray[np.uint32], columns: dict[str, NDArray[np.float64]], alignment: Alignment
    ) -> None:
        """Fill in the columns of those who were away, and keep those of who has gone now."""
        back = Alignment.of(self._away, ids)
        stays = ~np.isin(self._away, ids) & (self._away_for < self._patience)
        gone = np.ones(len(self._ids), np.bool_)
        gone[alignment.place] = False
        away = np.concatenate((self._away[stays], self._ids[gone]))
        order = np.argsort(away)
        for name, column in columns.items():
            column[back.known] = self._away_columns[name][back.place]
            kept = np.concatenate((self._away_columns[name][stays], self._columns[name][gone]))
            self._away_columns[name] = kept[order]
        waited = np.concatenate((self._away_for[stays] + 1, np.ones(int(gone.sum()), np.int64)))
        self._away, self._away_for = away[order], waited[order]
