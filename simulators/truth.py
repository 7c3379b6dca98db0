"""What really happened: every road user at every step of the city, by which tracks are scored.

One row a road user and step: `t` (UTC epoch s), `id`, `kind`, `lat`, `lon` (deg, WGS-84), `x`, `y` (m, local plane),
`speed` (m/s), `heading` (deg clockwise from north), `length`, `width` (m), `equipped` and `observable` (0 or 1):
whether some roadside unit has it in range and view, or it reports itself; `lane` (id, empty inside junctions) and
`staged`, the kind of incident that the simulation makes it at this moment, else empty. CSV (gzip where the name ends
in .gz), or Parquet where it ends in .parquet.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from maps.geodesy import LocalPlane
from maps.participants import ParticipantKind
from simulators.rsu_sensor import Sites, observable
from simulators.world import WorldFrame

_KINDS = np.array([kind.label for kind in ParticipantKind])
SCHEMA = pa.schema(
    [
        ("t", pa.float64()),
        ("id", pa.string()),
        ("kind", pa.string()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("speed", pa.float64()),
        ("heading", pa.float64()),
        ("length", pa.float64()),
        ("width", pa.float64()),
        ("equipped", pa.uint8()),
        ("observable", pa.uint8()),
        ("lane", pa.string()),
        ("staged", pa.string()),
    ]
)


class TruthWriter:
    """Writes frames as they come; a context manager that closes the file."""

    def __init__(self, path: Path, plane: LocalPlane, sites: Sites) -> None:
        self._plane, self._sites = plane, sites
        zipped = path.suffix == ".gz"
        self._file = pa.CompressedOutputStream(str(path), "gzip") if zipped else pa.OSFile(str(path), "wb")
        parquet = path.suffix == ".parquet"
        writer = pyarrow.parquet.ParquetWriter if parquet else pyarrow.csv.CSVWriter
        self._writer = writer(self._file, SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._file.close()

    def write(self, frame: WorldFrame) -> None:
        """Add one step."""
        lon, lat = self._plane.inverse(frame.x, frame.y)
        seen = observable(self._sites, frame.x, frame.y) | frame.equipped
        columns = (
            np.full(len(frame.id), frame.time),
            frame.id.astype(object),
            _KINDS[frame.kind].astype(object),
            np.round(lat, 8),
            np.round(lon, 8),
            np.round(frame.x, 3),
            np.round(frame.y, 3),
            np.round(frame.speed.astype(np.float64), 3),
            np.round(np.degrees(frame.heading.astype(np.float64)) % 360.0, 2),
            np.round(frame.length.astype(np.float64), 2),
            np.round(frame.width.astype(np.float64), 2),
            frame.equipped.astype(np.uint8),
            seen.astype(np.uint8),
            frame.lane.astype(object),
            (frame.staged if len(frame.staged) else np.full(len(frame.id), "")).astype(object),
        )
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
