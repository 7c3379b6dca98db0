"""`cloudctl replay`: play a recording back to a broker."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cloudctl.commands.record import run_simulator


def replay(
    file: Annotated[Path, typer.Argument(help="Recording made by `cloudctl record`.")],
    broker: Annotated[str, typer.Option(help="mqtt://user:password@host:port")],
    speed: Annotated[float, typer.Option(min=0.001, help="Times the pace of the recording.")] = 1.0,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Leave the times inside the messages alone.")
    ] = False,
    with_cloud: Annotated[
        bool, typer.Option("--with-cloud", help="Also what the platform itself had published.")
    ] = False,
) -> None:
    """Replay a recording; times inside its messages are moved to now unless told otherwise."""
    argv = [sys.executable, "-m", "simulators.replay", str(file), "--broker", broker, "--speed", str(speed)]
    argv += ["--as-recorded"] * as_recorded + ["--with-cloud"] * with_cloud
    raise typer.Exit(run_simulator(argv))
