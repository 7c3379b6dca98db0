"""From Arrow tables to bytes of a file, a piece at a time: memory stays that of one piece, however long the file is."""

import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from cloudctl.exports.errors import UnknownFormatError
from cloudctl.exports.moving_features import moving_features
from cloudctl.exports.tables import SCHEMAS, Content

Tables = AsyncIterator[pa.Table]
Chunks = AsyncIterator[bytes]


class Format(StrEnum):
    """Formats of files."""

    PARQUET = "parquet"
    CSV = "csv"
    GEOJSON = "geojson"
    MF_JSON = "mf-json"


MEDIA_TYPES = {
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.CSV: "text/csv; charset=utf-8",
    Format.GEOJSON: "application/geo+json",
    Format.MF_JSON: "application/json",
}
ENDINGS = {Format.PARQUET: "parquet", Format.CSV: "csv", Format.GEOJSON: "geojson", Format.MF_JSON: "mfjson"}
_PLACED = frozenset({Content.TRACKS, Content.INCIDENTS})
"""What has a place on the map of its own."""


def write_tables(content: Content, name: Format, tables: Tables) -> Chunks:
    """Bytes of the file.

    Raises:
        UnknownFormatError: the content has no place on the map, or does not move, and the format needs it.
    """
    if name is Format.MF_JSON and content is not Content.TRACKS:
        raise UnknownFormatError(content, name)
    if name is Format.GEOJSON and content not in _PLACED:
        raise UnknownFormatError(content, name)
    writers: dict[Format, Callable[[pa.Schema, Tables], Chunks]] = {
        Format.PARQUET: _parquet,
        Format.CSV: _csv,
        Format.GEOJSON: _geojson,
        Format.MF_JSON: lambda _, given: moving_features(given),
    }
    return writers[name](SCHEMAS[content], tables)


async def _parquet(schema: pa.Schema, tables: Tables) -> Chunks:
    out = _Pieces()
    with arrow_parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        async for table in tables:
            writer.write_table(table)
            if piece := out.take():
                yield piece
    yield out.take()


class _Pieces(io.RawIOBase):
    """A file that is only written and told; what was written is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # any buffer
        self._parts.append(bytes(data))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def take(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def _csv(schema: pa.Schema, tables: Tables) -> Chunks:
    """RFC 4180 with a heading; times are RFC 3339, lists of tracks are separated by spaces."""
    yield (",".join(f'"{name}"' for name in schema.names) + "\n").encode()
    options = arrow_csv.WriteOptions(include_header=False)
    async for table in tables:
        out = io.BytesIO()
        arrow_csv.write_csv(_flat(table), out, options)
        yield out.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    columns = []
    for column, field in zip(table.columns, table.schema, strict=True):
        if pa.types.is_timestamp(field.type):
            columns.append(_rfc3339(column))
        elif pa.types.is_list(field.type):
            columns.append(pa.array([" ".join(map(str, row or ())) for row in column.to_pylist()]))
        else:
            columns.append(column)
    return pa.Table.from_arrays(columns, names=table.schema.names)


def _rfc3339(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if t is None else text_of(t.timestamp()) for t in column.to_pylist()], pa.string())


def text_of(epoch: float) -> str:
    """RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(round(epoch, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _geojson(schema: pa.Schema, tables: Tables) -> Chunks:
    """RFC 7946: one Point for each row; the other columns are its properties."""
    del schema
    separator = b'{"type":"FeatureCollection","features":[\n'
    async for table in tables:
        features = [json.dumps(_feature(row), ensure_ascii=False, allow_nan=False) for row in table.to_pylist()]
        yield separator + ",\n".join(features).encode()
        separator = b",\n"
    yield (separator if separator.startswith(b"{") else b"") + b"\n]}\n"


def _feature(row: dict[str, object]) -> dict[str, object]:
    lon, lat = row.pop("lon"), row.pop("lat")
    place = None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}
    properties = {name: _json_value(value) for name, value in row.items()}
    return {"type": "Feature", "geometry": place, "properties": properties}


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return text_of(value.timestamp())
    return round(value, 6) if isinstance(value, float) else value
