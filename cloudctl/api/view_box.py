"""The piece of the city a live-feed client looks at, and how a movers frame is cut to it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import Frame, encode_frame

STEPS_A_SCREEN = 4
"""A box is widened to multiples of a quarter of its own size, so that near-by clients share one cut frame."""


@dataclass(frozen=True)
class ViewBox:
    """Box in 1e-7 degrees, edges included."""

    west: int
    south: int
    east: int
    north: int


def snapped_box(west: float, south: float, east: float, north: float) -> ViewBox:
    """Widen a box (deg) to a grid that depends on its size alone."""
    step = _step(max(east - west, north - south))
    return ViewBox(
        west=_e7(math.floor(west / step) * step),
        south=_e7(math.floor(south / step) * step),
        east=_e7(math.ceil(east / step) * step),
        north=_e7(math.ceil(north / step) * step),
    )


def cut_frame(frame: Frame, raw: bytes, box: ViewBox) -> bytes:
    """Keep the rows of a frame with columns lon and lat inside the box; `raw` comes back where all are."""
    rows = rows_inside(frame, box)
    if len(rows) == len(frame):
        return raw
    columns = {name: column[rows] for name, column in frame.columns.items()}
    return encode_frame(frame.kind, frame.tick, frame.time, columns, epoch=frame.epoch, key=frame.key)


def rows_inside(frame: Frame, box: ViewBox) -> NDArray[np.int64]:
    """Rows of a frame with columns lon and lat that lie inside the box."""
    lon, lat = frame.column("lon"), frame.column("lat")
    return np.flatnonzero((lon >= box.west) & (lon <= box.east) & (lat >= box.south) & (lat <= box.north))


def _step(size: float) -> float:
    # a power of two, so that boxes of almost the same size fall on the same grid
    return float(2.0 ** math.floor(math.log2(max(size, 1e-5)))) / STEPS_A_SCREEN


def _e7(degrees: float) -> int:
    return round(max(-180.0, min(180.0, degrees)) * 1e7)
