"""Tasks of the gateway: who fails is counted and starts again, ever more slowly; an end is no fault."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from cloudctl.api.supervision import CALM_S, LONGEST_PAUSE_S, keep_going, name_of


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Flaky:
    """Fails so many times, after so many seconds each, then ends."""

    def __init__(self, failures: int, clock: Clock, lasts: float = 0.0) -> None:
        self.left, self.clock, self.lasts = failures, clock, lasts

    async def run(self) -> None:
        """Run once."""
        self.clock.now += self.lasts
        self.left -= 1
        if self.left >= 0:
            raise ZeroDivisionError("broken")


def _counter(found: list[str]) -> Callable[[str], None]:
    return found.append


async def test_a_task_that_fails_is_counted_by_name_and_starts_again_until_it_ends() -> None:
    clock, counted = Clock(), list[str]()
    await keep_going(Flaky(3, clock).run, _counter(counted), clock, clock.sleep)
    assert counted == ["test_gateway_supervision.Flaky.run"] * 3
    assert clock.pauses == [1.0, 2.0, 4.0]


async def test_the_pauses_end_at_the_longest() -> None:
    clock = Clock()
    await keep_going(Flaky(9, clock).run, _counter([]), clock, clock.sleep)
    assert clock.pauses[-3:] == [LONGEST_PAUSE_S] * 3


async def test_a_task_that_ran_well_for_long_starts_again_at_once() -> None:
    clock = Clock()
    await keep_going(Flaky(4, clock, lasts=CALM_S + 1).run, _counter([]), clock, clock.sleep)
    assert clock.pauses == [1.0] * 4


async def test_a_task_that_is_cancelled_does_not_come_back() -> None:
    counted: list[str] = []
    task = asyncio.create_task(keep_going(partial(asyncio.sleep, 60), _counter(counted), Clock()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted == []


def test_a_task_is_named_where_its_code_stands() -> None:
    assert name_of(partial(Flaky(0, Clock()).run)) == "test_gateway_supervision.Flaky.run"
