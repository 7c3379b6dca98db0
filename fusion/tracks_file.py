"""The tracks file: one row per track and cycle, CSV or Parquet by the name of the file.

| column | meaning |
|---|---|
| t | UTC epoch, s |
| track_id | unique, never used again |
| kind | car, van, truck, bus, special, motorcycle, cyclist, pedestrian, unknown |
| lat, lon | deg, WGS-84 |
| speed | m/s |
| heading | deg clockwise from north |
| length, width | m |
| sigma | 1-sigma of the position, m |
| lane | id of the lane on the map, empty off lanes |
| sources | ids of the devices that report it, the latest first, joined by a vertical bar |
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from fusion.errors import TracksFileError
from fusion.picture import TrafficPicture
from ingest.device_registry import DeviceRegistry
from maps.geodesy import LocalPlane
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

SCHEMA = pa.schema(
    [
        ("t", pa.float64()),
        ("track_id", pa.uint32()),
        ("kind", pa.string()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("speed", pa.float64()),
        ("heading", pa.float64()),
        ("length", pa.float64()),
        ("width", pa.float64()),
        ("sigma", pa.float64()),
        ("lane", pa.string()),
        ("sources", pa.string()),
    ]
)
SUFFIXES = (".csv", ".parquet")
_ROWS_AT_ONCE = 100_000
_KINDS = np.array([kind.label for kind in ParticipantKind])


class TracksFile:
    """Writes pictures to a file; a context manager. An older file is replaced once the new one is whole.

    Raises:
        TracksFileError: the name ends in neither .csv nor .parquet, or the file cannot be written.
    """

    def __init__(self, path: Path, plane: LocalPlane, registry: DeviceRegistry, network: RoadNetwork | None) -> None:
        if path.suffix not in SUFFIXES:
            raise TracksFileError(path, "the name must end in .csv or .parquet")
        self.rows = 0
        self.tracks = 0
        """Different tracks so far."""
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._plane, self._registry = plane, registry
        self._lanes = np.append(np.zeros(0, str) if network is None else network.lanes.id, "")
        self._waiting: list[TrafficPicture] = []
        self._waiting_rows = 0
        self._seen: NDArray[np.uint32] = np.zeros(0, np.uint32)
        try:
            self._sink = self._part.open("wb")
        except OSError as error:
            raise TracksFileError(path, error.strerror or str(error)) from error
        writer = pyarrow.csv.CSVWriter if path.suffix == ".csv" else pyarrow.parquet.ParquetWriter
        self._writer = writer(self._sink, SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self._writer.close()
        self._sink.close()
        if error is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def write(self, picture: TrafficPicture) -> None:
        """Add the tracks of one cycle."""
        if len(picture.tracks):
            self._waiting.append(picture)
            self._waiting_rows += len(picture.tracks)
        if self._waiting_rows >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(self._table())
        self.rows += self._waiting_rows
        self._waiting, self._waiting_rows = [], 0

    def _table(self) -> pa.Table:
        tables = [picture.tracks for picture in self._waiting]
        joined = {
            name: np.concatenate([getattr(table, name) for table in tables])
            for name in (
                "track_id",
                "kind",
                "x",
                "y",
                "speed",
                "heading",
                "length",
                "width",
                "sigma",
                "lane",
                "sources",
            )
        }
        self._seen = np.union1d(self._seen, joined["track_id"])
        self.tracks = len(self._seen)
        lon, lat = self._plane.inverse(joined["x"], joined["y"])
        columns = {
            "t": np.repeat([picture.time for picture in self._waiting], [len(table) for table in tables]),
            "track_id": joined["track_id"],
            "kind": _KINDS[joined["kind"]],
            "lat": np.round(lat, 8),
            "lon": np.round(lon, 8),
            "heading": np.round(np.degrees(joined["heading"].astype(np.float64)) % 360.0, 2) % 360.0,
            "lane": self._lanes[joined["lane"]],
            "sources": self._sources(joined["sources"]),
        }
        for name in ("speed", "length", "width", "sigma"):
            columns[name] = np.round(joined[name].astype(np.float64), 3)
        return pa.table([pa.array(columns[name], type=SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA)

    def _sources(self, rows: NDArray[np.int32]) -> NDArray[np.str_]:
        """Join device ids (n, sources); each combination is written once."""
        sets, which = np.unique(rows, axis=0, return_inverse=True)
        texts = ["|".join(self._registry.get(row).id for row in kept if row >= 0) for kept in sets.tolist()]
        return np.array(texts)[which.ravel()]
