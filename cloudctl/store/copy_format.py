"""PostgreSQL's binary COPY format, built from columns without a loop over rows.

Layout (PostgreSQL manual, "COPY, Binary Format"): header, then a row as field count i16 and per field length i32 and
value, all big-endian; trailer -1. An array value is dimensions i32, null flag i32, element type oid i32, length i32,
lower bound i32 and per element length i32 and value (src/backend/utils/adt/arrayfuncs.c, array_send).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_PG_EPOCH_S = 946_684_800
"""2000-01-01 in seconds of the Unix epoch."""
_ARRAY_HEAD = 20
Column = NDArray[np.number]


class PgType(Enum):
    """Types that the store copies: big-endian dtype and oid (pg_type.dat)."""

    INT2 = (">i2", 21)
    INT4 = (">i4", 23)
    INT8 = (">i8", 20)

    @property
    def dtype(self) -> np.dtype[np.number]:
        """As it stands on the wire."""
        return np.dtype(self.value[0])

    @property
    def oid(self) -> int:
        """Type of an array's elements."""
        return int(self.value[1])


@dataclass(frozen=True)
class CopyColumn:
    """One column of n rows: values (n,), or (n, k) for arrays of k elements each."""

    type: PgType
    values: Column

    @property
    def field(self) -> np.dtype[np.void]:
        """Numpy type of one field with its length in front."""
        if self.values.ndim == 1:
            return np.dtype([("length", ">i4"), ("value", self.type.dtype)])
        element = np.dtype([("length", ">i4"), ("value", self.type.dtype)])
        head = [(name, ">i4") for name in ("length", "dimensions", "nulls", "oid", "count", "first")]
        return np.dtype([*head, ("elements", element, (self.values.shape[1],))])

    def fill(self, field: NDArray[np.void]) -> None:
        """Write the values into the rows of a structured array of dtype `field`."""
        size = self.type.dtype.itemsize
        if self.values.ndim == 1:
            field["length"], field["value"] = size, self.values
            return
        count = self.values.shape[1]
        field["length"] = _ARRAY_HEAD + count * (4 + size)
        field["dimensions"], field["nulls"], field["oid"] = 1, 0, self.type.oid
        field["count"], field["first"] = count, 1
        field["elements"]["length"], field["elements"]["value"] = size, self.values


def encode_rows(columns: Sequence[CopyColumn]) -> bytes:
    """Rows of a COPY without header and trailer; all columns have the same number of rows."""
    layout = np.dtype([("fields", ">i2"), *((f"c{index}", column.field) for index, column in enumerate(columns))])
    rows = np.empty(len(columns[0].values), layout)
    rows["fields"] = len(columns)
    for index, column in enumerate(columns):
        column.fill(rows[f"c{index}"])
    return rows.tobytes()


def timestamps(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Values of timestamptz columns (INT8: us since 2000-01-01) from seconds of the Unix epoch, rounded to 1 ms."""
    return (np.round(seconds * 1e3).astype(np.int64) - _PG_EPOCH_S * 1000) * 1000
