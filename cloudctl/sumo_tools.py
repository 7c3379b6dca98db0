"""SUMO's programs from the eclipse-sumo wheel, run one at a time with a clear error when they fail."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cloudctl.errors import CloudctlError

PATIENCE = 3600.0
"""s"""


class SumoToolError(CloudctlError):
    """A program of SUMO is not installed, or it failed."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program}: {reason}")
        self.program = program
        self.reason = reason


def find_program(name: str) -> Path:
    """Path of a program of SUMO: beside the interpreter, in the wheel, or on the search path.

    Raises:
        SumoToolError: it is in none of these.
    """
    home = sumo_home()
    for path in (Path(sys.executable).parent / name, *([home / "bin" / name] if home else [])):
        if path.is_file():
            return path
    found = shutil.which(name)
    if found is None:
        raise SumoToolError(name, "not installed; `pip install v2x-cloudctl[demo]` brings SUMO")
    return Path(found)


def sumo_home() -> Path | None:
    """Folder of SUMO's data in the wheel, None where it is not installed."""
    spec = find_spec("sumo")
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    return next((place for place in places if (place / "data").is_dir()), None)


def run_program(name: str, *arguments: str, folder: Path) -> str:
    """Run a program in `folder`; return what it wrote to standard error, its warnings.

    Raises:
        SumoToolError: it is missing, ends with an error or takes longer than `PATIENCE`; the first error is told.
    """
    home = sumo_home()
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **({"SUMO_HOME": str(home)} if home else {})}
    try:
        ended = subprocess.run(
            [str(find_program(name)), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SumoToolError(name, str(error)) from error
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.startswith("Error:")]
        raise SumoToolError(name, lines[0].removeprefix("Error:").strip() if lines else f"code {ended.returncode}")
    return ended.stderr


def keep_output_aside() -> None:
    """Prepare a worker process before SUMO is loaded: what it prints goes to standard error, without a greeting.

    The greeting says that pyarrow is not the version that SUMO was built with, at every start and to nobody's use: SUMO
    has its own in its wheel, and no worker loads pyarrow. Warnings of SUMO itself stay.
    """
    os.environ.setdefault("LIBSUMO_AS_TRACI", "quiet")
    os.dup2(2, 1)
