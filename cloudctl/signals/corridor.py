"""A corridor of signals on the map: its ways there and back, and the plans of its signals in one cycle."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cloudctl.signals.common_cycle import durations_at, green_of
from cloudctl.signals.corridor_ways import Direction, Passage, WayFinder
from cloudctl.signals.errors import CorridorError
from cloudctl.signals.green_wave_plan import SATURATION, CorridorSignal, GreenWavePlan, band, plan_green_wave
from cloudctl.signals.live.network_layout import programs_of
from cloudctl.signals.program import Program
from maps.network import RoadNetwork

Green = tuple[float, float]
"""Begin within the cycle and duration, s."""
Flow = Callable[[Passage], float]
"""Vehicles/s that come to a light along the corridor."""


@dataclass(frozen=True)
class Corridor:
    """Signals (rows) that are to be coordinated, in order."""

    signals: tuple[int, ...]
    programs: tuple[Program, ...]
    cycle: int
    """s"""
    durations: tuple[tuple[float, ...], ...]
    """Of the rows of each program in this cycle, s."""
    out: Direction
    back: Direction | None
    """In the order of travel; None where the corridor is one-way."""

    def greens(self, network: RoadNetwork, direction: Direction) -> list[Green]:
        """Greens of a direction, in its order of travel."""
        order = range(len(self.signals)) if direction is self.out else reversed(range(len(self.signals)))
        return [
            green_of(self.programs[at], self.durations[at], light(network, passage))
            for at, passage in zip(order, direction.passages, strict=True)
        ]


def lay_out(network: RoadNetwork, signals: Sequence[int], cycle: int | None = None, speed: float = np.inf) -> Corridor:
    """Find the ways over signals (rows) in order; without a cycle theirs is the longest of them, s.

    Raises:
        CorridorError: a signal stands in it twice, has no program, cannot keep the cycle, or no way leads over all.
    """
    if len(signals) < 2 or len(set(signals)) < len(signals):
        raise CorridorError("it needs at least two signals, each of them once")
    programs = programs_of(network)
    for row in signals:
        if row not in programs:
            raise CorridorError(f"the map has no program with two greens for signal {network.signals.id[row]}")
    chosen = tuple(programs[row] for row in signals)
    common = cycle or math.ceil(max(program.cycle for program in chosen) - 1e-6)
    finder = WayFinder(network, speed)
    out = finder.along(signals)
    try:
        back = finder.along(signals[::-1])
    except CorridorError:
        back = None
    durations = tuple(durations_at(program, common) for program in chosen)
    return Corridor(tuple(signals), chosen, common, durations, out, back)


def coordinate(
    network: RoadNetwork, corridor: Corridor, flow: Flow, offsets: Sequence[float] | None = None
) -> GreenWavePlan:
    """Offsets of least delay and stops for the flows; `offsets` are those of today, s, where they are known.

    Raises:
        CorridorError: a light of the corridor is never green.
    """
    out, back = corridor.out, corridor.back
    greens = corridor.greens(network, out)
    behind = greens if back is None else corridor.greens(network, back)[::-1]
    passages = out.passages if back is None else back.passages[::-1]
    signals = [
        CorridorSignal(there, here, flow(go), 0.0 if back is None else flow(come), go.lanes, come.lanes)
        for there, here, go, come in zip(greens, behind, out.passages, passages, strict=True)
    ]
    travel = [leg.seconds for leg in out.legs]
    returning = None if back is None else [leg.seconds for leg in back.legs[::-1]]
    return plan_green_wave(signals, travel, corridor.cycle, offsets, returning)


def band_of(network: RoadNetwork, corridor: Corridor, direction: Direction, offsets: Sequence[float]) -> float:
    """Width of the green band of a direction, s; offsets in the order of the corridor."""
    own = offsets if direction is corridor.out else offsets[::-1]
    return band(corridor.greens(network, direction), own, [leg.seconds for leg in direction.legs], corridor.cycle)


def saturation(passage: Passage, green: Green, flow: float, cycle: float) -> float:
    """Flow (vehicles/s) over what the lanes discharge in the green; above 1 the queue grows whatever the offsets."""
    return flow * cycle / (SATURATION * passage.lanes * green[1])


def light(network: RoadNetwork, passage: Passage) -> int:
    """Place of the light of a passage within the states of its program."""
    return passage.group - int(network.signals.group_start[network.groups.signal[passage.group]])
