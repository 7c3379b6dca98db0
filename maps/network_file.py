"""Save a road network as one `.v2xmap` file and open it fast.

Layout, little-endian: magic "V2XMAP" and two zero bytes, format version u32, zero u32, payload length u64, 8 bytes
reserved, SHA-256 of the payload (32 bytes); then the payload, one Arrow IPC file with one row, whose columns are
lists: one for each column of each table, named `table.column`. Name, provenance and plane stand in the
schema's metadata.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maps.errors import MapFileError, MapVersionError
from maps.geodesy import LocalPlane
from maps.network import (
    CarParks,
    Connections,
    Crossings,
    Groups,
    Lanes,
    Limits,
    Links,
    Nodes,
    Program,
    RoadNetwork,
    Signals,
    Stops,
)

FORMAT_VERSION = 2
"""Version 1 has no table of limits; it still opens."""
_READABLE = {1, FORMAT_VERSION}
SUFFIX = ".v2xmap"
_MAGIC = b"V2XMAP\0\0"
_HEADER = struct.Struct("<8sIIQ8x32s")
_TABLES = {
    "nodes": Nodes,
    "links": Links,
    "lanes": Lanes,
    "connections": Connections,
    "signals": Signals,
    "groups": Groups,
    "program": Program,
    "crossings": Crossings,
    "stops": Stops,
    "car_parks": CarParks,
    "limits": Limits,
}
_SINCE_VERSION_2 = {"limits"}
Column = NDArray[np.generic]


def save_network(network: RoadNetwork, path: Path) -> None:
    """Write `network` to `path`; an older file there is replaced in one step.

    Raises:
        MapFileError: the file cannot be written.
    """
    payload = _encode(network)
    header = _HEADER.pack(_MAGIC, FORMAT_VERSION, 0, len(payload), hashlib.sha256(payload).digest())
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(header)
            file.write(payload)
        unfinished.replace(path)
    except OSError as error:
        raise MapFileError(path, f"cannot write the map: {error.strerror}") from error


def open_network(path: Path) -> RoadNetwork:
    """Read a network that `save_network` wrote.

    Raises:
        MapVersionError: it was written in a format version that is not read here.
        MapFileError: there is no such file, it is no map file or it is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MapFileError(path, f"cannot read the map: {error.strerror}") from error
    try:
        version, payload = _payload(path, content)
        return _decode(payload, version)
    except (KeyError, ValueError) as error:
        raise MapFileError(path, f"the map file is incomplete: {error}") from error


def _payload(path: Path, content: bytes) -> tuple[int, memoryview]:
    if len(content) < _HEADER.size or not content.startswith(_MAGIC):
        raise MapFileError(path, f"not a map file; `cloudctl map import` makes one ({SUFFIX})")
    _, version, _, length, digest = _HEADER.unpack_from(content)
    if version not in _READABLE:
        raise MapVersionError(path, version, FORMAT_VERSION)
    payload = memoryview(content)[_HEADER.size :]
    if len(payload) != length:
        raise MapFileError(path, f"the map file is damaged: {len(payload)} of {length} bytes are there")
    if hashlib.sha256(payload).digest() != digest:
        raise MapFileError(path, "the map file is damaged: its checksum does not match")
    return version, payload


def _columns(network: RoadNetwork) -> Iterator[tuple[str, Column]]:
    yield "points", network.points.reshape(-1)
    yield "program_states", network.program_states
    for name in _TABLES:
        table = getattr(network, name)
        for field in fields(table):
            yield f"{name}.{field.name}", getattr(table, field.name)


def _encode(network: RoadNetwork) -> memoryview:
    columns = {name: _one_row(column) for name, column in _columns(network)}
    metadata = {
        "name": network.name,
        "source": network.source,
        "lon": repr(network.plane.lon),
        "lat": repr(network.plane.lat),
    }
    batch = pa.record_batch(list(columns.values()), names=list(columns)).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return memoryview(sink.getvalue())


def _one_row(column: Column) -> pa.LargeListArray:
    return pa.LargeListArray.from_arrays(pa.array([0, len(column)], pa.int64()), pa.array(column))


def _decode(payload: memoryview, version: int) -> RoadNetwork:
    with pa.ipc.open_file(pa.py_buffer(payload)) as reader:
        batch = reader.get_batch(0)
    columns = {name: _plain(batch.column(name)) for name in batch.schema.names}
    about = {key.decode(): value.decode() for key, value in (batch.schema.metadata or {}).items()}
    tables = {
        name: table(**{field.name: columns[f"{name}.{field.name}"] for field in fields(table)})
        for name, table in _TABLES.items()
        if version >= 2 or name not in _SINCE_VERSION_2
    }
    return RoadNetwork(
        name=about["name"],
        source=about["source"],
        plane=LocalPlane(float(about["lon"]), float(about["lat"])),
        points=columns["points"].astype(np.float64).reshape(-1, 2),
        program_states=columns["program_states"].astype(np.uint8),
        **tables,
    )


def _plain(column: pa.LargeListArray) -> Column:
    values = column.flatten()
    plain: Column = values.to_numpy(zero_copy_only=False)
    return plain.astype(str) if pa.types.is_string(values.type) else plain.copy()
