"""Queues of movements for browsers that look at an intersection: rows with a queue, and the columns that are drawn."""

import numpy as np

from cloudctl.api.live_state import LiveFrame
from cloudctl.publish.frames import FrameKind, encode_frame

UNKNOWN = 65535
COLUMNS = ("move", "queue", "conf", "est")


class QueueFrames:
    """Cuts each movements frame once for all clients."""

    def __init__(self) -> None:
        self._live: LiveFrame | None = None
        self._cut = b""

    def of(self, live: LiveFrame) -> bytes:
        """Give a MOVEMENTS frame of the movements with a queue: move, queue (m), conf (0..100), est (0 or 1)."""
        if live is not self._live:
            frame = live.frame
            queue = frame.column("queue")
            rows = np.flatnonzero((queue > 0) & (queue < UNKNOWN))
            columns = {name: frame.column(name)[rows] for name in COLUMNS}
            self._cut = encode_frame(FrameKind.MOVEMENTS, frame.tick, frame.time, columns, epoch=frame.epoch)
            self._live = live
        return self._cut
