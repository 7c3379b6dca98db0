"""Entries of a worker process: SUMO is loaded here, not in the process that speaks on standard output."""

from cloudctl.compiled_code import use_compiled_code
from cloudctl.signals.evaluation.glosa_order import GlosaOrder, GlosaResult
from cloudctl.signals.evaluation.live_order import LiveOrder, LiveResult
from cloudctl.signals.evaluation.priority_order import PriorityOrder, PriorityResult
from cloudctl.signals.evaluation.run_order import RunOrder, RunResult


def work(order: RunOrder) -> RunResult:
    """Run one order; what SUMO's library prints when it loads goes where the worker's output goes."""
    use_compiled_code()
    from cloudctl.signals.evaluation.run import run  # noqa: PLC0415  # libsumo prints while it is loaded

    return run(order)


def work_glosa(order: GlosaOrder) -> GlosaResult:
    """Run one order with green-wave advice."""
    use_compiled_code()
    from cloudctl.signals.evaluation.glosa_run import run_glosa  # noqa: PLC0415  # libsumo prints while it is loaded

    return run_glosa(order)


def work_priority(order: PriorityOrder) -> PriorityResult:
    """Run one order with bus priority."""
    use_compiled_code()
    from cloudctl.signals.evaluation.priority_run import run_priority  # noqa: PLC0415  # libsumo prints when loaded

    return run_priority(order)


def work_live(order: LiveOrder) -> LiveResult:
    """Run one order under live recommendations."""
    use_compiled_code()
    from cloudctl.signals.evaluation.live_run import run_live  # noqa: PLC0415  # libsumo prints when loaded

    return run_live(order)
