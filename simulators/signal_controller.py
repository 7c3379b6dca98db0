"""The controller beside the road: turns the true lights into SPAT, with the coming states of its time program.

The lights come from the city; the coming states follow from the steps of the network's program after the present one
(T/CSAE 53-2020, DF_PhaseState: first the light of now, then the next ones in order).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.importers.sumo_program import LIGHTS
from maps.network import RoadNetwork
from simulators.fleet_units import milliseconds, minute_of_year

LIGHT_NAMES = (
    b"unavailable",
    b"dark",
    b"flashing-red",
    b"red",
    b"flashing-green",
    b"permissive-green",
    b"protected-green",
    b"yellow",
    b"flashing-yellow",
)
"""LightState by its code."""
STATES = 4
"""States told per phase: the present one and what fits of one cycle after it."""
PHASES = 16
"""Most phases of one intersection entry (T/CSAE 53-2020, PhaseList); a larger signal is told in several entries."""
UNKNOWN_MARK = 36_001
_LONGEST = 36_000
_SPAT = b'{"msgCnt":%d,"moy":%d,"timeStamp":%d,"name":"%b","timestamp":%d,"intersections":[%b]}'
_INTERSECTION = (
    b'{"intersectionId":{"region":%d,"id":%d},"status":"0000010000000000","moy":%%d,"timeStamp":%%d,"phases":[%b]}'
)


@dataclass(frozen=True)
class _Step:
    """Text of all intersection entries while one step runs; `%d` stands where a number goes."""

    template: bytes
    offsets: NDArray[np.int64]
    """Of each countdown after the end of the step, 0.1 s; -1 where it is unknown."""
    breaks: list[int]
    """Where the countdowns of each entry begin; minute and second go before them."""


class SignalController:
    """SPAT of one signal."""

    def __init__(self, network: RoadNetwork, row: int, link_of_group: list[int]) -> None:
        """`link_of_group` is the place of each group's light in the city's state text, -1 where it has none."""
        signals, groups, program = network.signals, network.groups, network.program
        self.id = str(signals.id[row])
        self.reference = int(signals.region[row]), int(signals.node_id[row])
        start, count = int(signals.group_start[row]), int(signals.group_count[row])
        self._phase_ids = groups.phase_id[start : start + count].tolist()
        self._links = link_of_group
        steps = slice(int(signals.program_start[row]), int(signals.program_start[row] + signals.program_count[row]))
        self._durations = program.duration[steps].astype(np.float64)
        rows = program.state_start[steps][:, None] + np.arange(count)
        self._states = network.program_states[rows] if count else np.empty((len(self._durations), 0), np.uint8)
        self._name = self.id.encode()[:63].replace(b'"', b"").replace(b"\\", b"")
        self._texts: dict[tuple[int, bytes], _Step] = {}
        self._step = -1
        self._lights = b""
        self._message_count = 0

    @property
    def stages(self) -> int:
        """Steps of the program in which some light is green and none is yellow."""
        green = np.isin(self._states, (5, 6)).any(axis=1) if len(self._durations) else np.zeros(0, bool)
        return int((green & ~(self._states == 7).any(axis=1)).sum())

    def lights(self, state: str) -> list[int]:
        """LightState code of each group under the city's state text."""
        return [LIGHTS.get(state[link], 0) if 0 <= link < len(state) else 0 for link in self._links]

    def spat(self, state: str, step_end: float, now: float, clock: float) -> bytes:
        """SPAT at true UTC `now`, stamped by the controller's own `clock`."""
        lights = bytes(self.lights(state))
        if lights != self._lights:
            self._step, self._lights = self._find_step(lights), lights
        text = self._texts.get((self._step, lights))
        if text is None:
            text = self._texts[self._step, lights] = self._write(self._step, lights)
        left = max(round((step_end - now) * 10.0), 0)
        told = (text.offsets >= 0) & (left < _LONGEST)  # the end of a commanded stage is not known
        marks = np.where(told, np.minimum(text.offsets + left, _LONGEST), UNKNOWN_MARK)
        stamp, minute = milliseconds(clock), minute_of_year(clock)
        mark = stamp % 60_000
        message = _SPAT % (
            self._message_count,
            minute,
            mark,
            self._name,
            stamp,
            text.template % self._values(text, marks.tolist(), minute, mark),
        )
        self._message_count = (self._message_count + 1) % 128
        return message

    def _find_step(self, lights: bytes) -> int:
        """Step of the program that shows these lights, the first one after the last known; -1 where none does."""
        wanted = np.frombuffer(lights, np.uint8)
        same = np.flatnonzero((self._states == wanted).all(axis=1)) if len(self._durations) else np.empty(0, np.intp)
        if not len(same):
            return -1
        after = (same - self._step - 1) % len(self._durations)
        return int(same[np.argmin(after)])

    def _write(self, step: int, lights: bytes) -> _Step:
        entries, offsets, breaks = list[bytes](), list[int](), list[int]()
        for first in range(0, max(len(self._phase_ids), 1), PHASES):
            breaks.append(len(offsets))
            phases = []
            for group in range(first, min(first + PHASES, len(self._phase_ids))):
                states = self._coming(step, group, lights[group])
                texts = [_state_text(light, place == 0, end < 0) for place, (light, _, end) in enumerate(states)]
                offsets += [states[0][2]] * 3
                offsets += [mark for _, begin, end in states[1:] for mark in (begin, end)]
                phases.append(b'{"id":%d,"phaseStates":[%b]}' % (self._phase_ids[group], b",".join(texts)))
            entries.append(_INTERSECTION % (*self.reference, b",".join(phases)))
        return _Step(b",".join(entries), np.array(offsets, np.int64), breaks)

    @staticmethod
    def _values(text: _Step, marks: list[int], minute: int, mark: int) -> tuple[int, ...]:
        values = list[int]()
        for begin, end in zip(text.breaks, [*text.breaks[1:], len(marks)], strict=True):
            values += [minute, mark, *marks[begin:end]]
        return tuple(values)

    def _coming(self, step: int, group: int, light: int) -> list[tuple[int, int, int]]:
        """(light, begin, end) of the group's states in order, 0.1 s after the end of the step; -1 is unknown."""
        count = len(self._durations)
        if step < 0 or (self._states[:, group] == light).all():
            return [(light, 0, 0 if step < 0 else -1)]
        states, begin, clock = list[tuple[int, int, int]](), 0, 0
        for ahead in range(1, 2 * count):
            following = (step + ahead) % count
            shown = int(self._states[following, group])
            if shown != light:
                states.append((light, begin, clock))
                light, begin = shown, clock
                if len(states) == STATES or ahead > count:
                    break
            clock += round(float(self._durations[following]) * 10.0)
        return states


def _state_text(light: int, present: bool, unknown: bool) -> bytes:
    name = LIGHT_NAMES[light]
    if present:
        confidence = 0 if unknown else 180
        return (
            b'{"light":"%b","timing":{"counting":{"startTime":0,"minEndTime":%%d,"maxEndTime":%%d,'
            b'"likelyEndTime":%%d,"timeConfidence":%d}}}'
        ) % (name, confidence)
    return b'{"light":"%b","timing":{"counting":{"startTime":%%d,"likelyEndTime":%%d}}}' % name
