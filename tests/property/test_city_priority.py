"""Whatever is asked of a signal, its minimum greens, yellows and all-reds hold."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.sumo_lights import LightStep, PriorityPlan, Running, SignalDesk, plan_priority

STEPS = (
    LightStep(14, 7, 34, "GGrr"),
    LightStep(20, 20, 40, "GGrr"),
    LightStep(3, 3, 3, "yyrr"),
    LightStep(2, 2, 2, "rrrr"),
    LightStep(25, 10, 45, "rrGr"),
    LightStep(3, 3, 3, "rryr"),
    LightStep(2, 2, 2, "rrrr"),
    LightStep(9, 8, 29, "rrrG"),
    LightStep(3, 3, 3, "rrry"),
    LightStep(2, 2, 2, "rrrr"),
)
CYCLE = sum(step.duration for step in STEPS)
TICK = 0.5

Asked = list[tuple[float, tuple[int, ...], float, float]]
"""(moment, links, arrival after it, largest change)"""


requests = st.lists(
    st.tuples(
        st.floats(0, 600),
        st.sampled_from([(0, 1), (2,), (3,)]),
        st.floats(-5, 90),
        st.floats(0, 25),
    ),
    max_size=8,
)


def run(asked: Asked, seconds: float = 900) -> tuple[list[tuple[int, float]], SignalDesk]:
    """Play a signal as SUMO would; returns (step, how long it lasted) and the desk."""
    desk, ends, history = SignalDesk(STEPS, 0, 0.0), STEPS[0].duration, list[tuple[int, float]]()
    queue = sorted(asked)
    now = 0.0
    while now < seconds:
        now += TICK
        if now >= ends:
            history.append((desk.index, now - desk.entered))
            length = desk.enter((desk.index + 1) % len(STEPS), now)
            ends = now + (STEPS[desk.index].duration if length is None else length)
        while queue and queue[0][0] <= now:
            _, links, arrival, most = queue.pop(0)
            running = Running(STEPS, desk.index, now - desk.entered, ends - now)
            left = desk.apply(plan_priority(running, links, arrival, most), running)
            if left is not None:
                ends = now + left
    return history, desk


@given(requests)
def test_no_step_is_shorter_than_its_minimum_and_clearances_keep_their_length(
    asked: Asked,
) -> None:
    history, _ = run(asked)
    assert len(history) > 30
    for index, lasted in history:
        step = STEPS[index]
        assert lasted >= step.minimum, (index, lasted)
        assert lasted <= step.maximum + TICK, (index, lasted)
        if not set(step.state) & set("gG"):
            assert lasted - step.duration <= TICK


@given(requests)
def test_steps_follow_in_the_order_of_the_program(asked: Asked) -> None:
    history, _ = run(asked)
    assert [index for index, _ in history] == [i % len(STEPS) for i in range(len(history))]


@given(requests)
def test_the_program_comes_back_to_its_coordination(asked: Asked) -> None:
    _, desk = run(asked, seconds=3600)
    assert abs(desk.drift) < 1.0


@given(
    st.integers(0, len(STEPS) - 1),
    st.floats(0, 1),
    st.sampled_from([(0, 1), (2,), (3,)]),
    st.floats(0, 100),
    st.floats(0, 25),
)
def test_a_granted_change_stays_within_what_was_asked(
    index: int, part: float, links: tuple[int, ...], arrival: float, most: float
) -> None:
    step = STEPS[index]
    running = Running(STEPS, index, part * step.duration, (1 - part) * step.duration)
    plan = plan_priority(running, links, arrival, most)
    spans = running.ahead()
    changed = sum(abs(length - (spans[n][1] - spans[n][0])) for n, length in plan.durations.items())
    assert changed <= most + 1e-6


def test_a_vehicle_that_comes_in_green_needs_no_change() -> None:
    assert plan_priority(Running(STEPS, 0, 2.0, 12.0), (0, 1), 5.0, 10.0) == PriorityPlan("none")


def test_green_is_held_for_a_vehicle_that_comes_just_after_its_end() -> None:
    plan = plan_priority(Running(STEPS, 0, 2.0, 12.0), (0, 1), 34.0, 10.0)
    assert plan.strategy == "extension"
    assert plan.durations == {1: 24.0}


def test_green_comes_earlier_for_a_vehicle_that_waits_for_it() -> None:
    plan = plan_priority(Running(STEPS, 0, 8.0, 6.0), (2,), 26.0, 10.0)
    assert plan.strategy == "early_green"
    assert plan.durations == {0: 9.0}


def test_a_movement_without_green_is_refused_with_the_reason() -> None:
    plan = plan_priority(Running(STEPS[:4], 0, 0.0, 14.0), (2,), 10.0, 10.0)
    assert plan.strategy == "refused"
    assert "never has green" in plan.reason
