"""Some rows of a table of tracks as a table of their own."""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from fusion.tracks import TrackTable


def only(tracks: TrackTable, rows: NDArray[np.int64]) -> TrackTable:
    """Return the tracks in `rows`, in that order."""
    return TrackTable(**{field.name: getattr(tracks, field.name)[rows] for field in fields(TrackTable)})
