"""Chooses the importer by the name of the file."""

from pathlib import Path

from maps.errors import UnknownSourceError
from maps.importers.report import Imported
from maps.importers.sumo import import_sumo

SOURCES = (".net.xml", ".net.xml.gz")
"""File names that can be imported, by their ends."""


def import_source(path: Path, additional: Path | None = None) -> Imported:
    """Make a road network of any file that an importer here reads.

    Raises:
        UnknownSourceError: there is no such file, or no importer reads its kind.
        MapSourceError: the file cannot become a road network.
    """
    if not path.is_file():
        raise UnknownSourceError(path, "", "no such file")
    if not path.name.endswith(SOURCES):
        raise UnknownSourceError(path, "", f"unknown kind of map, expected a name that ends in {' or '.join(SOURCES)}")
    return import_sumo(path, additional)
