"""A connection is an async context manager whose work is done by one background task that carries its name."""

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """Runs `_run` between entering and leaving. If `_run` fails, the one who entered is interrupted by its error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._task: asyncio.Task[None] | None = None
        self._owner: asyncio.Task[object] | None = None
        self._failed = False

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError(f"{self._name} is used once")
        self._owner = asyncio.current_task()
        self._task = asyncio.create_task(self._run(), name=self._name)
        self._task.add_done_callback(self._interrupt)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._task
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        if self._failed and self._owner is not None:
            self._owner.uncancel()
            task.result()

    @abstractmethod
    async def _run(self) -> None:
        """Work until cancelled."""

    def _interrupt(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and self._owner is not None:
            self._failed = True
            self._owner.cancel()
