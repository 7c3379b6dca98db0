"""PostgreSQL's binary COPY read into columns, without a Python object a row or a number.

Layout: see `copy_format`. Two shapes are read: rows of numbers, all of one width, and stretches of tracks, whose arrays
differ in length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.store.copy_format import HEADER, TRAILER
from cloudctl.store.errors import CopyFormatError
from maps.compiled import compiled

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
_ARRAY_HEAD, _EMPTY_ARRAY = 20, 12
_SCALARS = 4
"""Numbers before the arrays of a stretch: begin, session, track, kind."""
_WIDTHS = (2, 4, 4, 2, 2)
"""Bytes of an element of each array: time, longitude, latitude, speed, heading."""


@dataclass(frozen=True)
class Stretches:
    """Points of r rows of `v2x.trajectory` in the numbers of the store; those of one row together and by time."""

    begin: Ints
    """(r + 1,) place of the first point of each row, and the number of all points, n."""
    session: Ints
    track_id: Ints
    kind: Ints
    """(r,) each."""
    time: Ints
    """(n,) ms since 1970, UTC."""
    lon: NDArray[np.int32]
    lat: NDArray[np.int32]
    """(n,) 1e-7 deg."""
    speed: NDArray[np.int16]
    """(n,) 0.01 m/s."""
    heading: NDArray[np.int16]
    """(n,) 0.01 deg, -18000 .. 17999."""


STRETCHES = (
    "SELECT (extract(epoch FROM t0) * 1000)::bigint, session::bigint, track_id::bigint, kind::bigint,"
    " dt, lon, lat, speed, heading FROM v2x.trajectory WHERE t0 >= to_timestamp(%s) AND t0 < to_timestamp(%s)"
)
"""The question whose COPY `read_stretches` reads."""


def read_numbers(data: bytes, columns: Sequence[str]) -> list[NDArray[np.number]]:
    """Columns of rows that have no NULL; `columns` are big-endian numpy types such as `>i4`.

    Raises:
        CopyFormatError: the bytes are no COPY of such rows.
    """
    fields = [(f"f{i}", [("length", ">i4"), ("value", column)]) for i, column in enumerate(columns)]
    row = np.dtype([("fields", ">i2"), *fields])
    body = len(data) - len(HEADER) - len(TRAILER)
    if body < 0 or body % row.itemsize:
        raise CopyFormatError(len(data))
    rows = np.frombuffer(data, row, body // row.itemsize, len(HEADER))
    widths = [np.dtype(column).itemsize for column in columns]
    if any((rows[f"f{i}"]["length"] != width).any() for i, width in enumerate(widths)):
        raise CopyFormatError(len(data))
    return [rows[f"f{i}"]["value"].astype(np.dtype(column).newbyteorder("=")) for i, column in enumerate(columns)]


def read_stretches(data: bytes) -> Stretches:
    """Read the rows of STRETCHES.

    Raises:
        CopyFormatError: the bytes are no COPY of such rows.
    """
    content = np.frombuffer(data, np.uint8, offset=min(len(HEADER), len(data)))
    rows, points = _measure(content)
    if rows < 0:
        raise CopyFormatError(len(data))
    scalars = np.empty((rows, _SCALARS), np.int64)
    begin, values = np.zeros(rows + 1, np.int64), np.empty((len(_WIDTHS), points), np.int32)
    if not _fill(content, scalars, begin, values):
        raise CopyFormatError(len(data))
    time = np.repeat(scalars[:, 0], np.diff(begin)) + values[0]
    speed, heading = values[3].astype(np.int16), values[4].astype(np.int16)
    session, track, kind = scalars[:, 1], scalars[:, 2], scalars[:, 3]
    return Stretches(begin, session, track, kind, time, values[1], values[2], speed, heading)


@compiled
def _integer(content: Bytes, place: int, width: int) -> int:
    value = np.int64(0)
    for k in range(width):
        value = (value << 8) | np.int64(content[place + k])
    bits = np.int64(8 * width)
    if bits < 64 and value >= np.int64(1) << (bits - 1):
        value -= np.int64(1) << bits
    return int(value)


@compiled
def _measure(content: Bytes) -> tuple[int, int]:
    """Count rows and points; (-1, 0) where the lengths lead out of the bytes."""
    place, rows, points = 0, 0, 0
    while place + 2 <= len(content):
        fields = _integer(content, place, 2)
        if fields == -1:
            return rows, points
        place += 2
        for field in range(fields):
            if place + 4 > len(content):
                return -1, 0
            length = _integer(content, place, 4)
            if length < 0 or place + 4 + length + 2 > len(content):
                return -1, 0
            if field == _SCALARS and length >= _ARRAY_HEAD:
                points += _integer(content, place + 16, 4)
            place += 4 + length
        rows += 1
    return -1, 0


@compiled
def _fill(content: Bytes, scalars: Ints, begin: Ints, values: NDArray[np.int32]) -> bool:
    """Fill the columns; the lengths were measured. False where a field has not the width that it must have."""
    place = 0
    for row in range(len(scalars)):
        if _integer(content, place, 2) != _SCALARS + len(_WIDTHS):
            return False
        place += 2
        for k in range(_SCALARS):
            if _integer(content, place, 4) != 8:
                return False
            scalars[row, k] = _integer(content, place + 4, 8)
            place += 12
        count = _integer(content, place + 16, 4) if _integer(content, place, 4) > _EMPTY_ARRAY else 0
        for k, width in enumerate(_WIDTHS):
            length = _integer(content, place, 4)
            if length != (_ARRAY_HEAD + count * (4 + width) if count else _EMPTY_ARRAY):
                return False
            for i in range(count):
                at = place + 4 + _ARRAY_HEAD + i * (4 + width) + 4
                values[k, begin[row] + i] = _integer(content, at, width)
            place += 4 + length
        begin[row + 1] = begin[row] + count
    return True
