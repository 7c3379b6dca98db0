"""Entry of a worker process: SUMO is loaded here, not in the process that speaks on standard output."""

from cloudctl.compiled_code import use_compiled_code
from cloudctl.signals.evaluation.run_order import RunOrder, RunResult


def work(order: RunOrder) -> RunResult:
    """Run one order; what SUMO's library prints when it loads goes where the worker's output goes."""
    use_compiled_code()
    from cloudctl.signals.evaluation.run import run  # noqa: PLC0415  # libsumo prints while it is loaded

    return run(order)
