"""The other end of the city process: start it, take its frames, send it commands. Imports no SUMO."""

import contextlib
import importlib
import io
import multiprocessing
import signal
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self, TypeVar

from maps.network import RoadNetwork
from simulators.city_files import CityFiles
from simulators.commands import Command, CommandResult, Stop
from simulators.errors import CityStoppedError
from simulators.world import WorldFrame

KEPT_FRAMES = 8
"""Frames kept for a reader that is late; the oldest go first."""
_PATIENCE = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class CityConfig:
    """What a city process needs."""

    files: CityFiles
    network: RoadNetwork
    step: float = 0.5
    """s"""
    incident: bool = True
    """Whether the files' incident happens by itself."""
    staged: bool = False
    """Whether every other kind of incident is staged in turn."""
    real_time: bool = True
    """False runs as fast as it can, for tests; frames then carry `epoch` plus simulated time."""
    epoch: float | None = None
    """UTC epoch of the first frame, s; None is the moment of the start."""


class CityLink:
    """Runs a city in a process of its own. `frames`, `results` and `send` never wait; use it as a context manager."""

    def __init__(self, config: CityConfig) -> None:
        context = multiprocessing.get_context("spawn")
        self._conn, other = context.Pipe()
        self._process = context.Process(target=city_main, args=(config, other), name="city", daemon=True)
        self._frames: deque[WorldFrame] = deque(maxlen=KEPT_FRAMES)
        self._results: deque[CommandResult] = deque(maxlen=4096)
        self.latest: WorldFrame | None = None
        """The newest frame."""
        self._arrived = threading.Event()
        self._process.start()
        other.close()
        self._thread = threading.Thread(target=self._read, name="city frames", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the city still runs."""
        return self._process.is_alive() and self._thread.is_alive()

    @property
    def pid(self) -> int | None:
        """Process id of the city."""
        return self._process.pid

    def frames(self) -> list[WorldFrame]:
        """New frames since the last call, oldest first."""
        return _drain(self._frames)

    def results(self) -> list[CommandResult]:
        """New answers to commands since the last call, oldest first."""
        return _drain(self._results)

    def send(self, command: Command) -> None:
        """Give a command.

        Raises:
            CityStoppedError: The city has ended.
        """
        try:
            self._conn.send(command)
        except OSError as error:
            raise CityStoppedError("the city has ended") from error

    def wait_ready(self, timeout: float = 60.0) -> WorldFrame:
        """Wait for the first frame (blocking; call it before the event loop or in a thread).

        Raises:
            CityStoppedError: The city ended or said nothing in time.
        """
        self._arrived.wait(timeout)
        if self.latest is None:
            raise CityStoppedError("the city did not start")
        return self.latest

    def close(self) -> None:
        """End the city and wait for it."""
        with contextlib.suppress(CityStoppedError):
            self.send(Stop())
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_PATIENCE)
        self._thread.join(_PATIENCE)
        self._conn.close()

    def _read(self) -> None:
        try:
            while True:
                self._take(self._conn.recv())
        except (EOFError, OSError):
            self._arrived.set()

    def _take(self, message: WorldFrame | CommandResult) -> None:
        if isinstance(message, CommandResult):
            self._results.append(message)
            return
        self.latest = message
        self._frames.append(message)
        self._arrived.set()


def _drain(queue: "deque[_T]") -> "list[_T]":
    taken = list[_T]()
    with contextlib.suppress(IndexError):
        while True:
            taken.append(queue.popleft())
    return taken


def city_main(config: CityConfig, conn: "Connection[WorldFrame | CommandResult, Command]") -> None:
    """Body of the city process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the city in good order
    with contextlib.redirect_stdout(io.StringIO()):  # libsumo greets with a line about pyarrow
        city = importlib.import_module("simulators.city")
    city.run_city(config, conn)
