"""From link and signal frames to rows: link states as they come, signal states only when they change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import Frame
from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows, timestamps

LINK_COLUMNS = ("t", "link", "flow", "speed", "queue", "level", "confidence")
TRANSITION_COLUMNS = ("t", "grp", "state", "previous", "confidence")
LINK_FRAME_COLUMNS = ("link", "level", "conf", "flow", "speed", "queue")
SIGNAL_FRAME_COLUMNS = ("group", "state", "conf")
UNKNOWN = 65535
"""What a frame carries where a number is not known."""
MAX_GROUPS = 1 << 20
"""Signal groups that a frame may name; bounds the memory of states."""


@dataclass(frozen=True)
class StateCopy:
    """A COPY stream and its number of rows."""

    data: bytes
    rows: int


def encode_links(frames: Sequence[Frame]) -> StateCopy:
    """Rows of `v2x.link_state`.

    Raises:
        FrameError: a frame lacks a column.
    """
    parts = {name: np.concatenate([frame.column(name) for frame in frames]) for name in LINK_FRAME_COLUMNS}
    time = np.repeat([frame.time for frame in frames], [len(frame) for frame in frames])
    columns = [CopyColumn(PgType.INT8, timestamps(time)), CopyColumn(PgType.INT4, parts["link"])]
    columns += [CopyColumn(kind, _known(parts[name], kind)) for name, kind in _MEASURES.items()]
    columns += [CopyColumn(PgType.INT2, parts["level"]), CopyColumn(PgType.INT2, parts["conf"])]
    return StateCopy(b"".join((HEADER, encode_rows(columns), TRAILER)), len(time))


_MEASURES = {"flow": PgType.INT4, "speed": PgType.INT2, "queue": PgType.INT2}


def _known(values: NDArray[np.number], kind: PgType) -> NDArray[np.int64]:
    whole = values.astype(np.int64)
    return np.where(whole == UNKNOWN, -1, np.minimum(whole, (1 << 8 * kind.dtype.itemsize - 1) - 1))


@dataclass
class SignalMemory:
    """Last stored state of every signal group, -1 where unknown."""

    states: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))

    @classmethod
    def of(cls, stored: Iterable[tuple[int, int]]) -> "SignalMemory":
        """From (group, state) pairs of the database."""
        memory = cls()
        for group, state in stored:
            memory.grow(group)
            memory.states[group] = state
        return memory

    def copy(self) -> "SignalMemory":
        """An independent copy: a batch that fails must leave no trace."""
        return SignalMemory(self.states.copy())

    def grow(self, group: int) -> None:
        """Make room for a group."""
        if group >= len(self.states):
            self.states = np.concatenate([self.states, np.full(group + 1 - len(self.states), -1, np.int16)])


def encode_transitions(frames: Sequence[Frame], memory: SignalMemory) -> StateCopy:
    """Rows of `v2x.signal_transition` for what changed over these frames, in their order; updates `memory`.

    Raises:
        FrameError: a frame lacks a column.
    """
    blocks = [HEADER]
    rows = 0
    for frame in frames:
        changed = _changes(frame, memory)
        if changed:
            blocks.append(encode_rows(changed))
            rows += len(changed[0].values)
    return StateCopy(b"".join((*blocks, TRAILER)), rows)


def _changes(frame: Frame, memory: SignalMemory) -> list[CopyColumn]:
    group, state = frame.column("group").astype(np.int64), frame.column("state").astype(np.int16)
    confidence = frame.column("conf")
    if not len(group):
        return []
    memory.grow(int(group.max()))
    previous = memory.states[group]
    new = state != previous
    memory.states[group] = state
    if not new.any():
        return []
    return [
        CopyColumn(PgType.INT8, timestamps(np.full(int(new.sum()), frame.time))),
        CopyColumn(PgType.INT4, group[new]),
        CopyColumn(PgType.INT2, state[new]),
        CopyColumn(PgType.INT2, previous[new]),
        CopyColumn(PgType.INT2, confidence[new]),
    ]
