"""`cloudctl export`: what is stored, as a file."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from cloudctl.errors import CloudctlError, DatabaseError


class AreaTextError(CloudctlError):
    """An area on the command line is no box."""

    def __init__(self, text: str) -> None:
        super().__init__(f"--bbox {text!r}: expected west,south,east,north in degrees")
        self.text = text


def export(
    content: Annotated[Literal["tracks", "states", "lights", "incidents"], typer.Argument(help="What.")],
    out: Annotated[Path, typer.Argument(help="File: .parquet, .csv, .geojson or .mfjson.")],
    database: Annotated[str, typer.Option(metavar="URL", help="PostgreSQL or TimescaleDB.")],
    start: Annotated[str, typer.Option(help="From this time on, RFC 3339.")],
    end: Annotated[str, typer.Option(help="Before this time, RFC 3339.")],
    bbox: Annotated[str | None, typer.Option(help="west,south,east,north in degrees: tracks and incidents.")] = None,
) -> None:
    """Export tracks, states of links, changes of lights or incidents; the ending of the file says how."""
    import psycopg
    from psycopg_pool import PoolTimeout

    from cloudctl.commands.replay_stored import read_time

    span = read_time(start), read_time(end)
    try:
        size = asyncio.run(_export(content, out, database, span, _read_area(bbox)))
    except (psycopg.Error, PoolTimeout) as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    except OSError as error:
        raise CloudctlError(f"{out}: {error.strerror}") from error
    typer.echo(f"{out}: {size:,} bytes")


async def _export(
    content: str, out: Path, database: str, span: tuple[float, float], area: tuple[float, ...] | None
) -> int:
    from cloudctl.exports.errors import UnknownFormatError
    from cloudctl.exports.formats import ENDINGS
    from cloudctl.exports.stored import export_stored
    from cloudctl.exports.tables import Content
    from cloudctl.store.reader import Box, StoreReader

    name = {ending: name for name, ending in ENDINGS.items()}.get(out.suffix.removeprefix("."))
    if name is None:
        raise UnknownFormatError(content, out.suffix or "a file without an ending")
    unfinished, size = out.with_name(out.name + ".part"), 0
    async with StoreReader(database) as reader:
        pieces = export_stored(reader, Content(content), name, *span, Box(*area) if area else None)
        with unfinished.open("wb") as file:
            async for piece in pieces:
                size += await asyncio.to_thread(file.write, piece)
    unfinished.replace(out)
    return size


def _read_area(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise AreaTextError(text) from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise AreaTextError(text)
    return west, south, east, north
