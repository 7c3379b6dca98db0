"""The road users of one view in fixed slots, so that a browser draws a frame without touching a single object.

Three kinds of frames, all of one epoch; each is the newest and needs only the key, never the frame before it:

    MOVER_KEY      one row a slot: id, lon, lat (1e-7 deg), class, length, width (0.1 m); class EMPTY marks a free slot
    MOVER_ENTRIES  slot and the same columns for every slot that was filled since the key
    MOVER_MOVES    one row a slot: dlon, dlat (i16, 1e-7 deg from the slot's place in key or entries), heading
                   (0.01 deg), speed (0.01 m/s), age (u8, 0.1 s, 255 and more), flags (GONE: nobody is there now)

A road user keeps its slot from frame to frame, so the browser glides from one frame's column to the next one's. A slot
left within an epoch stays free until the next key; whoever moves further than 16 bits reach enters again.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.live_state import LiveFrame
from cloudctl.api.view_box import ViewBox, rows_inside
from cloudctl.publish.frames import Column, Frame, FrameKind, encode_frame

KEY_EVERY_S = 5.0
SPARE_SLOTS = 64
SPARE_SHARE = 4
"""A key has a quarter of its road users, and at least SPARE_SLOTS, as free slots."""
EMPTY = 255
GONE = 128
REACH = 32767
FIXED = {"id": np.uint32, "lon": np.int32, "lat": np.int32, "class": np.uint8, "length": np.uint8, "width": np.uint8}

Slots = NDArray[np.int64]


class MoverStream:
    """Key, entries and moves of one box."""

    def __init__(self, box: ViewBox, epochs: Iterator[int]) -> None:
        self.epoch = 0
        """Number of the key; unique among all streams that share `epochs`."""
        self.entered = 0
        """Slots filled since the key."""
        self.key = self.entries = self.moves = b""
        self._box = box
        self._epochs = epochs
        self._live: LiveFrame | None = None
        self._key_time = float("-inf")
        self._fixed: dict[str, Column] = {name: np.empty(0, dtype) for name, dtype in FIXED.items()}
        self._held = np.zeros(0, bool)
        self._free: Slots = np.empty(0, np.int64)
        self._filled: Slots = np.empty(0, np.int64)
        self._sorted: tuple[Column, Slots] = (np.empty(0, np.uint32), np.empty(0, np.int64))

    def feed(self, live: LiveFrame) -> None:
        """Take over the newest movers frame of the city."""
        if live is self._live:
            return
        self._live = live
        frame = live.frame
        rows = rows_inside(frame, self._box)
        now = {name: frame.column(name)[rows] for name in FIXED}
        slots = self._slots_of(now)
        fresh = np.flatnonzero(slots < 0)
        due = not 0 <= frame.time - self._key_time < KEY_EVERY_S
        if due or len(fresh) > len(self._free):
            slots = self._make_key(frame, now, slots)
        elif len(fresh):
            slots[fresh] = self._enter({name: column[fresh] for name, column in now.items()})
            self._encode_entries(frame)
        self._encode_moves(frame, rows, slots)

    def _slots_of(self, now: dict[str, Column]) -> Slots:
        """Return the slot of each road user, -1 for the new and for who is out of reach of his slot's place."""
        ids, held = self._sorted
        if not len(ids):
            return np.full(len(now["id"]), -1, np.int64)
        at = np.minimum(np.searchsorted(ids, now["id"]), len(ids) - 1)
        slots = np.where(ids[at] == now["id"], held[at], -1)
        for name in ("lon", "lat"):
            off = now[name].astype(np.int64) - self._fixed[name][slots]
            slots[np.abs(off) > REACH] = -1
        return slots

    def _make_key(self, frame: Frame, now: dict[str, Column], slots: Slots) -> Slots:
        """Start an epoch: who is here keeps his slot where the slots are not too many or too few."""
        count = len(slots)
        wanted = count + max(SPARE_SLOTS, count // SPARE_SHARE)
        size = len(self._held)
        if not count + SPARE_SLOTS // 2 <= size <= 2 * wanted:
            size, slots = wanted, np.arange(count, dtype=np.int64)
        else:
            vacant = np.ones(size, bool)
            vacant[slots[slots >= 0]] = False
            fresh = np.flatnonzero(slots < 0)
            slots[fresh] = np.flatnonzero(vacant)[: len(fresh)]
        self._fixed = {name: np.zeros(size, dtype) for name, dtype in FIXED.items()}
        self._fixed["class"][:] = EMPTY
        for name, column in now.items():
            self._fixed[name][slots] = column
        self._held = np.zeros(size, bool)
        self._held[slots] = True
        self._free = np.flatnonzero(~self._held)
        self._filled = np.empty(0, np.int64)
        self._sort()
        self._key_time, self.epoch, self.entered, self.entries = frame.time, next(self._epochs), 0, b""
        self.key = encode_frame(FrameKind.MOVER_KEY, frame.tick, frame.time, self._fixed, epoch=self.epoch)
        return slots

    def _enter(self, fresh: dict[str, Column]) -> Slots:
        slots, self._free = np.split(self._free, [len(fresh["id"])])
        again = np.isin(self._fixed["id"], fresh["id"])
        self._held[again] = False
        for name, column in fresh.items():
            self._fixed[name][slots] = column
        self._held[slots] = True
        self._filled = np.concatenate((self._filled, slots))
        self._sort()
        return slots

    def _sort(self) -> None:
        held = np.flatnonzero(self._held)
        ids = self._fixed["id"][held]
        order = np.argsort(ids, kind="stable")
        self._sorted = ids[order], held[order]

    def _encode_entries(self, frame: Frame) -> None:
        columns: dict[str, Column] = {"slot": self._filled.astype(np.uint32)}
        columns |= {name: column[self._filled] for name, column in self._fixed.items()}
        self.entered = len(self._filled)
        self.entries = encode_frame(
            FrameKind.MOVER_ENTRIES, frame.tick, frame.time, columns, epoch=self.epoch, key=False
        )

    def _encode_moves(self, frame: Frame, rows: Slots, slots: Slots) -> None:
        size = len(self._held)
        age = np.minimum(frame.column("age")[rows] // 100, 255)
        columns: dict[str, Column] = {
            "dlon": _spread(size, slots, frame.column("lon")[rows] - self._fixed["lon"][slots], np.int16),
            "dlat": _spread(size, slots, frame.column("lat")[rows] - self._fixed["lat"][slots], np.int16),
            "heading": _spread(size, slots, frame.column("heading")[rows], np.uint16),
            "speed": _spread(size, slots, frame.column("speed")[rows], np.uint16),
            "age": _spread(size, slots, age, np.uint8),
            "flags": np.full(size, GONE, np.uint8),
        }
        columns["flags"][slots] = frame.column("flags")[rows]
        self.moves = encode_frame(FrameKind.MOVER_MOVES, frame.tick, frame.time, columns, epoch=self.epoch, key=False)


def _spread(size: int, slots: Slots, values: Column, dtype: type[np.number]) -> Column:
    column = np.zeros(size, dtype)
    column[slots] = values
    return column
