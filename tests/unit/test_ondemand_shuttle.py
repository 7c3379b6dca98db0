"""Shuttles: departures with the least waiting of all, and waiting for late trains where it pays."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.ondemand.shuttle import LONGEST_WAIT, TRANSFER, Train, schedule, wait_or_leave


def trains(*times: tuple[float, float]) -> list[Train]:
    return [Train("M2", arrival, riders) for arrival, riders in times]


def waiting(found: list[Train], departures: list[float]) -> float:
    total = 0.0
    for train in found:
        later = [time for time in departures if time >= train.arrival + TRANSFER]
        total += train.riders * (min(later) - train.arrival - TRANSFER) if later else 1e12
    return total


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3600).map(float), st.integers(0, 50).map(float)), min_size=1, max_size=7,
             unique_by=lambda pair: pair[0]),
    st.integers(1, 4),
)  # fmt: skip
def test_no_other_choice_of_departures_makes_riders_wait_less(times: list[tuple[float, float]], count: int) -> None:
    found = trains(*times)
    chosen = schedule(found, count)
    ready = [train.arrival + TRANSFER for train in found]
    best = min(
        waiting(found, list(each)) for n in range(1, min(count, len(ready)) + 1) for each in combinations(ready, n)
    )
    assert waiting(found, chosen) == pytest.approx(best)
    assert len(chosen) <= count


def test_departures_keep_their_spacing() -> None:
    found = trains((0.0, 10.0), (60.0, 10.0), (600.0, 5.0))
    assert schedule(found, 3) == [60.0, 120.0, 660.0]
    assert schedule(found, 3, spacing=120.0) == [120.0, 660.0]
    assert schedule([], 3) == []


def test_a_bus_waits_for_many_riders_and_a_long_gap_and_leaves_otherwise() -> None:
    late = trains((60.0, 12.0))
    decision = wait_or_leave(late, planned=40.0, following=900.0, aboard=10, farther=5)
    assert decision is not None
    assert (decision.waits, decision.wait) == (True, 80.0)
    assert decision.gained == pytest.approx(12 * 820.0 - 15 * 80.0)
    alone = wait_or_leave(trains((60.0, 1.0)), planned=40.0, following=300.0, aboard=40, farther=20)
    assert alone is not None
    assert not alone.waits


def test_trains_in_time_and_trains_too_late_are_no_reason_to_wait() -> None:
    assert wait_or_leave(trains((0.0, 99.0), (500.0, 99.0)), 100.0, 900.0, 1, 0) is None
    edge = wait_or_leave(trains((LONGEST_WAIT, 99.0)), TRANSFER, 900.0, 1, 0)
    assert edge is not None
    assert edge.wait == LONGEST_WAIT
