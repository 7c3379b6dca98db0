"""Parts of the evaluation of green-wave advice: reds learned, lights told, vehicles paired."""

import dataclasses

import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, lights, scene_of

from cloudctl.advice.glosa import Glosa
from cloudctl.advice.red_times import RedTimes
from cloudctl.signals.evaluation.glosa_comparison import compare_glosa, glosa_table
from cloudctl.signals.evaluation.glosa_order import GlosaResult, Trips

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0)}
NETWORK = build_network(PLACES, [("AB", "A", "B", 1), ("BC", "B", "C", 1)], ["B"])


def _after_cycles(reds: list[float]) -> tuple[RedTimes, float]:
    """What is known after greens of 20 s with `reds` s between them, looked at once a second; the time."""
    known, now = RedTimes(), NOW
    for red in [*reds, 0.0]:
        for green, length in ((True, 20.0), (False, red)):
            until = now + length
            while now < until:
                known.observe(lights(NETWORK, green=green, change=until, received=now), now)
                now += 1.0
    known.observe(lights(NETWORK, green=True, change=now + 20.0, received=now), now)
    return known, now


def test_two_reds_alike_tell_the_next_one() -> None:
    assert _after_cycles([40.0])[0].known().tolist() == pytest.approx([np.nan], nan_ok=True)
    assert _after_cycles([40.0, 40.0])[0].known().tolist() == pytest.approx([40.0], abs=1.0)


def test_reds_that_differ_tell_nothing() -> None:
    assert np.isnan(_after_cycles([40.0, 40.0, 31.0])[0].known()).all()


def test_who_cannot_make_the_green_is_led_to_the_one_after_it() -> None:
    glosa, now = Glosa(), NOW
    for green, length in ((True, 20.0), (False, 25.0)) * 3:
        until = now + length
        while now < until:
            glosa.advise(scene_of(NETWORK, now=now, signals=lights(NETWORK, green=green, change=until, received=now)))
            now += 1.0
    late = [Vehicle("AB", 250.0, 14.0, device=7)]
    signals = lights(NETWORK, green=True, change=now + 5.0, received=now)
    (advisory,) = glosa.advise(scene_of(NETWORK, late, now=now, signals=signals))
    assert advisory.reason_code == "glosa.reach_green"
    assert float(str(advisory.content["green_start"])) == pytest.approx(now + 30.0, abs=1.0)
    assert Glosa().advise(scene_of(NETWORK, late, now=now, signals=signals)) == []


def _result(advised: list[bool], stops: list[float]) -> GlosaResult:
    nought = np.ones(len(stops))
    names = np.array([f"v{i}" for i in range(len(stops))])
    return GlosaResult(
        Trips(names, np.array(advised), np.array(stops, float), nought, nought, nought, nought), 0, len(stops)
    )


def test_vehicles_are_compared_with_themselves_and_the_others_apart() -> None:
    none, some = _result([False] * 3, [2, 2, 4]), _result([True, False, False], [0, 2, 3])
    everyone, others = compare_glosa("ours", 0.3, [none], [some])
    assert everyone.change["stops"].mean == pytest.approx(100 * (5 / 8 - 1))
    assert others.whom == "not advised"
    assert others.change["stops"].mean == pytest.approx(100 * (5 / 6 - 1))
    assert len(glosa_table([everyone, others]).splitlines()) == 3


def test_vehicles_that_arrived_in_one_run_alone_are_left_out() -> None:
    some = _result([True] * 3, [1, 1, 1])
    trips = dataclasses.replace(some.trips, name=np.array(["v0", "v1", "v9"]))
    (row,) = compare_glosa("ours", 1.0, [_result([False] * 3, [2, 2, 4])], [dataclasses.replace(some, trips=trips)])
    assert row.mean["stops"] == 1
    assert row.change["stops"].mean == pytest.approx(-50)
