"""Plays the city's steps to the devices: each kind of device walks through them with a delay of its own."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from maps.geodesy import LocalPlane
from simulators.fleet_motion import Rows, Segment, Slots, join
from simulators.world import WorldFrame

SHIFT = 0.5
"""The devices live so much later than the city, s: each step is there before its time however long SUMO took."""
LONGEST = 1.5
"""Two frames further apart than so many steps have lost time between them."""
KEPT = 8
"""Steps kept for the slowest reader, i.e. 4 s."""


@dataclass(frozen=True)
class Step:
    """A segment and who came and went at its end."""

    number: int
    segment: Segment
    slots: Rows
    """Slot of each row of the segment's last frame."""
    capacity: int
    fresh: Rows
    """Slots given anew at the start of the segment, whose users join it for the first time."""
    gone: dict[str, int]
    """Road users that left with the segment's last frame, with their old slots."""


class Playback:
    """Turns successive frames into steps; frames that do not advance the time are ignored."""

    def __init__(self, plane: LocalPlane) -> None:
        self._plane = plane
        self._slots = Slots()
        self._last: tuple[WorldFrame, Rows, Rows] | None = None
        self._number = 0
        self.steps: deque[Step] = deque(maxlen=KEPT)

    def add(self, frame: WorldFrame) -> Step | None:
        """Take a frame; returns the step that it completes, None for the first frame."""
        if self._last is not None and frame.time <= self._last[0].time:
            return None
        slots, fresh, gone = self._slots.assign([str(name) for name in frame.id])
        step = None
        if self._last is not None:
            first, first_slots, first_fresh = self._last
            if frame.time - first.time > LONGEST * frame.step:
                # The city let missed time go: nothing moved meanwhile.
                first = replace(first, time=frame.time - frame.step)
            segment = join(first, first_slots, frame, slots, self._plane)
            step = Step(self._number, segment, slots, self._slots.capacity, first_fresh, gone)
            self._number += 1
            self.steps.append(step)
        self._last = frame, slots, fresh
        return step

    @property
    def newest(self) -> float:
        """UTC epoch up to which the world is known, s; minus infinity before the second frame."""
        return self.steps[-1].segment.last.time if self.steps else float("-inf")


class Cursor:
    """One reader of the playback."""

    def __init__(self, playback: Playback, enter: Callable[[Step], None]) -> None:
        """`enter` is called once for every step, in order, before its segment is read."""
        self._playback, self._enter = playback, enter
        self._step: Step | None = None
        self._sampled: dict[int, float] = {}

    def advance(self, group: int, time: float) -> tuple[Segment, float] | None:
        """Segment for UTC `time` and the time of the sample in it; None where the world is not known further yet.

        A sample that would repeat the group's last one is not taken: a device whose world stands still has nothing
        to say.
        """
        for step in tuple(self._playback.steps):
            current = self._step
            if current is not None and (step.number <= current.number or time <= current.segment.last.time):
                continue
            self._step = step
            self._enter(step)
        if self._step is None:
            return None
        segment = self._step.segment
        sample = min(max(time, segment.first.time), segment.last.time)
        if sample <= self._sampled.get(group, float("-inf")):
            return None
        self._sampled[group] = sample
        return segment, sample
