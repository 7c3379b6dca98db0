"""Column frames: encode and decode are inverse, and no malformed bytes get past the decoder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cloudctl.publish.errors import FrameError
from cloudctl.publish.frames import DTYPES, Column, FrameKind, decode_frame, encode_frame

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Column]:
    """Columns of every dtype and of one length."""
    count = draw(st.integers(0, 40))
    names = draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    dtypes = st.sampled_from(list(DTYPES.values()))
    return {name: draw(hnp.arrays(draw(dtypes), count)) for name in names}


@given(
    columns=tables(),
    kind=st.sampled_from(FrameKind),
    tick=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 2**32 - 1),
    time_ms=st.integers(0, 2**43),
    key=st.booleans(),
)
def test_decode_is_the_inverse_of_encode(
    *, columns: dict[str, Column], kind: FrameKind, tick: int, epoch: int, time_ms: int, key: bool
) -> None:
    frame = decode_frame(encode_frame(kind, tick, time_ms / 1000, columns, epoch=epoch, key=key))
    assert (frame.kind, frame.tick, frame.epoch, frame.key) == (kind, tick, epoch, key)
    assert frame.time == pytest.approx(time_ms / 1000, abs=1e-6)
    assert list(frame.columns) == list(columns)
    for name, column in columns.items():
        assert frame.columns[name].dtype == column.dtype
        assert frame.columns[name].tobytes() == column.tobytes()


@given(columns=tables())
def test_every_column_starts_on_eight_bytes(columns: dict[str, Column]) -> None:
    data = np.frombuffer(encode_frame(FrameKind.MOVERS, 1, 1.0, columns), np.uint8)
    offsets = [int(data[40 + 16 * row + 12 :][:4].view("<u4")[0]) for row in range(len(columns))]
    assert all(offset % 8 == 0 for offset in offsets)


@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        decode_frame(data)


@given(columns=tables(), position=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_damaged_frame_is_refused_or_read_within_its_bytes(
    columns: dict[str, Column], position: int, value: int
) -> None:
    data = bytearray(encode_frame(FrameKind.LINKS, 7, 2.0, columns))
    data[position % len(data)] = value
    try:
        frame = decode_frame(data)
    except FrameError:
        return
    assert all(column.nbytes <= len(data) for column in frame.columns.values())


@given(columns=tables(), cut=st.integers(1, 10_000))
def test_a_frame_cut_inside_its_columns_is_refused(columns: dict[str, Column], cut: int) -> None:
    data = encode_frame(FrameKind.SIGNALS, 7, 2.0, {**columns, "~last~": np.zeros(41, "<f8")[: _rows(columns)]})
    kept = len(data) - 1 - cut % len(data)
    if _rows(columns) or kept < 40 + 16 * (len(columns) + 1):
        with pytest.raises(FrameError):
            decode_frame(data[:kept])


def _rows(columns: dict[str, Column]) -> int:
    return len(next(iter(columns.values())))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"id": np.zeros(2, "u4"), "lon": np.zeros(3, "i4")}, "equally long"),
        ({"id": np.zeros((2, 2), "u4")}, "one-dimensional"),
        ({"id": np.zeros(2, "i1")}, "no frame dtype"),
        ({"id": np.zeros(2, ">u4")}, "no frame dtype"),
        ({"": np.zeros(2, "u4")}, "column name"),
        ({"ninechars": np.zeros(2, "u4")}, "column name"),
    ],
)
def test_what_a_frame_cannot_carry_is_refused_by_name(columns: dict[str, Column], reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        encode_frame(FrameKind.MOVERS, 1, 1.0, columns)


def test_a_number_outside_its_header_field_is_refused() -> None:
    with pytest.raises(FrameError, match="out of range"):
        encode_frame(FrameKind.MOVERS, 2**32, 1.0, {"id": np.zeros(1, "u4")})


def test_a_missing_column_is_named() -> None:
    frame = decode_frame(encode_frame(FrameKind.MOVERS, 1, 1.0, {"id": np.zeros(1, "u4")}))
    with pytest.raises(FrameError, match="'lon'"):
        frame.column("lon")
