"""The demo city's files: made once by the simulators and the map importer, made anew when what they rest on changes."""

import asyncio
import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from cloudctl.compiled_code import source_fingerprint
from cloudctl.errors import CloudctlError


class CityFiles(msgspec.Struct, frozen=True):
    """What `python -m simulators.prepare_city` prints; paths."""

    name: str
    net: Path
    additional: Path
    fingerprint: str
    background_geojson: Path | None = None


class CityBuildError(CloudctlError):
    """The city could not be built."""


@dataclass(frozen=True)
class DemoFiles:
    """A city that is ready to be run."""

    folder: Path
    network: Path
    tiles: Path


async def prepare_city(data_dir: Path, map_file: Path | None, notice: Callable[[str], None]) -> DemoFiles:
    """Build what is missing or out of date.

    Raises:
        CityBuildError: the simulators refuse the network; the message is theirs.
        MapsError: the importer refuses it.
    """
    folder = data_dir / ("city" if map_file is None else f"city-{_name_of(map_file)}")
    city = await _build(folder, map_file, notice)
    files = DemoFiles(folder, folder / "city.v2xmap", folder / "city.pmtiles")
    stamp = folder / "imported"
    current = f"{city.fingerprint} {source_fingerprint('maps')}"
    if not (
        stamp.is_file() and stamp.read_text("utf-8") == current and files.network.is_file() and files.tiles.is_file()
    ):
        notice("importing the road network")
        await asyncio.to_thread(_import, city, files)
        stamp.write_text(current, "utf-8")
    return files


def _name_of(map_file: Path) -> str:
    """Return a folder name that is different for every file."""
    path = map_file.absolute()
    return f"{path.name.partition('.')[0]}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


async def _build(folder: Path, map_file: Path | None, notice: Callable[[str], None]) -> CityFiles:
    if not (folder / "city.v2xmap").is_file():
        notice("building the city (once, about half a minute)")
    argv = [sys.executable, "-m", "simulators.prepare_city", "--out", str(folder)]
    if map_file is not None:
        argv += ["--map", str(map_file)]
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise CityBuildError(lines[-1] if lines else f"simulators.prepare_city ended with code {process.returncode}")
    return msgspec.json.decode(output, type=CityFiles, dec_hook=lambda _, text: Path(text))


def _import(city: CityFiles, files: DemoFiles) -> None:
    from maps.base_map import write_base_map  # noqa: PLC0415  # heavy, and not needed when nothing changed
    from maps.importers.sumo import import_sumo  # noqa: PLC0415  # the same
    from maps.network_file import save_network  # noqa: PLC0415  # the same

    network = replace(import_sumo(city.net, city.additional).network, name=city.name)
    save_network(network, files.network)
    write_base_map(network, files.tiles, city.background_geojson)
