"""Integer arrays of PostgreSQL as numpy arrays, without a Python object a number."""

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

_HEAD_BYTES = 20
_INT2_ARRAY, _INT4_ARRAY = 1005, 1007
"""Oids of smallint[] and integer[] (pg_type.dat)."""


class _IntegerArrayLoader(Loader):
    """Binary form of an array with one dimension and no NULL: a head, then length and value of each element."""

    format = Format.BINARY
    element: np.dtype[np.void]
    native: type[np.signedinteger]

    def load(self, data: Buffer) -> NDArray[np.signedinteger]:
        if len(data) <= _HEAD_BYTES:
            return np.empty(0, self.native)
        values: NDArray[np.signedinteger] = np.frombuffer(data, self.element, offset=_HEAD_BYTES)["value"]
        return values.astype(self.native)


class _Int2ArrayLoader(_IntegerArrayLoader):
    element = np.dtype([("length", ">i4"), ("value", ">i2")])
    native = np.int16


class _Int4ArrayLoader(_IntegerArrayLoader):
    element = np.dtype([("length", ">i4"), ("value", ">i4")])
    native = np.int32


def register_array_loaders(connection: psycopg.AsyncConnection | psycopg.Connection) -> None:
    """Load integer arrays of binary results of this connection as numpy arrays."""
    connection.adapters.register_loader(_INT2_ARRAY, _Int2ArrayLoader)
    connection.adapters.register_loader(_INT4_ARRAY, _Int4ArrayLoader)
