"""Where SUMO's own programs are."""

import importlib
from pathlib import Path

from simulators.errors import CityBuildError


def sumo_tool(name: str) -> str:
    """Path of a SUMO program; raises CityBuildError where the wheel is missing."""
    try:
        home = Path(importlib.import_module("sumo").SUMO_HOME)
    except ImportError as error:
        raise CityBuildError("SUMO is not installed", "pip install eclipse-sumo") from error
    path = home / "bin" / name
    if not path.exists():
        raise CityBuildError(f"SUMO has no program {name}", str(path))
    return str(path)
