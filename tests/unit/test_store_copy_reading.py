"""What PostgreSQL copies out is read as it was written, and other bytes are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows
from cloudctl.store.copy_reading import read_numbers, read_stretches
from cloudctl.store.errors import CopyFormatError

ARRAYS = (PgType.INT2, PgType.INT4, PgType.INT4, PgType.INT2, PgType.INT2)
LIMITS = {PgType.INT2: 1 << 15, PgType.INT4: 1 << 31, PgType.INT8: 1 << 63}


def stretch(begin: int, ids: tuple[int, int, int], arrays: list[list[int]]) -> bytes:
    """One row of a COPY."""
    scalars = [CopyColumn(PgType.INT8, np.array([value])) for value in (begin, *ids)]
    return encode_rows(
        [*scalars, *(CopyColumn(kind, np.array([values])) for kind, values in zip(ARRAYS, arrays, strict=True))]
    )


def numbers(kind: PgType) -> st.SearchStrategy[int]:
    return st.integers(-LIMITS[kind], LIMITS[kind] - 1)


@st.composite
def rows(draw: st.DrawFn) -> tuple[int, tuple[int, int, int], list[list[int]]]:
    count = draw(st.integers(1, 4))
    arrays = [draw(st.lists(numbers(kind), min_size=count, max_size=count)) for kind in ARRAYS]
    wide = numbers(PgType.INT8)
    return draw(st.integers(-(1 << 60), 1 << 60)), (draw(wide), draw(wide), draw(wide)), arrays


@settings(deadline=None)
@given(st.lists(rows(), max_size=5))
def test_stretches_are_read_as_they_were_written(
    written: list[tuple[int, tuple[int, int, int], list[list[int]]]],
) -> None:
    read = read_stretches(HEADER + b"".join(stretch(*row) for row in written) + TRAILER)
    counts = [len(arrays[0]) for _, _, arrays in written]
    assert read.begin.tolist() == [0, *np.cumsum(np.array(counts, np.int64)).tolist()]
    ids = zip(read.session.tolist(), read.track_id.tolist(), read.kind.tolist(), strict=True)
    assert list(ids) == [row[1] for row in written]
    assert read.time.tolist() == [begin + dt for begin, _, arrays in written for dt in arrays[0]]
    for place, column in enumerate(
        [read.lon.tolist(), read.lat.tolist(), read.speed.tolist(), read.heading.tolist()], 1
    ):
        assert column == [value for _, _, arrays in written for value in arrays[place]]


def test_a_row_without_points_is_a_stretch_without_points() -> None:
    empty = b"\0\0\0\x0c" + bytes(8) + b"\0\0\0\x15"
    data = stretch(5, (1, 2, 3), [[1]] * 5)[: 2 + 4 * 12] + empty * 5
    read = read_stretches(HEADER + data + stretch(7, (4, 5, 6), [[1]] * 5) + TRAILER)
    assert (read.begin.tolist(), read.time.tolist()) == ([0, 0, 1], [8])


@pytest.mark.parametrize("cut", [0, 5, 18, 30, 100, -1, -2])
def test_bytes_that_end_too_soon_are_refused(cut: int) -> None:
    whole = HEADER + stretch(1, (1, 2, 3), [[1, 2]] * 5) + TRAILER
    with pytest.raises(CopyFormatError):
        read_stretches(whole[:cut])
    with pytest.raises(CopyFormatError):
        read_numbers(whole[:cut], [">i8", ">i8"])


def test_arrays_of_different_lengths_in_a_row_are_refused() -> None:
    with pytest.raises(CopyFormatError):
        read_stretches(HEADER + stretch(1, (1, 2, 3), [[1, 2], [1, 2], [1], [1, 2], [1, 2]]) + TRAILER)


def test_rows_of_numbers_become_columns_and_other_widths_are_refused() -> None:
    columns = [CopyColumn(PgType.INT4, np.array([1, -2])), CopyColumn(PgType.INT2, np.array([3, -4]))]
    data = HEADER + encode_rows(columns) + TRAILER
    assert [column.tolist() for column in read_numbers(data, [">i4", ">i2"])] == [[1, -2], [3, -4]]
    assert [len(column) for column in read_numbers(HEADER + TRAILER, [">i4", ">i2"])] == [0, 0]
    with pytest.raises(CopyFormatError):
        read_numbers(data, [">i2", ">i4"])
