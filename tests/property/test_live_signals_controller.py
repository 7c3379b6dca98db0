"""Whatever a controller that takes stages is told, however late: no illegal light, no short green, back to the plan."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.signal_controller_stages import Handed, StageControl, late_by
from simulators.sumo_lights import LightStep

STEPS = (
    LightStep(14, 7, 34, "GGrrG"),
    LightStep(8, 8, 8, "GGrrr"),
    LightStep(3, 3, 3, "yyrrr"),
    LightStep(2, 2, 2, "rrrrr"),
    LightStep(25, 10, 45, "rrGgr"),
    LightStep(3, 3, 3, "rrygr"),
    LightStep(2, 2, 2, "rrrgr"),
    LightStep(9, 8, 29, "rrrGr"),
    LightStep(3, 3, 3, "rrryr"),
    LightStep(2, 2, 2, "rrrrr"),
)
"""Vehicle lights 0 to 3, one light for those on foot, who walk with 0 and 1."""
WALKING = frozenset({4})
STAGES = (0, 4, 7)
TICK = 0.5
Told = list[tuple[float, int]]
"""(moment, row of a stage or nonsense)"""
commands = st.lists(st.tuples(st.floats(0, 300), st.sampled_from([*STAGES, 1, 99])), max_size=200)


def play(told: Told, seconds: float = 320.0) -> tuple[list[str], list[float], StageControl]:
    """Play the controller; gives states by tick, and the moments at which the plan was given back."""
    control, plan, began = StageControl(STEPS, WALKING), 0, 0.0
    states, handed, waiting = list[str](), list[float](), sorted(told)
    now = 0.0
    while now < seconds:
        now += TICK
        if not control.commanded and now - began >= STEPS[plan].duration:
            plan, began = (plan + 1) % len(STEPS), now
        while waiting and waiting[0][0] <= now:
            control.command(waiting.pop(0)[1], 2.0, now, plan, now - began)
        found = control.step(now)
        if isinstance(found, Handed):
            handed.append(now)
            plan, began = found.row, now - found.elapsed
        states.append(control.state if control.commanded else STEPS[plan].state)
    return states, handed, control


@given(commands)
@settings(max_examples=150, deadline=None)
def test_no_conflicting_greens_and_no_light_skips_its_yellow(told: Told) -> None:
    together = {
        (i, j) for step in STEPS for i in range(5) for j in range(5) if {step.state[i], step.state[j]} <= set("Gg")
    }
    states, _, _ = play(told)
    for before, after in pairwise(states):
        green = [place for place in range(5) if after[place] in "Gg"]
        assert all((i, j) in together for i in green for j in green), after
        for place in range(4):
            assert not (before[place] in "Gg" and after[place] == "r"), (before, after)
            assert not (before[place] == "y" and after[place] in "Gg"), (before, after)


@given(commands)
@settings(max_examples=150, deadline=None)
def test_yellow_and_the_clearance_of_those_on_foot_last_their_time(told: Told) -> None:
    states, _, _ = play(told)
    for place in range(4):
        run = 0
        for before, after in pairwise([state[place] for state in states]):
            run = run + 1 if before == "y" else 0
            if before == "y" and after != "y":
                assert run * TICK >= 3.0 - TICK
    stood = 0.0
    for before, after in pairwise(states):
        if before[4] == "G" and after[4] == "r":
            stood = 0.0
        stood += TICK
        if after[4] == "r" and after[2] in "Gg" and before[2] == "r":
            assert stood >= 6.0 + 3.0 + 2.0 - 2 * TICK, "those on foot have had time to clear"


@given(commands)
@settings(max_examples=100, deadline=None)
def test_every_stage_is_green_for_its_least_time(told: Told) -> None:
    states, _, _ = play(told)
    lasted, last = 0.0, ""
    for state in states:
        if state == last:
            lasted += TICK
            continue
        minimum = next((STEPS[row].minimum for row in STAGES if STEPS[row].state == last), 0.0)
        assert not last or lasted >= minimum - TICK, (last, lasted)
        lasted, last = TICK, state


@given(commands)
@settings(max_examples=100, deadline=None)
def test_two_seconds_after_the_last_command_it_is_on_its_way_back_to_the_plan(told: Told) -> None:
    _, _, control = play(told, seconds=350.0)
    assert not control.commanded


def test_a_controller_that_drifted_knows_by_how_much() -> None:
    assert late_by(STEPS, 0, 5.0, 5.0) == 0.0
    assert late_by(STEPS, 0, 5.0, 12.0) == 7.0
    assert late_by(STEPS, 4, 0.0, 20.0) == -7.0
    cycle = sum(step.duration for step in STEPS)
    assert abs(late_by(STEPS, 9, 1.0, 2.0)) <= cycle / 2
