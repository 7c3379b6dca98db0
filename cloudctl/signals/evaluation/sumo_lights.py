"""What the fixed programs of a running SUMO show every signal group of the map, and when that changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import libsumo
import numpy as np
from numpy.typing import NDArray

from fusion.picture import SignalStates
from maps.network import RoadNetwork

LETTERS = {"G": 6, "g": 5, "y": 7, "Y": 7, "u": 3, "r": 3, "R": 3, "s": 3}
"""LightState (T/CSAE 53-2020) by SUMO's letter."""
_GREEN = frozenset("Gg")


@dataclass(frozen=True, slots=True)
class _Signal:
    """One signal: row by row state and s until the group's light changes or turns green, counted from the row's end."""

    name: str
    groups: NDArray[np.int64]
    state: NDArray[np.uint8]
    to_change: NDArray[np.float64]
    to_green: NDArray[np.float64]


class SumoLights:
    """States of all groups, as a controller with a countdown would tell them."""

    def __init__(self, network: RoadNetwork) -> None:
        self._count = len(network.groups.signal)
        self._signals = [
            found for found in (_read(name, network) for name in libsumo.trafficlight.getIDList()) if found
        ]

    def read(self, now: float, epoch: float) -> SignalStates:
        """States at simulation time `now`, s, with times that count from `epoch` (UTC epoch of time 0), s."""
        state = np.zeros(self._count, np.uint8)
        change, green = np.full(self._count, np.nan), np.full(self._count, np.nan)
        for signal in self._signals:
            row = libsumo.trafficlight.getPhase(signal.name)
            row_end = max(float(libsumo.trafficlight.getNextSwitch(signal.name)), now) + epoch
            state[signal.groups] = signal.state[row]
            change[signal.groups] = row_end + signal.to_change[row]
            green[signal.groups] = row_end + signal.to_green[row]
        lit = np.isin(state, (5, 6))
        known = np.where(state > 0, now + epoch, np.nan)
        confidence = (state > 0).astype(np.float32)
        return SignalStates(state, change, change, change, np.where(lit, np.nan, green), confidence, known)


def _read(name: str, network: RoadNetwork) -> _Signal | None:
    place = {
        (way[0], way[1]): number
        for number, ways in enumerate(libsumo.trafficlight.getControlledLinks(name))
        for way in ways
    }
    joins, lanes = network.connections, network.lanes.id
    wanted = np.flatnonzero(joins.group >= 0).tolist()
    light: dict[int, int] = {}
    for row in wanted:
        number = place.get((str(lanes[joins.from_lane[row]]), str(lanes[joins.to_lane[row]])))
        if number is not None:
            light[int(joins.group[row])] = number
    active = libsumo.trafficlight.getProgram(name)
    logics = libsumo.trafficlight.getAllProgramLogics(name)
    phases = next((logic for logic in logics if logic.programID == active), logics[0]).phases
    if not light:
        return None
    letters = [[phase.state[number] for phase in phases] for number in light.values()]
    durations = [float(phase.duration) for phase in phases]
    return _Signal(
        name,
        np.array(list(light), np.int64),
        np.array([[LETTERS.get(one, 0) for one in row] for row in letters], np.uint8).T,
        np.array([_waits(row, durations, stop_at_green=False) for row in letters]).T,
        np.array([_waits(row, durations, stop_at_green=True) for row in letters]).T,
    )


def _waits(letters: Sequence[str], durations: Sequence[float], *, stop_at_green: bool) -> list[float]:
    """For each row: s from its end until the light changes kind, or until green begins; inf where it never does."""
    rows = len(letters)
    found = []
    for row in range(rows):
        waited = 0.0
        for far in range(1, rows + 1):
            letter = letters[(row + far) % rows]
            begins = letter in _GREEN if stop_at_green else _kind(letter) != _kind(letters[row])
            if begins:
                break
            waited += durations[(row + far) % rows]
        else:
            waited = math.inf
        found.append(waited)
    return found


def _kind(letter: str) -> str:
    return "G" if letter in _GREEN else "y" if letter in "yY" else "r"
