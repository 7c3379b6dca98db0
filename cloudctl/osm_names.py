"""Prepare an OpenStreetMap file for netconvert: check it, count what it leaves open and join names in two languages.

netconvert carries one name a road. The tag `name` becomes `zh|en` from `name:zh` (or `name`) and `name:en`, the form
that the importer of networks splits again (OpenStreetMap wiki, "Multilingual names#China").
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import quoteattr

from cloudctl.osm_limits import Limit, LimitError, limit_of
from maps.errors import MapSourceError
from maps.importers.sumo_xml import Attributes, read_elements

_PARENTS = {"node", "way", "relation"}


@dataclass
class OsmSummary:
    """What an OpenStreetMap file holds and leaves open."""

    ways: int = 0
    """Roads."""
    missing: Counter[str] = field(default_factory=Counter)
    """Roads without a tag, by what has to be guessed."""
    restrictions: int = 0
    limits: dict[str, Limit] = field(default_factory=dict)
    """By the id of the way."""
    unreadable_limits: int = 0


def prepare_osm(source: Path, out: Path) -> OsmSummary:
    """Write `source` to `out` with joined names.

    Raises:
        MapSourceError: broken XML, no OpenStreetMap file, a position that is none, or no road.
    """
    with out.open("w", encoding="utf-8") as file:
        copy = _Copy(source, file)
        root = read_elements(source, copy.start, copy.end)
    if root != "osm":
        raise MapSourceError(source, f"<{root}>", "not an OpenStreetMap file, its root element is not <osm>")
    if not copy.summary.ways:
        raise MapSourceError(source, "<osm>", "has no way with a highway tag")
    return copy.summary


class _Copy:
    """Copies elements; nodes, ways and relations wait until all their tags are known."""

    def __init__(self, source: Path, file: TextIO) -> None:
        self._source, self._file = source, file
        self._attributes: Attributes = {}
        self._tags: dict[str, str] = {}
        self._children: list[str] = []
        self.summary = OsmSummary()

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _PARENTS:
            self._attributes, self._tags, self._children = attributes, {}, []
            if name == "node":
                self._check(attributes)
        elif name == "tag":
            self._tags[attributes.get("k", "")] = attributes.get("v", "")
        elif name == "osm":
            self._file.write(f"{_opening(name, attributes)}>\n")
        else:
            self._children.append(f"{_opening(name, attributes)}/>")

    def end(self, name: str) -> None:
        if name in _PARENTS:
            self._count(name)
            joined = _joined_name(self._tags)
            tags = {**self._tags, "name": joined} if joined else self._tags
            children = self._children + [_opening("tag", {"k": key, "v": text}) + "/>" for key, text in tags.items()]
            self._file.write(f"{_opening(name, self._attributes)}>{''.join(children)}</{name}>\n")
        elif name == "osm":
            self._file.write("</osm>\n")

    def _check(self, node: Attributes) -> None:
        element = f"node {node.get('id')!r}"
        for name, bound in (("lat", 90.0), ("lon", 180.0)):
            try:
                value = float(node[name])
            except (KeyError, ValueError) as error:
                raise MapSourceError(self._source, element, f"{name} {node.get(name)!r} is not a number") from error
            if not abs(value) <= bound:
                reason = f"{name} {value:g} is beyond {bound:g} deg; are latitude and longitude swapped?"
                raise MapSourceError(self._source, element, reason)

    def _count(self, name: str) -> None:
        if name == "way" and "highway" in self._tags:
            self.summary.ways += 1
            for tag in ("lanes", "maxspeed"):
                self.summary.missing[tag] += tag not in self._tags
            self._note_limit()
        self.summary.restrictions += name == "relation" and self._tags.get("type") == "restriction"

    def _note_limit(self) -> None:
        try:
            limit = limit_of(self._tags)
        except LimitError:
            self.summary.unreadable_limits += 1
            return
        if limit is not None:
            self.summary.limits[self._attributes.get("id", "")] = limit


def _joined_name(tags: dict[str, str]) -> str:
    english = tags.get("name:en", "")
    chinese = tags.get("name:zh", "") or tags.get("name:zh-Hans", "") or tags.get("name", "")
    return f"{chinese}|{english}" if english else chinese


def _opening(name: str, attributes: Attributes) -> str:
    return f"<{name}" + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
