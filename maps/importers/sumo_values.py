"""Texts of SUMO attributes as numbers, names and shapes; a bad one is refused by the name of its element."""

import math
from dataclasses import dataclass
from pathlib import Path

from maps.errors import MapSourceError
from maps.importers.shapes import Position
from maps.importers.sumo_xml import Attributes


@dataclass(frozen=True)
class SumoValues:
    """Reads attribute values of one file."""

    path: Path

    def error(self, tag: str, attributes: Attributes, reason: str) -> MapSourceError:
        """Error that names one element of this file."""
        name = attributes.get("id")
        return MapSourceError(self.path, f"{tag} {name!r}" if name is not None else f"<{tag}>", reason)

    def text(self, tag: str, attributes: Attributes, name: str) -> str:
        """Text of an attribute that must be there."""
        value = attributes.get(name)
        if value is None:
            raise self.error(tag, attributes, f"attribute {name!r} is missing")
        return value

    def number(self, tag: str, attributes: Attributes, name: str, default: float | None = None) -> float:
        """Finite number of an attribute; `default` where it is absent and a default is given."""
        value = attributes.get(name)
        if value is None and default is not None:
            return default
        try:
            number = float(self.text(tag, attributes, name))
        except ValueError as error:
            raise self.error(tag, attributes, f"{name} {value!r} is not a number") from error
        if not math.isfinite(number):
            raise self.error(tag, attributes, f"{name} {value!r} is not finite")
        return number

    def integer(self, tag: str, attributes: Attributes, name: str, default: int | None = None) -> int:
        """Whole number of an attribute; `default` where it is absent and a default is given."""
        return int(self.number(tag, attributes, name, default))

    def shape(self, tag: str, attributes: Attributes) -> list[Position]:
        """Points of a line `x,y[,z] x,y[,z] ...`, at least two."""
        points = self.points(tag, attributes, self.text(tag, attributes, "shape"))
        if len(points) < 2:
            raise self.error(tag, attributes, f"shape has {len(points)} point, a line needs two")
        return points

    def points(self, tag: str, attributes: Attributes, text: str) -> list[Position]:
        """Points of a shape text; heights are left out."""
        try:
            return [(float((parts := point.split(","))[0]), float(parts[1])) for point in text.split()]
        except (ValueError, IndexError) as error:
            raise self.error(tag, attributes, f"shape {text[:40]!r} is not a list of x,y") from error
