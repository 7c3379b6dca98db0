"""`cloudctl record`: write what passes through a broker to a file."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer


def record(
    broker: Annotated[str, typer.Option(help="mqtt://user:password@host:port")],
    out: Annotated[Path, typer.Option(help="Recording: JSON lines, gzip where the name ends in .gz.")],
    topics: Annotated[list[str] | None, typer.Option(help="Topic filter; may be given several times.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="End after so many seconds, else at Ctrl-C.")] = None,
) -> None:
    """Record all messages of a broker until Ctrl-C."""
    argv = [sys.executable, "-m", "simulators.recording", "--broker", broker, "--out", str(out)]
    if topics:
        argv += ["--topics", *topics]
    if seconds is not None:
        argv += ["--seconds", str(seconds)]
    raise typer.Exit(run_simulator(argv))


def run_simulator(argv: list[str]) -> int:
    """Run a simulator as a process of its own and return its exit code; Ctrl-C reaches it too and is waited for."""
    with subprocess.Popen(argv) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
