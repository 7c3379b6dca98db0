"""Everything that `maps` raises.

MapsError
├── MapSourceError      a source file cannot become a road network
│   ├── UnknownSourceError   nothing here reads such a file
│   └── NoProjectionError    the source does not say where on the Earth it lies
├── MapFileError        a saved network cannot be opened
│   └── MapVersionError      it was written in another format version
├── CoordinateRangeError a longitude or latitude is no place on the Earth
├── NoRouteError        no way leads from one link to another
└── OffMapError         a position is far from every road
"""

from pathlib import Path


class MapsError(Exception):
    """Base of all errors about roads."""


class MapSourceError(MapsError):
    """A source file cannot become a road network; `element` names the part at fault."""

    def __init__(self, path: Path, element: str, reason: str) -> None:
        super().__init__(f"{path}: {element}: {reason}" if element else f"{path}: {reason}")
        self.path = path
        self.element = element
        self.reason = reason


class UnknownSourceError(MapSourceError):
    """Nothing here reads such a file."""


class NoProjectionError(MapSourceError):
    """The source does not say where on the Earth it lies."""


class MapFileError(MapsError):
    """A saved network cannot be opened."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class MapVersionError(MapFileError):
    """A saved network was written in another format version."""

    def __init__(self, path: Path, found: int, wanted: int) -> None:
        super().__init__(path, f"map file format {found}, this program reads {wanted}; import the map again")
        self.found = found
        self.wanted = wanted


class CoordinateRangeError(MapsError):
    """A longitude or latitude is no place on the Earth."""

    def __init__(self, name: str, value: float, reason: str) -> None:
        super().__init__(f"{name} {value:g} is {reason}")
        self.name = name
        self.value = value
        self.reason = reason


class NoRouteError(MapsError):
    """No way leads from one link to another."""

    def __init__(self, from_link: str, to_link: str, reason: str = "no way leads there") -> None:
        super().__init__(f"no route from link {from_link!r} to link {to_link!r}: {reason}")
        self.from_link = from_link
        self.to_link = to_link
        self.reason = reason


class OffMapError(MapsError):
    """A position is far from every road that its user may take."""

    def __init__(self, lon: float, lat: float, distance: float) -> None:
        super().__init__(f"no road within {distance:g} m of {lon:.6f},{lat:.6f}")
        self.lon = lon
        self.lat = lat
        self.distance = distance
