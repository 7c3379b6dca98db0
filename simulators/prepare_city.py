"""Make a city ready to be run: build the demo city, or traffic for another SUMO network, and note what lies where.

    python -m simulators.prepare_city --out DIR [--map FILE]

Prints the files as JSON; does nothing where they are up to date.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from simulators.city_build import build_city
from simulators.city_files import CityFiles
from simulators.errors import SimulatorsError
from simulators.sumo_scenario import build_demand_for

MANIFEST = "city.json"


def open_city(directory: Path) -> CityFiles:
    """Return the files of a city that was made ready.

    Raises:
        SimulatorsError: there is none in this folder.
    """
    try:
        return msgspec.json.decode((directory / MANIFEST).read_bytes(), type=CityFiles, dec_hook=_path)
    except (OSError, msgspec.MsgspecError) as error:
        raise SimulatorsError(f"no city in {directory}: {error}") from error


def main(arguments: list[str] | None = None) -> int:
    """Make a city ready."""
    parser = argparse.ArgumentParser(prog="simulators.prepare_city", description="Make a simulated city ready.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the city")
    parser.add_argument("--map", type=Path, help="SUMO network (.net.xml[.gz]) instead of the demo city")
    options = parser.parse_args(arguments)
    directory = options.out.absolute()
    try:
        files = build_demand_for(options.map.absolute(), directory) if options.map else build_city(directory)
    except (OSError, SimulatorsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    manifest = msgspec.json.format(msgspec.json.encode(files, enc_hook=str))
    (directory / MANIFEST).write_bytes(manifest)
    name = options.map.name.partition(".")[0] if options.map else "演示城市 Demo city"
    described = {
        "name": name,
        **msgspec.json.decode(manifest),
        "fingerprint": (directory / "fingerprint").read_text("utf-8"),
    }
    sys.stdout.buffer.write(msgspec.json.encode(described))
    return 0


def _path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{kind} in a city's manifest")


if __name__ == "__main__":
    raise SystemExit(main())
