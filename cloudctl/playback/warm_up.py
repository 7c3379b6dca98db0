"""Compiles what a replay needs before the first one is asked for."""

import numpy as np

from cloudctl.playback.footage import seen_at
from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows
from cloudctl.store.copy_reading import read_stretches


def warm_up() -> None:
    """Read one stretch of one point and look at it."""
    one = np.ones(1, np.int64)
    wide = [CopyColumn(PgType.INT8, one)] * 4
    small, large = CopyColumn(PgType.INT2, one[:, None]), CopyColumn(PgType.INT4, one[:, None])
    row = encode_rows([*wide, small, large, large, small, small])
    seen_at(read_stretches(HEADER + row + TRAILER), 0.01)
