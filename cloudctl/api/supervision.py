"""The gateway's own tasks: one that fails is logged, counted and started again; the others and all requests go on."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

import structlog

Job = Callable[[], Coroutine[None, None, None]]
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
CALM_S = 60.0
"""A task that has run for this long starts again with the first pause."""

_log = structlog.get_logger("gateway.tasks")


def name_of(job: Job) -> str:
    """Name of a task: where its code stands."""
    inner = job
    while isinstance(inner, partial):
        inner = inner.func
    module = getattr(inner, "__module__", "") or type(inner).__module__
    return f"{module.rpartition('.')[2]}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"


async def keep_going(
    job: Job,
    count: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], Coroutine[None, None, None]] = asyncio.sleep,
) -> None:
    """Run a task until it ends by itself or is cancelled; `count` gets its name whenever it fails.

    Between a failure and the next start lie `FIRST_PAUSE_S`, twice as much with each further one.
    """
    name, pause = name_of(job), FIRST_PAUSE_S
    while True:
        began = clock()
        try:
            await job()
        except Exception as fault:  # noqa: BLE001  # whatever it was, the other tasks and all requests go on
            if clock() - began > CALM_S:
                pause = FIRST_PAUSE_S
            count(name)
            _log.exception("task failed", task=name, reason=str(fault), again_in_s=pause)
            await sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        else:
            return
