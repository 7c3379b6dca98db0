"""`cloudctl serve`: run the platform."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def serve(
    config: Annotated[Path, typer.Option(help="Configuration file (TOML).")],
) -> None:
    """Run engine, archiver and gateway, and start again whichever ends."""
    from cloudctl.observability import configure_logging
    from cloudctl.settings import read_settings

    settings = read_settings(config)
    log = configure_logging("supervisor")

    async def run() -> None:
        from cloudctl.running import running_platform
        from cloudctl.until_signal import until_signal

        async with running_platform(settings, notice=log.warning) as platform:
            log.info("platform started", address=platform.address)
            await until_signal(platform.supervisor.failed())

    asyncio.run(run())
