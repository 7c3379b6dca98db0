"""Which frames are stored already, and which never came: replays are collapsed, gaps are written down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import psycopg

from cloudctl.publish.frames import Frame, FrameKind

RESTART_PAUSE = 1.0
"""An engine that starts anew sooner than this missed nothing worth a row, s."""


class FrameKey(NamedTuple):
    """What makes a frame that frame, in every replay."""

    session: int
    kind: int
    tick: int
    time_ms: int

    @classmethod
    def of(cls, frame: Frame) -> "FrameKey":
        """Key of a frame. The time is in it for an engine that starts its ticks anew in the same session."""
        return cls(frame.epoch, int(frame.kind), frame.tick, round(frame.time * 1e3))


class Gap(NamedTuple):
    """Frames that never came."""

    kind: int
    session: int
    from_tick: int
    """Last tick before the gap."""
    from_ms: int
    to_ms: int
    missed: int | None
    """Frames; None where that cannot be known."""
    reason: str


@dataclass(frozen=True)
class GapTracker:
    """Watches the ticks of one kind of frame; a new value replaces the old one with every frame."""

    last: FrameKey | None = None
    stride: int = 0
    """Ticks from frame to frame: the smallest step seen."""

    def step(self, key: FrameKey) -> tuple["GapTracker", Gap | None]:
        """Take the next frame; a late or repeated one changes nothing."""
        last = self.last
        if last is None:
            return replace(self, last=key), None
        if key.time_ms <= last.time_ms:
            return self, None
        if key.session != last.session or key.tick <= last.tick:
            paused = key.time_ms - last.time_ms > RESTART_PAUSE * 1e3
            return replace(self, last=key), _gap(last, key, None, "engine started anew") if paused else None
        step = key.tick - last.tick
        stride = min(step, self.stride) if self.stride else step
        missed = step // stride - 1
        gap = _gap(last, key, missed, "frames missing") if missed else None
        return GapTracker(key, stride), gap


def _gap(last: FrameKey, key: FrameKey, missed: int | None, reason: str) -> Gap:
    return Gap(key.kind, last.session, last.tick, last.time_ms, key.time_ms, missed, reason)


def load_tracker(connection: psycopg.Connection, kind: FrameKind) -> GapTracker:
    """Tracker that goes on after the newest stored frames."""
    rows = connection.execute(
        "SELECT session, kind, tick, round(extract(epoch FROM t) * 1000)::bigint FROM v2x.frame_ledger"
        " WHERE kind = %s ORDER BY t DESC LIMIT 10",
        (int(kind),),
    ).fetchall()
    tracker = GapTracker()
    for row in reversed(rows):
        tracker, _ = tracker.step(FrameKey(*row))
    return tracker


def enter_frames(connection: psycopg.Connection, frames: Sequence[Frame]) -> list[Frame]:
    """Enter frames in the ledger and return those that were not in it, in their order, each once."""
    by_key: dict[FrameKey, Frame] = {}
    for frame in frames:
        by_key.setdefault(FrameKey.of(frame), frame)
    columns = [list(column) for column in zip(*by_key, strict=True)]
    rows = connection.execute(
        "INSERT INTO v2x.frame_ledger (session, kind, tick, t, rows)"
        " SELECT session, kind, tick, to_timestamp(ms / 1000.0), rows"
        " FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::integer[])"
        " AS f (session, kind, tick, ms, rows) ON CONFLICT DO NOTHING"
        " RETURNING session, kind, tick, round(extract(epoch FROM t) * 1000)::bigint",
        (*columns, [len(frame) for frame in by_key.values()]),
    ).fetchall()
    fresh = {FrameKey(*row) for row in rows}
    return [frame for key, frame in by_key.items() if key in fresh]


def write_gaps(connection: psycopg.Connection, gaps: Sequence[Gap]) -> None:
    """Write gaps down, once each."""
    connection.cursor().executemany(
        "INSERT INTO v2x.process_gap (kind, session, from_tick, from_t, to_t, missed, reason)"
        " VALUES (%s, %s, %s, to_timestamp(%s / 1000.0), to_timestamp(%s / 1000.0), %s, %s) ON CONFLICT DO NOTHING",
        gaps,
    )
