"""Free places at arrival: the loss system against theory, simulation and the exponential of its matrix."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from cloudctl.parking.prediction import SLOTS_A_DAY, Outlook, Rates, _normal, look_ahead, rates_ahead
from cloudctl.parking.profile import SLOTS, SlotSum, learn
from cloudctl.parking.register import Profile

WORKDAY = (False, 0.0)


def generator(capacity: int, arrivals: float, departures: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The matrix of the birth-death process over 0..capacity."""
    matrix = np.zeros((capacity + 1, capacity + 1))
    for cars in range(capacity + 1):
        if cars < capacity:
            matrix[cars, cars + 1] = arrivals
        if cars:
            matrix[cars, cars - 1] = departures * cars
        matrix[cars, cars] = -matrix[cars].sum()
    return matrix


@settings(max_examples=40, deadline=None)
@given(
    capacity=st.integers(1, 40), part=st.floats(0, 1), arrivals=st.floats(0, 0.2), departures=st.floats(0, 0.01),
    seconds=st.floats(0, 3600), others=st.integers(0, 5),
)  # fmt: skip
def test_the_chance_is_that_of_the_exponential_of_the_generator(
    capacity: int, part: float, arrivals: float, departures: float, seconds: float, others: int
) -> None:
    occupied = round(part * capacity)
    truth = expm(generator(capacity, arrivals, departures) * seconds)[occupied]
    found = look_ahead(occupied, capacity, [Rates(seconds, arrivals, departures)])
    assert found.chance(others) == pytest.approx(truth[: max(capacity - others, 0)].sum(), abs=1e-6)


def test_after_a_long_time_a_lot_is_full_as_often_as_erlangs_formula_says() -> None:
    capacity, load = 20, 18.0
    found = look_ahead(0, capacity, [Rates(50 * 3600.0, load / 3600.0, 1 / 3600.0)])
    terms = [load**n / math.factorial(n) for n in range(capacity + 1)]
    assert 1.0 - found.chance() == pytest.approx(terms[-1] / sum(terms), abs=1e-6)


def test_stretches_with_other_rates_follow_one_another() -> None:
    stretches = [Rates(600.0, 0.02, 0.0005), Rates(900.0, 0.0, 0.001)]
    first, second = (expm(generator(30, each.arrivals, each.departures) * each.seconds) for each in stretches)
    truth = (first @ second)[25]
    assert look_ahead(25, 30, stretches).chance() == pytest.approx(truth[:30].sum(), abs=1e-6)


def test_a_large_lot_agrees_with_its_normal_form_where_both_hold() -> None:
    exact = look_ahead(1800, 2000, [Rates(1200.0, 0.6, 1 / 3600.0)])
    stay = math.exp(-1 / 3)
    mean = 1800 * stay + 0.6 * 3600 * (1 - stay)
    variance = 1800 * stay * (1 - stay) + 0.6 * 3600 * (1 - stay)
    rough = _normal(mean, variance, 2000)
    assert exact.free()[0] == pytest.approx(rough.free()[0], rel=0.02)
    assert exact.chance(100) == pytest.approx(rough.chance(100), abs=0.02)


def test_a_lot_of_any_size_is_predicted_and_adds_up_to_one() -> None:
    for capacity in (1, 300, 100_000):
        found = look_ahead(capacity // 2, capacity, [Rates(7200.0, capacity / 3600.0, 1 / 3600.0)])
        assert found.states.sum() == pytest.approx(1.0, abs=1e-6)
        assert 0.0 <= found.chance() <= 1.0
        mean, low, high = found.free()
        assert 0 <= low <= mean <= high + 1 <= capacity + 1


def test_a_full_lot_without_departures_stays_full() -> None:
    assert look_ahead(5, 5, [Rates(600.0, 0.1, 0.0)]).chance() == 0.0
    assert look_ahead(9, 5, [Rates(0.0, 0.1, 0.0)]).chance() == 0.0


@settings(max_examples=30, deadline=None)
@given(occupied=st.integers(0, 60), others=st.integers(0, 80), ahead=st.floats(1, 5400), trend=st.floats(-0.1, 0.1))
def test_chances_never_rise_with_every_further_car(occupied: int, others: int, ahead: float, trend: float) -> None:
    found = look_ahead(occupied, 60, rates_ahead(None, WORKDAY, ahead, occupied, trend))
    chances = found.chances(10, others)
    assert (np.diff(chances) <= 1e-12).all()
    assert 0.0 <= chances[-1] <= chances[0] <= 1.0


def test_without_a_profile_as_many_cars_come_as_go_and_the_trend_fades() -> None:
    steady = rates_ahead(None, WORKDAY, 1800.0, 50, 0.0)
    assert steady[0].arrivals == pytest.approx(50 * steady[0].departures)
    rising = rates_ahead(None, WORKDAY, 3600.0, 50, 0.05)
    extra = [each.arrivals - 50 / 3600.0 for each in rising]
    assert extra[0] == pytest.approx(0.05 * 900 / 1800 * (1 - math.exp(-2)))
    assert 0 < extra[1] < extra[0]
    falling = rates_ahead(None, WORKDAY, 60.0, 50, -0.05)
    assert falling[0].arrivals == 0.0
    assert falling[0].departures > 1 / 3600.0


def test_a_profile_gives_each_half_hour_its_rates_over_midnight() -> None:
    arrivals = tuple(float(number) for number in range(SLOTS))
    profile = Profile(lot="P", arrivals=arrivals, departures=(0.0,) * SLOTS)
    rates = rates_ahead(profile, (False, 23.25 * 3600), 3600.0, 0, 46.0 / 3600.0)
    assert [each.seconds for each in rates] == [900.0, 1800.0, 900.0]
    assert [round(3600 * each.arrivals) for each in rates] == [46, 47, 0]


def test_learned_rates_come_to_what_was_counted_and_start_from_the_prior() -> None:
    sums = [SlotSum("P", WORKDAY[0], 16, 0.5, 20, 4, 50.0, 100) for _ in range(200)]
    (profile,) = learn(sums)
    assert profile.arrivals[16] == pytest.approx(40.0, rel=0.05)
    assert profile.departures[16] == pytest.approx(8.0 / 50.0, rel=0.1)
    assert profile.arrivals[17] == 50.0
    assert profile.departures[17 + SLOTS_A_DAY] == 1.0


def test_prediction_is_calibrated_on_simulated_days() -> None:
    """Of arrivals that were told a chance near p, a share near p finds a place."""
    rng = np.random.default_rng(5)
    told, found = [], []
    for _ in range(400):
        occupied = int(rng.integers(25, 31))
        told.append(look_ahead(occupied, 30, [Rates(600.0, 0.01, 1 / 3600.0)]).chance())
        cars, now = occupied, 0.0
        while True:
            pace = 0.01 + cars / 3600.0
            now += rng.exponential(1 / pace)
            if now > 600.0:
                break
            cars = min(cars + 1, 30) if rng.random() < 0.01 / pace else cars - 1
        found.append(cars < 30)
    assert np.mean(told) == pytest.approx(np.mean(found), abs=0.05)


def test_an_outlook_tells_what_free_places_lie_between() -> None:
    found = Outlook(np.array([0.04, 0.9, 0.06]), 10, 12)
    mean, low, high = found.free()
    assert mean == pytest.approx(0.98)
    assert (low, high) == (0, 1)
    assert found.free(others=5)[1:] == (0, 0)
    assert found.free(others=5)[0] == pytest.approx(0.0, abs=1e-9)
