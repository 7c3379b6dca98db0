"""From frames of movements and intersections to rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import Frame
from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows, timestamps
from cloudctl.store.state_rows import UNKNOWN, StateCopy

_COMMON_FRAME = ("delay", "stops", "queue", "queued", "spill", "level", "conf")
_COMMON_TABLE = ("delay", "stops", "queue", "queued", "spill_back", "level", "confidence")
MOVEMENT_FRAME_COLUMNS = ("from", "to", "flow", "share", "delay", "stops", "travel", *_COMMON_FRAME[2:])
MOVEMENT_COLUMNS = (
    *("t", "from_link", "to_link", "flow", "share", "delay", "stops", "travel_time"),
    *("queue", "queued", "spill_back", "level", "confidence"),
)
INTERSECTION_FRAME_COLUMNS = ("signal", "flow", *_COMMON_FRAME)
INTERSECTION_COLUMNS = ("t", "signal", "flow", *_COMMON_TABLE)
_SMALL = frozenset({"share", "spill", "level", "conf"})


def encode_movements(frames: Sequence[Frame]) -> StateCopy:
    """Rows of `v2x.movement_state`; FrameError where a frame lacks a column."""
    return _encode(frames, MOVEMENT_FRAME_COLUMNS)


def encode_intersections(frames: Sequence[Frame]) -> StateCopy:
    """Rows of `v2x.intersection_state`; FrameError where a frame lacks a column."""
    return _encode(frames, INTERSECTION_FRAME_COLUMNS)


def _encode(frames: Sequence[Frame], names: Sequence[str]) -> StateCopy:
    time = np.repeat([frame.time for frame in frames], [len(frame) for frame in frames])
    columns = [CopyColumn(PgType.INT8, timestamps(time))]
    for name in names:
        values = np.concatenate([frame.column(name) for frame in frames])
        columns.append(CopyColumn(PgType.INT2 if name in _SMALL else PgType.INT4, _known(values)))
    return StateCopy(b"".join((HEADER, encode_rows(columns), TRAILER)), len(time))


def _known(values: NDArray[np.number]) -> NDArray[np.int64]:
    """Write -1 for what is not known."""
    whole = values.astype(np.int64)
    return np.where(whole == UNKNOWN, -1, whole) if values.dtype == np.uint16 else whole
