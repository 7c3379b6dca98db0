"""Keep the platform's processes running: start, restart with growing pauses, stop all, leave nothing behind."""

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from cloudctl.errors import ProcessFailedError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
STABLE_AFTER = 20.0
"""A process that ran this long starts again with the first pause, s."""
MOST_FAILED_STARTS = 6
"""Ends in a row, each sooner than `STABLE_AFTER`, after which we give up."""
STOP_PATIENCE = 10.0
"""From SIGTERM to SIGKILL, s."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class ProcessSpec:
    """What to run."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    """File that takes standard output and error; None passes them on to ours."""


class SupervisedProcess:
    """One process that is started again whenever it ends before it is told to."""

    def __init__(self, spec: ProcessSpec, on_restart: Callable[[str, int], None]) -> None:
        self.spec = spec
        self.restarts = 0
        self._on_restart = on_restart
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._log = structlog.get_logger("supervisor")

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run(self) -> None:
        """Run until `stop`.

        Raises:
            ProcessFailedError: it ended too often, too soon.
        """
        pause, failed = FIRST_PAUSE, 0
        while True:
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping:
                return
            stable = time.monotonic() - started > STABLE_AFTER
            pause, failed = (FIRST_PAUSE, 1) if stable else (min(pause * 2, LONGEST_PAUSE), failed + 1)
            if failed >= MOST_FAILED_STARTS:
                raise ProcessFailedError(self.spec.name, code)
            self.restarts += 1
            self._on_restart(self.spec.name, code)
            self._log.warning("process ended", name=self.spec.name, code=code, restarts_in_s=pause)
            await asyncio.sleep(pause)

    async def _run_once(self) -> int:
        output = self.spec.log.open("ab") if self.spec.log else None
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                env={**os.environ, **self.spec.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        finally:
            if output:
                output.close()
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask the process to end, then make it."""
        self._stopping = True
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_PATIENCE)
        except TimeoutError:
            self._log.warning("process killed", name=self.spec.name)
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def end_with_parent() -> None:
    """Let the kernel end this process when its parent ends, however that happens (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """A group of supervised processes; an async context manager that stops them in reverse order."""

    def __init__(self) -> None:
        self.processes: dict[str, SupervisedProcess] = {}
        self.restarts: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in reversed(list(self.processes)):
            await self.stop(name)

    def start(self, spec: ProcessSpec) -> None:
        """Start a process and watch over it."""
        process = SupervisedProcess(spec, self._count)
        self.processes[spec.name] = process
        self._tasks[spec.name] = asyncio.create_task(process.run(), name=spec.name)

    async def stop(self, name: str) -> None:
        """Stop one process for good."""
        await self.processes[name].stop()
        task = self._tasks[name]
        task.cancel()
        with suppress(asyncio.CancelledError, ProcessFailedError):
            await task

    async def failed(self) -> None:
        """Wait until a process keeps ending.

        Raises:
            ProcessFailedError: always, when it returns at all.
        """
        done, _ = await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def _count(self, name: str, _code: int) -> None:
        self.restarts[name] = self.restarts.get(name, 0) + 1
