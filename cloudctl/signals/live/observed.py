"""Which row of its program each signal shows, and since when, read off the lights of its groups.

Lights are compared by what they mean (go, ending, stop), because controllers differ in whether a green is called
protected. A signal one of whose groups is unknown, or whose lights fit no row, is at no row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.program import Program
from fusion.picture import SignalStates
from maps.network import RoadNetwork

UNKNOWN, STOP, ENDING, GO = -1, 0, 1, 2
MEANING = np.array([UNKNOWN, UNKNOWN, STOP, STOP, ENDING, GO, GO, ENDING, UNKNOWN], np.int8)
"""By LightState 0..8."""
NOWHERE = -1


@dataclass
class Shown:
    """What one signal shows."""

    row: int = NOWHERE
    """Row of its program, `NOWHERE` where that is not known."""
    since: float = np.nan
    """UTC epoch s."""
    heard: float = -np.inf
    """Receipt of the oldest of the newest words about its groups, UTC epoch s."""


class ObservedPrograms:
    """Follows all controllable signals; `shown` is by signal row."""

    def __init__(self, network: RoadNetwork, programs: dict[int, Program]) -> None:
        signals = network.signals
        self._programs = programs
        self._groups = {
            row: slice(int(signals.group_start[row]), int(signals.group_start[row] + signals.group_count[row]))
            for row in programs
        }
        self._rows = {row: _meanings(program) for row, program in programs.items()}
        self._signal = network.groups.signal
        self._before = np.full(len(network.groups.signal), -2, np.int8)
        self.shown = {row: Shown() for row in programs}

    def follow(self, lights: SignalStates, now: float) -> None:
        """Take the lights of one moment, UTC epoch s."""
        meaning = MEANING[np.minimum(lights.state, 8)]
        changed = np.unique(self._signal[meaning != self._before])
        self._before = meaning
        for signal in changed.tolist():
            if signal in self.shown:
                self._match(signal, meaning[self._groups[signal]], now)
        for signal, shown in self.shown.items():
            shown.heard = float(np.min(lights.received[self._groups[signal]]))

    def _match(self, signal: int, meaning: NDArray[np.int8], now: float) -> None:
        shown, rows = self.shown[signal], self._rows[signal]
        fitting = np.flatnonzero((rows == meaning).all(axis=1)) if (meaning != UNKNOWN).all() else np.empty(0, np.intp)
        if not len(fitting):
            shown.row, shown.since = NOWHERE, now
            return
        ahead = (fitting - max(shown.row, 0)) % len(rows)
        row = int(fitting[np.argmin(ahead)])
        if row != shown.row:
            shown.row, shown.since = row, now


def _meanings(program: Program) -> NDArray[np.int8]:
    """What the lights of each row mean, (rows, groups)."""
    of_letter = {"G": GO, "g": GO, "y": ENDING, "r": STOP, "s": STOP}
    return np.array([[of_letter.get(letter, UNKNOWN) for letter in phase.state] for phase in program.phases], np.int8)
