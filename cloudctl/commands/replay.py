"""`cloudctl replay`: play a recording, or a stored period, back to a broker."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cloudctl.commands.record import run_simulator


def replay(
    broker: Annotated[str, typer.Option(help="mqtt://user:password@host:port")],
    file: Annotated[Path | None, typer.Argument(help="Recording made by `cloudctl record`.")] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Times the pace of life; stored periods: 0.25 to 16.")] = 1.0,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Leave the times inside the messages alone.")
    ] = False,
    with_cloud: Annotated[
        bool, typer.Option("--with-cloud", help="Also what the platform itself had published.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option("--from-database", metavar="URL", help="Play a stored period instead: PostgreSQL or TimescaleDB."),
    ] = None,
    start: Annotated[str, typer.Option(help="Start of the stored period, RFC 3339.")] = "",
    end: Annotated[str, typer.Option(help="End of the stored period, RFC 3339.")] = "",
) -> None:
    """Replay a recording, or the pictures of a stored period; times are moved to now unless told otherwise."""
    if database is not None:
        from cloudctl.commands.replay_stored import replay_stored

        replay_stored(database, start, end, broker, speed, as_recorded=as_recorded)
        return
    if file is None:
        raise typer.BadParameter("name a recording, or --from-database with --start and --end")
    argv = [sys.executable, "-m", "simulators.replay", str(file), "--broker", broker, "--speed", str(speed)]
    argv += ["--as-recorded"] * as_recorded + ["--with-cloud"] * with_cloud
    raise typer.Exit(run_simulator(argv))
