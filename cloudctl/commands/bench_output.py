"""How every benchmark shows its figures: a table on the terminal, JSON in a file."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

FILE_WIDTH = 140
"""Characters of a line where no terminal sets it."""


def machine() -> dict[str, object]:
    """Name the machine at hand and how busy it is."""
    return {
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "processor": _processor(),
        "load_1min": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; the first column is text, all others numbers."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(text_of(value) for value in row))
    console = Console()
    (console if console.is_terminal else Console(width=FILE_WIDTH)).print(table)


def text_of(value: object) -> str:
    """Write a value for a person: thousands apart, no more digits than it is worth."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return "-" if value is None else str(value)


def write(figures: dict[str, object], out: Path | None) -> None:
    """Write figures as JSON where a file was named.

    Raises:
        CloudctlError: the file cannot be written.
    """
    if out is None:
        return
    import orjson

    from cloudctl.errors import CloudctlError

    try:
        out.write_bytes(orjson.dumps({"machine": machine(), **figures}, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise CloudctlError(f"{out}: {error.strerror}") from error
