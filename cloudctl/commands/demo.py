"""`cloudctl demo`: a simulated city on this machine."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End after this many seconds; default: at Ctrl-C.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Print progress as plain lines, for scripts.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the figures of the run to this JSON file.")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="SUMO network (.net.xml[.gz]) instead of the demo city.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address on which the live map listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the live map.")] = 8765,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Ask visitors to sign in, as `cloudctl serve` does.")
    ] = False,
    level: Annotated[
        str, typer.Option(help="How good the devices' sensors are: good, typical or poor.", metavar="LEVEL")
    ] = "good",
    rate: Annotated[
        float | None, typer.Option(min=1, max=10, help="Reports a second of each device; fewer for a slow machine.")
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="Folder for the city, the database and the logs.")] = Path("var"),
) -> None:
    """Run the platform with a simulated city and show the address of the live map."""
    from rich.console import Console

    from cloudctl.demo_run import DemoOptions, run_demo
    from cloudctl.observability import configure_logging

    if level not in ("good", "typical", "poor"):
        raise typer.BadParameter(f"{level!r} is none of good, typical, poor", param_hint="--level")
    configure_logging("demo")
    console = Console(stderr=headless, highlight=False, soft_wrap=True)
    options = DemoOptions(data_dir, host, port, seconds, report, map_file, headless, accounts, level, rate)
    asyncio.run(run_demo(options, console.print))
