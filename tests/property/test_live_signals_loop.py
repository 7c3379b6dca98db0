"""Recommendations and a controller that follows them, in a loop: whatever a strategy wants, lights stay legal."""

from itertools import pairwise

import numpy as np
from advice_city import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from live_signals_city import DURATIONS, network, picture, sensors, shown

from cloudctl.signals.baselines import Fixed
from cloudctl.signals.layout import Ints, Scene
from cloudctl.signals.live.orders import Orders
from cloudctl.signals.live.recommendation import Mode
from cloudctl.signals.live.recommender import LiveRecommender
from simulators.signal_controller_stages import StageControl
from simulators.sumo_lights import LightStep

LETTERS = ("Gr", "yr", "rr", "rG", "ry", "rr")
STEPS = tuple(
    LightStep(duration, 8.0 if "G" in state else duration, 60.0, state)
    for state, duration in zip(LETTERS, DURATIONS, strict=True)
)
GREENS = (0, 3)


class Whim(Fixed):
    """Proposes what it is told to, one thing a call."""

    wishes: tuple[int, ...] = ()
    calls = 0

    def propose(self, scene: Scene) -> Ints:
        del scene
        Whim.calls += 1
        return np.full(self._count, Whim.wishes[Whim.calls % len(Whim.wishes)], np.int32)


def play(wishes: tuple[int, ...], seconds: int, *, link: float = 1.0, seed: int = 0) -> list[str]:
    """States of the lights second by second; a command arrives with the probability `link`."""
    Whim.wishes, Whim.calls = wishes, 0
    recommender, random = LiveRecommender(network(), Whim), np.random.default_rng(seed)
    control, row, began, states = StageControl(STEPS), 0, 0.0, list[str]()
    for second in range(seconds):
        now = float(second)
        if not control.commanded and now - began >= STEPS[row].duration:
            row, began = (row + 1) % len(STEPS), now
        handed = control.step(now)
        if handed is not None and not isinstance(handed, str):
            row, began = handed.row, now - handed.elapsed
        state = control.state if control.commanded else LETTERS[row]
        states.append(state)
        lights = shown(LETTERS.index(state), NOW + now)
        followed = {0} if control.commanded else set()
        recommender.follow(picture(now, 0, [], lights), sensors(), Orders(executed=followed))
        wanted = recommender.current[0]
        if wanted.mode is Mode.RECOMMENDED and wanted.stage is not None and random.random() < link:
            control.command(GREENS[wanted.stage], 2.0, now, row, now - began)
    return states


wishes = st.lists(st.sampled_from([0, 1, -1, -2, 7]), min_size=1, max_size=40).map(tuple)


@given(wishes, st.floats(0.2, 1.0), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_lights_never_conflict_never_skip_yellow_and_every_green_lasts(
    wanted: tuple[int, ...], link: float, seed: int
) -> None:
    states = play(wanted, 150, link=link, seed=seed)
    assert "GG" not in states
    for before, after in pairwise(states):
        assert not any(a == "G" and b == "r" for a, b in zip(before, after, strict=True)), (before, after)
    lengths = [len(run) for run in "".join("G" if state == "Gr" else "." for state in states).split(".") if run]
    assert all(length >= 8 for length in lengths[:-1])


@given(st.sampled_from([0, 1]))
@settings(max_examples=2, deadline=None)
def test_a_wish_that_stays_is_met_and_kept_up_to_the_longest_green(wanted: int) -> None:
    states = play((wanted,), 100)
    assert set(states[60:]) == {("Gr", "rG")[wanted]}
