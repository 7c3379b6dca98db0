"""Careful reading of a decoded MAP message: every part knows its place, so that an error can name it.

Two dialects are read alike: the standard's field names with numbers, and OpenV2X's JSON made from XML, where numbers
are texts, a list stands in an object of one key (`"nodes": {"Node": [...]}`), a list of one may be its one element,
`-` may be `_` and a position may be `lat, lon, ele` as well as `lat, long, elevation`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from maps.errors import MapSourceError

FARTHEST = 0.25
"""deg; a point this far from its node's reference is an error of sign, order or profile."""
_UNIT = 1e-7


@dataclass(frozen=True)
class Part:
    """One value of a message and where it stands."""

    source: Path
    place: str
    value: object

    def error(self, reason: str) -> MapSourceError:
        """Error that names this part."""
        return MapSourceError(self.source, self.place, reason)

    def find(self, *names: str) -> "Part | None":
        """Member of one of these names, `-` and `_` being the same; None where there is none."""
        if not isinstance(self.value, Mapping):
            raise self.error(f"{str(self.value)[:40]!r} is not an object")
        for name in names:
            for spelling in (name, name.replace("-", "_")):
                if self.value.get(spelling) is not None:
                    return Part(self.source, f"{self.place}.{name}".lstrip("."), self.value[spelling])
        return None

    def get(self, *names: str) -> "Part":
        """Member of one of these names.

        Raises:
            MapSourceError: there is none.
        """
        found = self.find(*names)
        if found is None:
            raise self.error(f"field {names[0]!r} is missing")
        return found

    def items(self) -> Iterator["Part"]:
        """Elements of a list in either dialect."""
        value = self.value
        if isinstance(value, Mapping) and len(value) == 1:
            name, inner = next(iter(value.items()))
            # Names of types begin with a capital, names of fields do not.
            value = inner if str(name)[:1].isupper() else value
        elements = value if isinstance(value, list) else [value]
        for row, element in enumerate(elements):
            yield Part(self.source, f"{self.place}[{row}]", element)

    def named(self, label: str) -> "Part":
        """Copy of this part whose place also bears the name that people know it by."""
        return Part(self.source, f"{self.place} ({label})", self.value)

    def integer(self) -> int:
        """Whole number, also as text."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            raise self.error(f"{str(self.value)[:40]!r} is not a number")
        try:
            return int(self.value)
        except (ValueError, OverflowError) as error:
            raise self.error(f"{str(self.value)[:40]!r} is not a number") from error

    def text(self) -> str:
        """Text; numbers are written out."""
        return str(self.value)

    def choice(self) -> str:
        """Name of an ENUMERATED: text, its number, or the one key of an object as OpenV2X writes it."""
        if isinstance(self.value, Mapping) and len(self.value) == 1:
            return str(next(iter(self.value)))
        return self.text()

    def bits(self, size: int) -> set[int]:
        """Set bits of a BIT STRING: a string of 0 and 1, bit 0 first, or a number whose highest bit is bit 0."""
        text = self.value
        if isinstance(text, int) and not isinstance(text, bool) and 0 <= text < 1 << size:
            text = format(text, f"0{size}b")
        if not isinstance(text, str) or set(text) - {"0", "1"}:
            raise self.error(f"{str(self.value)[:40]!r} is not a string of bits")
        return {row for row, bit in enumerate(text) if bit == "1"}

    def reference(self) -> tuple[int, int]:
        """NodeReferenceID as (region, id); a region that is left out is 0."""
        region = self.find("region")
        numbers = (0 if region is None else region.integer(), self.get("id").integer())
        if not all(0 <= number <= 65535 for number in numbers):
            raise self.error(f"region and id {numbers} are not within 0..65535")
        return numbers

    def position(self) -> tuple[float, float]:
        """Longitude and latitude (deg) of a Position3D."""
        lon, lat = self.get("long", "lon"), self.get("lat")
        if lat.integer() == 900_000_001 or lon.integer() == 1_800_000_001:
            raise self.error("the position is marked as unknown")
        if abs(lat.integer()) > 900_000_000:
            raise lat.error(f"{lat.integer() * _UNIT:g} is beyond 90 deg; are latitude and longitude swapped?")
        if abs(lon.integer()) > 1_800_000_000:
            raise lon.error(f"{lon.integer() * _UNIT:g} is beyond 180 deg")
        return lon.integer() * _UNIT, lat.integer() * _UNIT

    def near(self, reference: tuple[float, float]) -> tuple[float, float]:
        """Longitude and latitude (deg) of a RoadPoint: an absolute position or an offset from `reference`."""
        part = self.find("posOffset") or self
        part = part.find("offsetLL") or part
        offset = next((found for level in range(1, 7) if (found := part.find(f"position-LL{level}"))), None)
        if offset is not None:
            lon = reference[0] + offset.get("lon", "long").integer() * _UNIT
            lat = reference[1] + offset.get("lat").integer() * _UNIT
        else:
            lon, lat = (part.find("position-LatLon") or part).position()
        if math.hypot(lon - reference[0], lat - reference[1]) > FARTHEST:
            raise self.error(f"point {lon:.6f},{lat:.6f} is far from the node at {reference[0]:.6f},{reference[1]:.6f}")
        return lon, lat
