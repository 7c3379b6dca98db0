"""`cloudctl fuse`: the tracks of a recording, the same as live and the same every time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fusion.offline import OfflineFusion
    from fusion.recording import Recording
    from maps.geodesy import LocalPlane
    from maps.network import RoadNetwork


def fuse(
    recording: Annotated[Path, typer.Argument(help="Recording made by `cloudctl record`.")],
    out: Annotated[Path, typer.Option(help="Tracks to write: .csv or .parquet.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Road network (.v2xmap); without one there are no lanes.")
    ] = None,
) -> None:
    """Fuse a recording into tracks, ten cycles for each second of it, and print what it held."""
    import time

    import orjson

    from cloudctl.compiled_code import use_compiled_code

    use_compiled_code()
    from fusion.recording import Recording
    from fusion.tracks_file import TracksFile
    from maps.network_file import open_network

    messages = Recording(recording)
    network = None if map_file is None else open_network(map_file)
    fusion, plane = _make_fusion(messages, network)
    started, first, last = time.perf_counter(), None, 0.0
    with _progress(messages) as advance, TracksFile(out, plane, fusion.pipeline.registry, network) as file:
        for picture in fusion.pictures(messages):
            file.write(picture)
            first, last = picture.time if first is None else first, picture.time
            advance()
    took = time.perf_counter() - started
    counters = fusion.pipeline.counters
    printed = {
        "messages": fusion.messages,
        "left_out": fusion.left_out,
        "refused": {reason: count for reason, count in counters.refused.items() if count},
        "reports": fusion.reports,
        "cycles": fusion.cycles,
        "tracks": file.tracks,
        "rows": file.rows,
        "recorded_s": round(last - first, 1) if first is not None else 0.0,
        "took_s": round(took, 2),
        "out": str(out),
    }
    typer.echo(orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode())


def _make_fusion(messages: "Recording", network: "RoadNetwork | None") -> "tuple[OfflineFusion, LocalPlane]":
    from cloudctl.engine.roadside import RoadsideUnits
    from fusion.offline import OfflineFusion, PlaneUnits, box_about, find_place
    from ingest.device_registry import DeviceRegistry
    from ingest.pipeline import Pipeline
    from ingest.plausibility import BoxE7

    registry = DeviceRegistry()
    if network is None:
        plane = find_place(messages)
        pipeline = Pipeline(plane, box_about(plane), registry)
        return OfflineFusion(pipeline, PlaneUnits(plane, registry)), plane
    pipeline = Pipeline(network.plane, BoxE7.of_network(network), registry)
    return OfflineFusion(pipeline, RoadsideUnits(network, registry), network), network.plane


@contextmanager
def _progress(messages: "Recording") -> "Iterator[Callable[[], None]]":
    """Show on standard error how much of the file has been read."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, refresh_per_second=4) as progress:
        task = progress.add_task("fusing", total=1.0)
        yield lambda: progress.update(task, completed=messages.share)
