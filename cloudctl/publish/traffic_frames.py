"""Movements and intersections as column frames, each encoded once for all.

Columns (unknown numbers are the largest of their type):

    movements      move (row of `fusion.movements`), from, to (rows of links), flow (veh/h), share (0..100), delay (0.1
                   s a vehicle), stops (0.01), travel (0.1 s), queue (m), queued, spill (0 or 1), level, conf (0..100),
                   est (0 or 1)
    intersections  signal (row), flow, delay, stops, queue, queued, spill, level, conf, est
"""

import numpy as np

from cloudctl.publish.columns import to_u8, to_u16
from cloudctl.publish.frames import Column, FrameKind, encode_frame
from fusion.movements import Movements
from fusion.picture import IntersectionStates, MovementStates, TrafficPicture


def movements_frame(
    picture: TrafficPicture, movements: Movements, epoch: int, kind: FrameKind = FrameKind.MOVEMENTS
) -> bytes:
    """Encode the state of all movements of which something is known; `kind` may be MOVEMENT_ARCHIVE."""
    states = picture.movements
    rows = np.flatnonzero(states.confidence > 0)
    if kind is FrameKind.MOVEMENT_ARCHIVE:
        rows = rows[~states.estimated[rows]]
    columns: dict[str, Column] = {
        "move": rows.astype(np.uint32),
        "from": movements.from_link[rows].astype(np.uint32),
        "to": movements.to_link[rows].astype(np.uint32),
        "share": to_u8(states.share[rows], 100),
        "travel": to_u16(states.travel_time[rows], 10),
        **_common(states, rows),
    }
    return encode_frame(kind, picture.tick, picture.time, columns, epoch=epoch)


def intersections_frame(picture: TrafficPicture, epoch: int, kind: FrameKind = FrameKind.INTERSECTIONS) -> bytes:
    """Encode the state of all intersections of which something is known; `kind` may be INTERSECTION_ARCHIVE."""
    states = picture.intersections
    rows = np.flatnonzero(states.confidence > 0)
    columns: dict[str, Column] = {"signal": rows.astype(np.uint32), **_common(states, rows)}
    return encode_frame(kind, picture.tick, picture.time, columns, epoch=epoch)


def _common(
    states: MovementStates | IntersectionStates, rows: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"
) -> dict[str, Column]:
    return {
        "flow": to_u16(states.flow[rows], 1),
        "delay": to_u16(states.delay[rows], 10),
        "stops": to_u16(states.stops[rows], 100),
        "queue": to_u16(states.queue_length[rows], 1),
        "queued": states.queue_vehicles[rows],
        "spill": states.spill_back[rows].astype(np.uint8),
        "level": states.level[rows],
        "conf": to_u8(states.confidence[rows], 100),
        "est": states.estimated[rows].astype(np.uint8),
    }
