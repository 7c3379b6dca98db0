"""Column frames: how moving objects, links and signals travel from the engine to gateway, archiver and browser.

A frame is little-endian and holds columns, not records, so that a reader takes typed views without a copy::

    header, 40 bytes                                   column table, 16 bytes a column
    0   magic        4 bytes "V2XF"                    0   name      8 bytes ASCII, padded with NUL
    4   version      u16, 1                            8   dtype     u16, see DTYPES
    6   kind         u16, see FrameKind                10  reserved  u16, 0
    8   tick         u32                               12  offset    u32, from the start of the frame, multiple of 8
    12  count        u32, rows of every column
    16  time_ms      f64, UTC epoch of the content
    24  epoch        u32, number of the key frame a delta rests on
    28  flags        u32, bit 0: key frame
    32  columns      u16
    34  header       u16, bytes of header and column table
    36  reserved     u32, 0

A reader refuses another version and skips columns that it does not know. `cloudctl/web/js/frames.js` is the twin.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.errors import FrameError

MAGIC = b"V2XF"
VERSION = 1
KEY_FLAG = 1
MAX_COLUMNS = 64
DTYPES: dict[int, np.dtype[np.number]] = {
    1: np.dtype("u1"),
    2: np.dtype("<u2"),
    3: np.dtype("<u4"),
    4: np.dtype("<i4"),
    5: np.dtype("<f4"),
    6: np.dtype("<f8"),
    7: np.dtype("<i8"),
    8: np.dtype("<u8"),
    9: np.dtype("<i2"),
}
_CODES = {dtype.str: code for code, dtype in DTYPES.items()}
_HEADER = struct.Struct("<4sHHIIdIIHHI")
_ENTRY = struct.Struct("<8sHHI")

Column = NDArray[np.number]


class FrameKind(IntEnum):
    """What the rows of a frame are."""

    MOVERS = 1
    """Road users for the live map."""
    LINKS = 2
    """State of links."""
    SIGNALS = 3
    """State of signal groups."""
    TRAJECTORY = 4
    """Points of trajectories to be stored."""
    LINK_ARCHIVE = 5
    """State of links to be stored."""
    MOVEMENTS = 6
    """State of movements."""
    INTERSECTIONS = 7
    """State of signalised intersections."""
    MOVEMENT_ARCHIVE = 8
    INTERSECTION_ARCHIVE = 9
    """The same to be stored."""
    MOVER_KEY = 10
    MOVER_ENTRIES = 11
    MOVER_MOVES = 12
    """Road users of one view in fixed slots, see `cloudctl.api.mover_stream`."""
    LINK_CHANGES = 13
    """Links that changed since a key, see `cloudctl.api.link_stream`."""


_KINDS = frozenset(kind.value for kind in FrameKind)


@dataclass(frozen=True)
class Frame:
    """One decoded frame; the columns are read-only views into the received bytes."""

    kind: FrameKind
    tick: int
    time: float
    """UTC epoch of the content, s."""
    epoch: int
    key: bool
    columns: dict[str, Column]

    def __len__(self) -> int:
        return next((len(column) for column in self.columns.values()), 0)

    def column(self, name: str) -> Column:
        """Give one column by name; raise FrameError where the frame does not carry it."""
        if name not in self.columns:
            raise FrameError(f"the frame has no column {name!r}", name)
        return self.columns[name]


def encode_frame(
    kind: FrameKind | int,
    tick: int,
    time: float,
    columns: Mapping[str, Column],
    *,
    epoch: int = 0,
    key: bool = True,
) -> bytes:
    """Pack columns of equal length n into one frame; `time` is the UTC epoch in s.

    Raises FrameError on unequal lengths, a dtype outside DTYPES, a bad name or a number out of its field's range.
    """
    arrays = {name: np.ascontiguousarray(column) for name, column in columns.items()}
    count = _common_length(arrays)
    header_length = _HEADER.size + _ENTRY.size * len(arrays)
    flags = KEY_FLAG if key else 0
    table = bytearray()
    offset = header_length
    for name, array in arrays.items():
        table += _ENTRY.pack(_packed_name(name), _dtype_code(array), 0, offset)
        offset = _aligned(offset + array.nbytes)
    try:
        head = _HEADER.pack(
            MAGIC, VERSION, kind, tick, count, time * 1000.0, epoch, flags, len(arrays), header_length, 0
        )
    except struct.error as fault:
        raise FrameError(f"a header field is out of range: {fault}", (kind, tick, epoch)) from fault
    return _joined(head, bytes(table), arrays)


def decode_frame(data: bytes | bytearray | memoryview) -> Frame:
    """Unpack one frame; raise FrameError on anything that is not exactly a frame of version 1."""
    view = memoryview(data).cast("B").toreadonly()
    if len(view) < _HEADER.size:
        raise FrameError(f"{len(view)} bytes are too short for a header", len(view))
    magic, version, kind, tick, count, time_ms, epoch, flags, columns, header_length, _ = _HEADER.unpack_from(view)
    if magic != MAGIC or version != VERSION:
        raise FrameError(f"not a frame of version {VERSION}: {magic!r} {version}", (magic, version))
    if kind not in _KINDS or not math.isfinite(time_ms):
        raise FrameError(f"unknown kind {kind} or unusable time {time_ms}", (kind, time_ms))
    _check_header(view, columns, header_length, count)
    return Frame(
        kind=FrameKind(kind),
        tick=tick,
        time=time_ms / 1000.0,
        epoch=epoch,
        key=bool(flags & KEY_FLAG),
        columns=_read_columns(view, columns, header_length, count),
    )


def _aligned(offset: int) -> int:
    return (offset + 7) & ~7


def _common_length(arrays: Mapping[str, Column]) -> int:
    if len(arrays) > MAX_COLUMNS:
        raise FrameError(f"{len(arrays)} columns are more than {MAX_COLUMNS}", len(arrays))
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise FrameError(f"columns must be one-dimensional and equally long, got {sorted(shapes)}", shapes)
    return int(next(iter(shapes))[0]) if shapes else 0


def _packed_name(name: str) -> bytes:
    if not (name.isascii() and name.isprintable() and 1 <= len(name) <= 8):
        raise FrameError(f"a column name has 1 to 8 printable ASCII characters, got {name!r}", name)
    return name.encode("ascii")


def _dtype_code(array: Column) -> int:
    code = _CODES.get(array.dtype.str)
    if code is None:
        raise FrameError(f"no frame dtype for {array.dtype}", array.dtype)
    return code


def _joined(head: bytes, table: bytes, arrays: Mapping[str, Column]) -> bytes:
    parts = [head, table]
    for array in arrays.values():
        parts += [array.tobytes(), bytes(-array.nbytes % 8)]
    return b"".join(parts)


def _check_header(view: memoryview, columns: int, header_length: int, count: int) -> None:
    needed = _HEADER.size + _ENTRY.size * columns
    if columns > MAX_COLUMNS or not needed <= header_length <= len(view):
        raise FrameError(f"{columns} columns do not fit a header of {header_length} bytes", header_length)
    if columns == 0 and count:
        raise FrameError(f"{count} rows without a column", count)


def _read_columns(view: memoryview, columns: int, header_length: int, count: int) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for index in range(columns):
        raw, code, _, offset = _ENTRY.unpack_from(view, _HEADER.size + _ENTRY.size * index)
        name = _read_name(raw)
        dtype = DTYPES.get(code)
        if dtype is None or name in found:
            raise FrameError(f"column {name!r} has the unknown dtype {code} or comes twice", (name, code))
        if offset % 8 or offset < header_length or offset + count * dtype.itemsize > len(view):
            raise FrameError(f"column {name!r} at {offset} lies outside the frame of {len(view)} bytes", offset)
        found[name] = np.frombuffer(view, dtype=dtype, count=count, offset=offset)
    return found


def _read_name(raw: bytes) -> str:
    stripped = raw.rstrip(b"\0")
    if not stripped or not stripped.isascii() or not stripped.decode("ascii").isprintable():
        raise FrameError(f"a column name is not ASCII: {raw!r}", raw)
    return stripped.decode("ascii")
