"""Lights and steps of a SUMO signal program (SUMO documentation, "Simulation/Traffic_Lights")."""

from dataclasses import dataclass

from maps.importers.report import ImportReport
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes, SumoProgram

MINIMUM_GREEN = 5.0
"""s"""
GREEN_STRETCH = 1.5
"""Longest green over the planned one where a program names no `maxDur`."""

LIGHTS = {
    "G": 6,
    "g": 5,
    "y": 7,
    "Y": 7,
    "r": 3,
    "R": 3,
    "u": 3,
    "s": 2,
    "o": 8,
    "O": 1,
}
"""DE_LightState of each SUMO state character; `u` (red and yellow) still holds, `s` is a stop before the turn."""
_GREEN = {5, 6}
_YELLOW = 7


@dataclass(frozen=True)
class Step:
    """One step of a program."""

    duration: float
    minimum: float
    maximum: float
    """s"""
    lights: list[int]
    """DE_LightState of each group."""


@dataclass(frozen=True)
class Partition:
    """The groups of one signal: its link indices, sorted into those that always show the same."""

    leaders: list[int]
    """First link index of each group."""
    pedestrian: list[bool]
    member: dict[int, int]
    """Number of the group of each link index."""


def partition(values: SumoValues, program: SumoProgram, links: dict[int, bool]) -> Partition:
    """Sort link indices (and whether pedestrians look at them) into groups of equal lights in all phases."""
    keys: dict[tuple[str, bool], int] = {}
    leaders: list[int] = []
    member: dict[int, int] = {}
    for index, pedestrian in sorted(links.items()):
        lights = "".join(_light(values, program, phase, index) for phase in program.phases)
        member[index] = keys.setdefault((lights, pedestrian), len(keys))
        if len(leaders) < len(keys):
            leaders.append(index)
    return Partition(leaders, [pedestrian for _, pedestrian in keys], member)


def steps(values: SumoValues, program: SumoProgram, leaders: list[int], report: ImportReport) -> list[Step]:
    """Steps of a program, with the lights of the groups that `leaders` lead."""
    made = []
    for phase in program.phases:
        lights = [LIGHTS[phase["state"][index]] for index in leaders]
        duration = values.number("phase", phase, "duration")
        held = _YELLOW in lights or not _GREEN.intersection(lights)
        shortest = duration if held else min(MINIMUM_GREEN, duration)
        longest = duration if held else GREEN_STRETCH * duration
        report.guessed["minimum_green"] += not held and "minDur" not in phase
        report.guessed["maximum_green"] += not held and "maxDur" not in phase
        minimum = values.number("phase", phase, "minDur", shortest)
        maximum = values.number("phase", phase, "maxDur", max(longest, minimum))
        made.append(Step(duration, minimum, maximum, lights))
    return made


def _light(values: SumoValues, program: SumoProgram, phase: Attributes, index: int) -> str:
    state = phase.get("state", "")
    if not 0 <= index < len(state) or state[index] not in LIGHTS:
        owner = {"id": program.id}
        raise values.error("tlLogic", owner, f"phase state {state!r} has no light for link index {index}")
    return state[index]
