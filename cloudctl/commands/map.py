"""`cloudctl map`: import road networks and find routes on them."""

import resource
import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from ingest.uper.schema import Profile
from maps.errors import MapsError

app = typer.Typer(no_args_is_help=True)


class PositionError(MapsError):
    """A position on the command line is not LON,LAT."""

    def __init__(self, text: str) -> None:
        super().__init__(f"position {text!r} is not LON,LAT in degrees, such as 112.93,28.20")
        self.text = text


@app.command("import")
def import_map(
    source: Annotated[
        Path,
        typer.Argument(
            help="Source file: SUMO .net.xml[.gz]; OpenStreetMap .osm[.gz|.pbf]; OpenDRIVE .xodr; "
            "V2X MAP .json, .jsonl, .hex (one UPER message a line), .uper."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Road network to write (.v2xmap).")],
    additional: Annotated[Path | None, typer.Option(help="SUMO additional file with bus stops and car parks.")] = None,
    tiles: Annotated[Path | None, typer.Option(help="Vector base map to write as well (.pmtiles).")] = None,
    background: Annotated[Path | None, typer.Option(help="GeoJSON areas to draw behind the roads.")] = None,
    merge_into: Annotated[
        Path | None, typer.Option(help="Road network (.v2xmap) that the V2X MAP messages of SOURCE correct.")
    ] = None,
    profile: Annotated[Profile, typer.Option(help="Edition of UPER messages.")] = Profile.V4,
) -> None:
    """Turn SOURCE into a road network and print what it holds, what was guessed and what was left out."""
    if background is not None and tiles is None:
        raise typer.BadParameter("areas are drawn on tiles; name --tiles FILE as well", param_hint="--background")
    from cloudctl.map_sources import import_any, merge_messages
    from maps.network_file import open_network, save_network

    started = time.perf_counter()
    if merge_into is None:
        network, report = import_any(source, additional, profile)
    else:
        network, report = merge_messages(open_network(merge_into), source, profile)
    save_network(network, out)
    printed: dict[str, object] = {**report.as_dict(), "out": str(out), "source": network.source}
    if tiles is not None:
        from maps.base_map import write_base_map

        base_map = write_base_map(network, tiles, background)
        printed["tiles"] = {"out": str(tiles), "count": base_map.tiles, "bytes": base_map.size}
    printed["seconds"] = round(time.perf_counter() - started, 2)
    printed["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _print(printed)


@app.command()
def route(
    network_file: Annotated[Path, typer.Argument(metavar="FILE", help="Road network (.v2xmap).")],
    origin: Annotated[str, typer.Option("--from", metavar="LON,LAT", help="Start, deg WGS-84.")],
    destination: Annotated[str, typer.Option("--to", metavar="LON,LAT", help="End, deg WGS-84.")],
) -> None:
    """Print the quickest way for a car at the speed limits."""
    start, end = _position(origin), _position(destination)
    from maps.network_file import open_network
    from maps.routing import Router

    network = open_network(network_file)
    router = Router(network)
    found = router.route(router.nearest_link(*start), router.nearest_link(*end))
    _print(
        {
            "links": network.links.id[found.links].tolist(),
            "length_m": round(found.length, 1),
            "travel_time_s": round(found.travel_time, 1),
            "points": router.line(found),
        }
    )


def _position(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise PositionError(text) from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise PositionError(text)
    return lon, lat


def _print(printed: dict[str, object]) -> None:
    typer.echo(orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode())
