"""`python -m cloudctl.engine --config FILE`: run the engine until SIGTERM."""

import argparse
import sys
from pathlib import Path

import structlog
import uvloop

from cloudctl.engine.process import EngineProcess
from cloudctl.errors import CloudctlError, ConfigurationError
from cloudctl.observability import configure_logging
from cloudctl.settings import read_settings
from ingest.errors import IngestError
from maps.errors import MapsError


async def _run(config: Path) -> None:
    settings = read_settings(config)
    if not settings.broker.url:
        raise ConfigurationError(config, "broker.url: the engine needs the address of a broker")
    await EngineProcess(settings).run()


def main() -> int:
    """Run the engine; a fault that the user can act on is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m cloudctl.engine", description="Fuse, advise, publish.")
    parser.add_argument("--config", type=Path, required=True, help="configuration file (TOML)")
    config: Path = parser.parse_args().config
    configure_logging("engine")
    try:
        uvloop.run(_run(config))
    except (CloudctlError, MapsError, IngestError) as error:
        structlog.get_logger("engine").error("engine_failed", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
