"""The state of links as a key and what changed since: a link is sent again when a driver would see the difference.

A key is a LINKS frame with all links; LINK_CHANGES holds every link that changed since the key of its epoch, so each is
the newest and needs only the key. A link of which nothing is known any more comes with level and conf 0.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.live_state import LiveFrame
from cloudctl.publish.frames import Column, Frame, FrameKind, encode_frame

KEY_EVERY_S = 60.0
MOST_CHANGED = 0.5
"""A key follows when more than this part of all links changed."""
TOLERANCE = {"level": 0, "spill": 0, "conf": 10, "speed": 50, "queue": 5, "flow": 30, "stops": 20, "delay": 30}
"""Difference by column, in its own unit, up to which a link is not sent again."""


class LinkStream:
    """Key and changes of all links."""

    def __init__(self, epochs: Iterator[int]) -> None:
        self.epoch = 0
        self.version = 0
        """Grows with every change within an epoch."""
        self.key = self.changes = b""
        self._epochs = epochs
        self._live: LiveFrame | None = None
        self._key_time = float("-inf")
        self._sent: dict[str, Column] = {}
        self._touched = np.zeros(0, bool)

    def feed(self, live: LiveFrame) -> None:
        """Take over the newest links frame."""
        if live is self._live:
            return
        self._live = live
        frame = live.frame
        known = self._sent.keys() == frame.columns.keys() - {"link"}
        links = frame.column("link").astype(np.int64)
        if not known or not 0 <= frame.time - self._key_time < KEY_EVERY_S or (links >= len(self._touched)).any():
            self._make_key(frame, links)
            return
        now = self._by_link(frame, links, len(self._touched))
        changed = _differing(self._sent, now)
        if not changed.any():
            return
        self._touched |= changed
        if self._touched.sum() > MOST_CHANGED * max(len(links), 1):
            self._make_key(frame, links)
            return
        for name, column in now.items():
            self._sent[name][changed] = column[changed]
        self._encode_changes(frame)

    def _make_key(self, frame: Frame, links: NDArray[np.int64]) -> None:
        size = max(int(links.max(initial=-1)) + 1, len(self._touched))
        self._sent = self._by_link(frame, links, size)
        self._touched = np.zeros(size, bool)
        self._key_time, self.epoch, self.version, self.changes = frame.time, next(self._epochs), 0, b""
        self.key = encode_frame(FrameKind.LINKS, frame.tick, frame.time, frame.columns, epoch=self.epoch)

    def _encode_changes(self, frame: Frame) -> None:
        rows = np.flatnonzero(self._touched)
        columns: dict[str, Column] = {"link": rows.astype(np.uint32)}
        columns |= {name: column[rows] for name, column in self._sent.items()}
        self.version += 1
        self.changes = encode_frame(
            FrameKind.LINK_CHANGES, frame.tick, frame.time, columns, epoch=self.epoch, key=False
        )

    @staticmethod
    def _by_link(frame: Frame, links: NDArray[np.int64], size: int) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for name, column in frame.columns.items():
            if name != "link":
                found[name] = np.zeros(size, column.dtype)
                found[name][links] = column
        return found


def _differing(before: dict[str, Column], now: dict[str, Column]) -> NDArray[np.bool_]:
    changed = np.zeros(len(now["level"]), bool)
    for name, tolerance in TOLERANCE.items():
        if name in now:
            changed |= np.abs(now[name].astype(np.int64) - before[name].astype(np.int64)) > tolerance
    return changed
