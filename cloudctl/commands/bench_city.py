"""A grid city for benchmarks, made by SUMO's netgenerate: 24 x 24 junctions 200 m apart, two lanes each way."""

from pathlib import Path

from cloudctl.errors import CloudctlError

JUNCTIONS = 24
BLOCK = 200
"""m"""
_PLACE = "+proj=tmerc +lat_0=28.2 +lon_0=112.93 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m +no_defs"


def make_grid_map(folder: Path, junctions: int = JUNCTIONS) -> Path:
    """Write the road network into `folder` and return its path.

    Raises:
        CloudctlError: SUMO is not installed or fails.
    """
    from cloudctl.sumo_tools import run_program
    from maps.importers.any_source import import_source
    from maps.network_file import save_network

    net, saved = folder / "grid.net.xml", folder / "grid.v2xmap"
    size = (f"--grid.number={junctions}", f"--grid.length={BLOCK}", "--default.lanenumber=2")
    run_program("netgenerate", "--grid", *size, "--no-turnarounds", "-o", net.name, folder=folder)
    text = net.read_text("utf-8")
    placed = text.replace('projParameter="!"', f'projParameter="{_PLACE}"', 1)
    if placed == text:
        raise CloudctlError(f"{net}: netgenerate wrote no place for a projection")
    net.write_text(placed, "utf-8")
    network, _ = import_source(net)
    save_network(network, saved)
    return saved
