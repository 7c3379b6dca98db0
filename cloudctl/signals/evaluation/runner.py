"""Runs many orders, each in a process of its own, and reports progress on standard error."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from cloudctl.signals.evaluation.run_order import RunOrder, RunResult
from cloudctl.signals.evaluation.work import work


def run_all(orders: Sequence[RunOrder], jobs: int, quiet: bool = False) -> list[RunResult]:
    """Results in the order of `orders`, `jobs` at a time.

    Raises:
        SignalsError: a run failed.
    """
    results: dict[int, RunResult] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_output_aside) as pool:
        waiting = {pool.submit(work, order): number for number, order in enumerate(orders)}
        for ended in as_completed(waiting):
            number = waiting[ended]
            results[number] = ended.result()
            if not quiet:
                _tell(orders[number], results[number], len(results), len(orders))
    return [results[number] for number in range(len(orders))]


def chunks(results: Sequence[RunResult], size: int) -> Iterator[Sequence[RunResult]]:
    """Consecutive groups of `size` results."""
    for first in range(0, len(results), size):
        yield results[first : first + size]


def _tell(order: RunOrder, result: RunResult, done: int, of: int) -> None:
    share = "" if order.share >= 1 else f" at {order.share:.0%} seen"
    cost = result.decision_mean / max(result.signals, 1) * 1e3
    told = f"delay {result.measures.delay_s:.2f} s, {cost:.3f} ms a decision and signal"
    print(f"[{done}/{of}] {order.controller}{share}, seed {order.seed}: {told}", file=sys.stderr)  # noqa: T201  # progress


def _output_aside() -> None:
    """What SUMO and its libraries print goes to standard error; standard output is for the result."""
    os.dup2(2, 1)
