"""Read the tables of a GTFS file or folder: text cells under their names, and what is wrong with them as findings."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cloudctl.transit.errors import TimetableError

MAX_TABLE_BYTES = 1 << 31


@dataclass(frozen=True)
class Finding:
    """A row that was left out, or a doubt about one that was kept."""

    file: str
    line: int
    """Line in the file, the header is 1; 0 where the whole file is meant."""
    detail: str
    """Names the field and the offending value."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    file: str
    line: int
    cells: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """Cell under a name; ValueError where it is empty and no default is given."""
        value = self.cells.get(name, "")
        if value:
            return value
        if default is None:
            raise ValueError(f"{name} is missing")
        return default

    def number(self, name: str, low: float, high: float) -> float:
        """Number from `low` to `high`; ValueError names the value."""
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"{name} {value!r} is no number") from None
        if not low <= number <= high:
            raise ValueError(f"{name} {value} is not from {low:g} to {high:g}")
        return number

    def integer(self, name: str, default: int | None = None) -> int:
        """Integer; ValueError names the value."""
        value = self.text(name, None if default is None else str(default))
        try:
            return int(value)
        except ValueError:
            raise ValueError(f"{name} {value!r} is no integer") from None

    def seconds(self, name: str) -> float | None:
        """HH:MM:SS as seconds of the service day (hours may exceed 24), None where empty."""
        value = self.cells.get(name, "")
        if not value:
            return None
        parts = value.split(":")
        if len(parts) != 3 or not all(part.isdigit() for part in parts) or int(parts[1]) > 59 or int(parts[2]) > 59:
            raise ValueError(f"{name} {value!r} is no time HH:MM:SS")
        return 3600.0 * int(parts[0]) + 60.0 * int(parts[1]) + int(parts[2])


class Tables:
    """The tables of one GTFS source."""

    def __init__(self, source: Path) -> None:
        """Open a zip file or a folder.

        Raises:
            TimetableError: neither, or one that cannot be read.
        """
        self._source = source
        self._zip: zipfile.ZipFile | None = None
        try:
            if source.is_dir():
                self._names = {path.name for path in source.glob("*.txt")}
            else:
                self._zip = zipfile.ZipFile(source)
                self._names = {name for name in self._zip.namelist() if name.endswith(".txt")}
        except (OSError, zipfile.BadZipFile) as error:
            raise TimetableError(source, str(error)) from error

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def close(self) -> None:
        """Close the file."""
        if self._zip is not None:
            self._zip.close()

    def rows(self, name: str, *, required: bool = True) -> Iterator[Row]:
        """Rows of a table.

        Raises:
            TimetableError: it is required and missing, too large, or no UTF-8 text.
        """
        if name not in self._names:
            if required:
                raise TimetableError(self._source, f"{name} is missing")
            return
        try:
            reader = csv.DictReader(io.StringIO(self._read(name).decode("utf-8-sig"), newline=""))
            for cells in reader:
                kept = {key.strip(): (value or "").strip() for key, value in cells.items() if isinstance(key, str)}
                yield Row(name, reader.line_num, kept)
        except (UnicodeDecodeError, csv.Error) as error:
            raise TimetableError(self._source, f"{name}: {error}") from error

    def _read(self, name: str) -> bytes:
        if self._zip is None:
            return (self._source / name).read_bytes()
        if self._zip.getinfo(name).file_size > MAX_TABLE_BYTES:
            raise TimetableError(self._source, f"{name} is larger than {MAX_TABLE_BYTES >> 20} MiB")
        return self._zip.read(name)
