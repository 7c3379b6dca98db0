"""Wait for the user to end a process."""

import asyncio
import signal
from collections.abc import Coroutine


async def until_signal(*failures: Coroutine[None, None, None]) -> None:
    """Wait for SIGINT or SIGTERM; an error in one of `failures` ends the wait by being raised."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    tasks = [asyncio.ensure_future(ended.wait()), *map(asyncio.ensure_future, failures)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
