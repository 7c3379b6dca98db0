"""What can go wrong in the simulated outside world.

SimulatorsError
├── CityBuildError      a tool that builds the city failed, or a network cannot carry the demo
├── UnknownObjectError  a command names a vehicle, signal or car park that the city does not have
├── CityStoppedError    the process that runs the city has ended
├── RecordingError      a recording cannot be read
└── TableError          a file of truth or tracks cannot be read
"""

from pathlib import Path


class SimulatorsError(Exception):
    """Something in the simulated world failed."""


class CityBuildError(SimulatorsError):
    """A city could not be built.

    Attributes:
        detail: What the failing tool said.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(f"{message}: {detail}" if detail else message)
        self.detail = detail


class UnknownObjectError(SimulatorsError):
    """The city has no object of this name.

    Attributes:
        name: The name that was asked for.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} named {name!r}")
        self.name = name


class CityStoppedError(SimulatorsError):
    """The process that runs the city has ended."""


class RecordingError(SimulatorsError):
    """A recording cannot be read.

    Attributes:
        path: The file.
        line: Number of the line, counted from 1; 0 for the file as a whole.
    """

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line


class TableError(SimulatorsError):
    """A file of truth or tracks cannot be read.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
