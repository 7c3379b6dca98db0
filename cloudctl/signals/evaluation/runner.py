"""Runs many orders, each in a process of its own, and reports progress on standard error."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from cloudctl.signals.evaluation.run_order import RunOrder, RunResult
from cloudctl.signals.evaluation.work import work
from cloudctl.sumo_tools import keep_output_aside

_Order = TypeVar("_Order")
_Result = TypeVar("_Result")


def run_all(orders: Sequence[RunOrder], jobs: int, quiet: bool = False) -> list[RunResult]:
    """Results in the order of `orders`, `jobs` at a time.

    Raises:
        SignalsError: a run failed.
    """
    return run_each(work, orders, jobs, None if quiet else _describe)


def run_each(
    task: Callable[[_Order], _Result],
    orders: Sequence[_Order],
    jobs: int,
    describe: Callable[[_Order, _Result], str] | None = None,
) -> list[_Result]:
    """Results of `task` in the order of `orders`; each that ends is described on standard error."""
    results: dict[int, _Result] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=keep_output_aside) as pool:
        waiting = {pool.submit(task, order): number for number, order in enumerate(orders)}
        for ended in as_completed(waiting):
            number = waiting[ended]
            results[number] = ended.result()
            if describe is not None:
                told = f"[{len(results)}/{len(orders)}] {describe(orders[number], results[number])}"
                print(told, file=sys.stderr)  # noqa: T201  # progress
    return [results[number] for number in range(len(orders))]


def chunks(results: Sequence[_Result], size: int) -> Iterator[Sequence[_Result]]:
    """Consecutive groups of `size` results."""
    for first in range(0, len(results), size):
        yield results[first : first + size]


def _describe(order: RunOrder, result: RunResult) -> str:
    share = "" if order.share >= 1 else f" at {order.share:.0%} seen"
    cost, most = (1e3 * spent / max(result.signals, 1) for spent in (result.decision_mean, result.decision_max))
    told = f"delay {result.measures.delay_s:.2f} s, {cost:.3f} ms a decision and signal (at most {most:.3f})"
    return f"{order.controller}{share}, seed {order.seed}: {told}, {result.pace:.3f} CPU s a simulated s"
