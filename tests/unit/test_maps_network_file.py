"""A saved network comes back as it was; a file that cannot is refused with a clear sentence."""

import hashlib
import struct
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from maps_city import city, imported

from maps.errors import MapFileError, MapVersionError
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from maps.network_file import FORMAT_VERSION, open_network, save_network


def _assert_equal(left: RoadNetwork, right: RoadNetwork) -> None:
    assert (left.name, left.source, left.plane) == (right.name, right.source, right.plane)
    for field in fields(RoadNetwork):
        one, other = getattr(left, field.name), getattr(right, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
        elif field.name not in {"name", "source", "plane"}:
            for column in fields(one):
                first, second = getattr(one, column.name), getattr(other, column.name)
                np.testing.assert_array_equal(first, second)
                assert first.dtype.kind == second.dtype.kind
                assert first.dtype.kind == "U" or first.dtype == second.dtype


def test_round_trip_keeps_every_column(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "city.v2xmap"
    save_network(imported().network, path)
    _assert_equal(imported().network, open_network(path))


def test_empty_tables_survive(tmp_path: Path) -> None:
    network = import_sumo(city().net).network
    assert len(network.stops.id) == 0
    save_network(network, tmp_path / "bare.v2xmap")
    _assert_equal(network, open_network(tmp_path / "bare.v2xmap"))


def test_saving_replaces_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "city.v2xmap"
    save_network(imported().network, path)
    save_network(replace(imported().network, name="again"), path)
    assert open_network(path).name == "again"
    assert [file.name for file in tmp_path.iterdir()] == ["city.v2xmap"]


def test_same_network_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_network(imported().network, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapFileError, match=r"none\.v2xmap: cannot read the map: No such file"):
        open_network(tmp_path / "none.v2xmap")


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(MapFileError, match="cannot write the map"):
        save_network(imported().network, tmp_path / "file" / "city.v2xmap")


@pytest.mark.parametrize("content", [b"", b"V2XMAP", b"<net/>" * 100])
def test_other_files_are_no_map_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.v2xmap"
    path.write_bytes(content)
    with pytest.raises(MapFileError, match="not a map file"):
        open_network(path)


def test_other_format_version_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.v2xmap"
    save_network(imported().network, path)
    content = bytearray(path.read_bytes())
    content[8] = FORMAT_VERSION + 1
    path.write_bytes(content)
    with pytest.raises(
        MapVersionError, match=f"format {FORMAT_VERSION + 1}.*reads {FORMAT_VERSION}; import the map"
    ) as caught:
        open_network(path)
    assert (caught.value.found, caught.value.wanted) == (FORMAT_VERSION + 1, FORMAT_VERSION)


def test_a_file_of_the_first_format_opens_without_limits(tmp_path: Path) -> None:
    path = tmp_path / "first.v2xmap"
    save_network(imported().network, path)
    content = path.read_bytes()
    with pa.ipc.open_file(pa.py_buffer(content[64:])) as reader:
        batch = reader.get_batch(0)
    kept = [name for name in batch.schema.names if not name.startswith("limits.")]
    sink = pa.BufferOutputStream()
    old = batch.select(kept).replace_schema_metadata(batch.schema.metadata)
    with pa.ipc.new_file(sink, old.schema) as writer:
        writer.write_batch(old)
    payload = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(payload).digest()
    path.write_bytes(struct.pack("<8sIIQ8x32s", b"V2XMAP\0\0", 1, 0, len(payload), digest) + payload)
    _assert_equal(imported().network, open_network(path))


@pytest.mark.parametrize("cut", [1, 1000])
def test_truncated_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.v2xmap"
    save_network(imported().network, path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(MapFileError, match=r"damaged: .* bytes are there"):
        open_network(path)


def test_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flipped.v2xmap"
    save_network(imported().network, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(MapFileError, match="checksum does not match"):
        open_network(path)


def test_well_formed_file_without_tables_is_refused(tmp_path: Path) -> None:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([pa.array([[1]], pa.large_list(pa.int64()))], names=["x"])
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    payload = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(payload).digest()
    header = struct.pack("<8sIIQ8x32s", b"V2XMAP\0\0", FORMAT_VERSION, 0, len(payload), digest)
    path = tmp_path / "strange.v2xmap"
    path.write_bytes(header + payload)
    with pytest.raises(MapFileError, match="incomplete"):
        open_network(path)
