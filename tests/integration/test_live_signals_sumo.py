"""A simulated controller under SUMO takes stages, keeps its own times, and goes back to its plan by itself."""

from collections.abc import Iterator
from itertools import pairwise

import libsumo
import pytest
from maps_city import city, imported

from simulators.commands import ControlStage, RequestPriority
from simulators.sumo_signals import Signals, phase_links

STEP = 0.5
SIGNAL = "n1_1"


@pytest.fixture
def signals() -> Iterator[Signals]:
    libsumo.start(["sumo", "-n", str(city().net), "--step-length", str(STEP), "--no-step-log", "--no-warnings"])
    found = Signals(phase_links(imported().network))
    found.start()
    yield found
    libsumo.close()


def run(signals: Signals, seconds: float) -> list[str]:
    """State of the signal after each step."""
    states = []
    for _ in range(round(seconds / STEP)):
        libsumo.simulationStep()
        signals.follow()
        states.append(libsumo.trafficlight.getRedYellowGreenState(SIGNAL))
    return states


def phases(signals: Signals, row: int) -> tuple[int, ...]:
    """PhaseIDs whose vehicle lights are green in a step of the program."""
    state = signals.desks[SIGNAL].steps[row].state
    return tuple(
        phase
        for (signal, phase), places in sorted(signals.links.items())
        if signal == SIGNAL and all(state[place] in "Gg" for place in places)
    )


def stage_rows(signals: Signals) -> list[int]:
    steps = signals.desks[SIGNAL].steps
    return [row for row, step in enumerate(steps) if not step.fixed]


def command(signals: Signals, row: int, valid_for: float = 2.0) -> ControlStage:
    return ControlStage("c1", SIGNAL, phases(signals, row), valid_for)


def test_the_commanded_stage_comes_and_stays_while_commands_come(signals: Signals) -> None:
    run(signals, 6.0)
    wanted = stage_rows(signals)[-1]
    for _ in range(60):
        result = signals.control(command(signals, wanted))
        run(signals, 1.0)
    assert result.accepted
    assert result.reason.startswith(f"stage {len(stage_rows(signals))} since")
    assert run(signals, 0.5) == [signals.desks[SIGNAL].steps[wanted].state]


def test_every_green_that_ends_is_followed_by_yellow_and_red(signals: Signals) -> None:
    run(signals, 6.0)
    rows, seen = stage_rows(signals), list[str]()
    for second in range(120):
        signals.control(command(signals, rows[(second // 9) % len(rows)]))
        seen += run(signals, 1.0)
    lights = {place for places in signals.links.values() for place in places}
    ended = 0
    for before, after in pairwise(seen):
        for place in lights:
            assert not (before[place] in "Gg" and after[place] == "r"), (before, after)
            ended += before[place] == "y" and after[place] == "r"
    assert ended > 4


def test_without_commands_for_two_seconds_the_fixed_plan_comes_back_and_finds_its_coordination(
    signals: Signals,
) -> None:
    run(signals, 6.0)
    program, desk = libsumo.trafficlight.getProgram(SIGNAL), signals.desks[SIGNAL]
    signals.control(command(signals, desk.index))
    run(signals, 1.5)
    assert libsumo.trafficlight.getProgram(SIGNAL) != program
    run(signals, 1.5)
    assert libsumo.trafficlight.getProgram(SIGNAL) == program
    cycle = sum(step.duration for step in desk.steps)
    run(signals, 4 * cycle)
    assert abs(desk.drift) < 1.0


def test_a_command_that_fits_no_stage_is_refused_and_changes_nothing(signals: Signals) -> None:
    run(signals, 6.0)
    before = libsumo.trafficlight.getProgram(SIGNAL)
    every = tuple(phase for signal, phase in signals.links if signal == SIGNAL)
    result = signals.control(ControlStage("c1", SIGNAL, every, 2.0))
    assert not result.accepted
    assert result.reason == "no stage shows just these phases"
    assert libsumo.trafficlight.getProgram(SIGNAL) == before


def test_priority_is_refused_while_the_platform_commands_the_stages(signals: Signals) -> None:
    run(signals, 6.0)
    signals.control(command(signals, signals.desks[SIGNAL].index))
    phase = phases(signals, stage_rows(signals)[-1])[0]
    result = signals.request(RequestPriority("r1", SIGNAL, phase, 0.0, 10.0), 12.0)
    assert not result.accepted
    assert result.reason == "the platform commands the stages of the signal"
