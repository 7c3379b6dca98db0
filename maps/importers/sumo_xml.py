"""Read SUMO network XML as a stream into plain records (SUMO documentation, "Networks/SUMO Road Networks").

The reader keeps attribute texts as they stand; `maps.importers.sumo` gives them meaning. Document types and entities
are refused, so a hostile file can neither expand without bound nor reach for other files.
"""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast
from xml.parsers import expat

from maps.errors import MapSourceError

Attributes = dict[str, str]
_BLOCK = 1 << 20


@dataclass
class SumoEdge:
    """`<edge>` with its lanes."""

    attributes: Attributes
    lanes: list[Attributes] = field(default_factory=list)


@dataclass
class SumoProgram:
    """`<tlLogic>` with its phases."""

    id: str
    phases: list[Attributes] = field(default_factory=list)


@dataclass
class SumoNet:
    """One network file; internal edges apart from those of the street."""

    location: Attributes = field(default_factory=dict)
    edges: list[SumoEdge] = field(default_factory=list)
    internal_lanes: dict[str, str] = field(default_factory=dict)
    """Shape text by lane id."""
    crossings: list[SumoEdge] = field(default_factory=list)
    walking_areas: int = 0
    junctions: list[Attributes] = field(default_factory=list)
    connections: list[Attributes] = field(default_factory=list)
    programs: dict[str, SumoProgram] = field(default_factory=dict)
    """The last program of each signal, as SUMO runs it."""
    spare_programs: int = 0


class _NetHandler:
    """Collects elements of a network file; `edge` and `program` are the parents still open."""

    def __init__(self, net: SumoNet) -> None:
        self._net = net
        self._edge = SumoEdge({})
        self._program = SumoProgram("")
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "location": self._location,
            "edge": self._start_edge,
            "lane": self._lane,
            "junction": self._junction,
            "connection": net.connections.append,
            "tlLogic": self._start_program,
            "phase": self._phase,
        }

    def start(self, name: str, attributes: Attributes) -> None:
        handle = self._starts.get(name)
        if handle is not None:
            handle(attributes)

    def _location(self, attributes: Attributes) -> None:
        self._net.location = attributes

    def _start_edge(self, attributes: Attributes) -> None:
        self._edge = SumoEdge(attributes)
        function = attributes.get("function", "normal")
        if function == "crossing":
            self._net.crossings.append(self._edge)
        elif function == "walkingarea":
            self._net.walking_areas += 1
        elif function != "internal":
            self._net.edges.append(self._edge)

    def _lane(self, attributes: Attributes) -> None:
        if self._edge.attributes.get("function") == "internal":
            self._net.internal_lanes[attributes.get("id", "")] = attributes.get("shape", "")
        else:
            self._edge.lanes.append(attributes)

    def _junction(self, attributes: Attributes) -> None:
        if attributes.get("type") != "internal":
            self._net.junctions.append(attributes)

    def _start_program(self, attributes: Attributes) -> None:
        self._program = SumoProgram(attributes.get("id", ""))
        self._net.spare_programs += self._program.id in self._net.programs
        self._net.programs[self._program.id] = self._program

    def _phase(self, attributes: Attributes) -> None:
        self._program.phases.append(attributes)


def read_net(path: Path) -> SumoNet:
    """Read `.net.xml` or `.net.xml.gz`.

    Raises:
        MapSourceError: the file is unreadable, cut short, not XML, declares a document type or is no SUMO network.
    """
    net = SumoNet()
    root = read_elements(path, _NetHandler(net).start)
    if root != "net":
        raise MapSourceError(path, f"<{root}>", "not a SUMO network, its root element is not <net>")
    return net


def read_elements(
    path: Path, start: Callable[[str, Attributes], None], end: Callable[[str], None] | None = None
) -> str:
    """Call `start(name, attributes)` and `end(name)` for each element of an XML file; return the root's name.

    Raises:
        MapSourceError: the file is unreadable, cut short, not XML or declares a document type.
    """
    seen = _Seen(path, start)
    parser = expat.ParserCreate()
    parser.StartElementHandler = seen.element
    parser.StartDoctypeDeclHandler = seen.refuse_doctype
    parser.EndElementHandler = end
    parser.buffer_text = True
    try:
        with _open(path) as stream:
            while block := stream.read(_BLOCK):
                parser.Parse(block, False)  # noqa: FBT003 (expat takes no keyword)
        parser.Parse(b"", True)  # noqa: FBT003 (expat takes no keyword)
    except expat.ExpatError as error:
        raise MapSourceError(path, seen.where, f"broken XML: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MapSourceError(path, seen.where, f"broken gzip: {error}") from error
    except OSError as error:
        raise MapSourceError(path, "", error.strerror or str(error)) from error
    return seen.root


class _Seen:
    """Remembers the last element, so that an error can say where it struck."""

    def __init__(self, path: Path, start: Callable[[str, Attributes], None]) -> None:
        self._path = path
        self._start = start
        self._last: tuple[str, Attributes] = ("", {})
        self.root = ""

    @property
    def where(self) -> str:
        name, attributes = self._last
        if not name:
            return "start of file"
        return f"at <{name} id={attributes['id']!r}>" if "id" in attributes else f"at <{name}>"

    def element(self, name: str, attributes: Attributes) -> None:
        self.root = self.root or name
        self._last = name, attributes
        self._start(name, attributes)

    def refuse_doctype(self, name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        raise MapSourceError(self._path, f"<!DOCTYPE {name}>", "document types are refused")


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
