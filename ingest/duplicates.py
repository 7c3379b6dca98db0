"""Repeated and missing messages of one device and message type, told by msgCnt (DE_MsgCount, 0..127)."""

from collections import OrderedDict
from collections.abc import Hashable

_HALF = 64
_COUNTS = 128


class Sequence:
    """The last 128 messages of one stream of one device.

    Two messages are the same when msgCnt and the full UTC time they carry are: a device that uploads again after a
    bad connection does not count twice. A jump of msgCnt forward counts as loss, backward as late.
    """

    __slots__ = ("_last", "_stamps", "late", "missing")

    def __init__(self) -> None:
        self.missing = 0
        self.late = 0
        self._last = -1
        self._stamps: list[int | None] = [None] * _COUNTS

    def is_repeat(self, count: int, stamp: int) -> bool:
        """Note a message by its msgCnt and its time (any unit); True if it was here before."""
        if self._stamps[count] == stamp:
            return True
        self._stamps[count] = stamp
        last = self._last
        if last >= 0:
            gap = (count - last - 1) % _COUNTS
            if gap >= _HALF:
                self.late += 1
                return False
            self.missing += gap
        self._last = count
        return False


class RecentKeys:
    """Keys of recent events; the oldest are forgotten by age and by number."""

    def __init__(self, window: float = 600.0, capacity: int = 65_536) -> None:
        """Remember keys for `window` s, at most `capacity` of them."""
        self._window = window
        self._capacity = capacity
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def is_repeat(self, key: Hashable, now: float) -> bool:
        """Note a key; True if it was noted within the window."""
        seen = self._seen
        while seen and (len(seen) > self._capacity or next(iter(seen.values())) < now - self._window):
            seen.popitem(last=False)
        if key in seen:
            return True
        seen[key] = now
        return False


class Copies:
    """Who was the first to hand a message on; the oldest are forgotten by age and by number."""

    def __init__(self, window: float = 5.0, capacity: int = 65_536) -> None:
        """Remember messages for `window` s, at most `capacity` of them."""
        self._window = window
        self._capacity = capacity
        self._first: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def is_copy(self, key: Hashable, device: int, now: float) -> bool:
        """Note a message that a device (row) hands on; True if another device did so within the window."""
        first = self._first
        while first and (len(first) > self._capacity or next(iter(first.values()))[1] < now - self._window):
            first.popitem(last=False)
        known = first.setdefault(key, (device, now))
        return known[0] != device
