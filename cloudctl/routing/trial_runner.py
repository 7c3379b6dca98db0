"""Runs the runs of a trial, each in a process of its own."""

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context

from cloudctl.compiled_code import use_compiled_code
from cloudctl.routing.trial_order import TrialOrder, TrialResult, Way
from cloudctl.sumo_tools import keep_output_aside


def run_orders(
    orders: Sequence[TrialOrder], jobs: int, done: Callable[[TrialResult], None] | None = None
) -> list[TrialResult]:
    """Results in the order of `orders`, `jobs` at a time; `done` hears of each.

    Raises:
        RoutingError: a run failed.
    """
    results: list[TrialResult] = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=keep_output_aside) as pool:
        for result in pool.map(_work, orders):
            results.append(result)
            if done is not None:
                done(result)
    return results


def plan_orders(base: TrialOrder, shares: Iterable[float]) -> list[TrialOrder]:
    """All runs of one seed: without incident, nobody guided, and both ways of guiding at each share."""
    orders = [_with(base, Way.NOBODY, 0.0, calm=True), _with(base, Way.NOBODY, 0.0)]
    guided = sorted({share for share in shares if share > 0})
    return orders + [_with(base, way, share) for share in guided for way in (Way.DEVICE, Way.PLATFORM)]


def tell(result: TrialResult) -> None:
    """Say on standard error what a run gave."""
    text = f"{result.way} {result.share:.0%}, seed {result.seed}: mean {result.mean_s:.1f} s"
    print(f"{text}, past the incident {result.past_incident_s:.0f} s", file=sys.stderr)  # noqa: T201  # progress


def as_rows(results: Iterable[TrialResult]) -> list[dict[str, object]]:
    """Plain rows of results."""
    return [asdict(result) for result in results]


def _with(base: TrialOrder, way: Way, share: float, *, calm: bool = False) -> TrialOrder:
    return TrialOrder(
        base.net,
        base.routes,
        base.seed,
        way,
        share,
        None if calm else base.incident,
        base.end,
        base.teleport,
        base.step,
        base.meso,
    )


def _work(order: TrialOrder) -> TrialResult:
    use_compiled_code()
    from cloudctl.routing.trial import run_trial  # noqa: PLC0415  # libsumo prints while it is loaded

    return run_trial(order)
