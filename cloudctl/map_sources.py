"""Road networks from any source: SUMO, OpenStreetMap, OpenDRIVE and V2X MAP messages.

OpenStreetMap and OpenDRIVE go through netconvert, which builds lanes, turns and signal programs; V2X MAP messages may
be JSON of the standard or of OpenV2X, one a line or a list, or UPER as bytes or hex digits.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

import orjson

from cloudctl.osm_limits import with_limits
from cloudctl.osm_names import OsmSummary, prepare_osm
from cloudctl.sumo_tools import SumoToolError, run_program, sumo_home
from ingest.uper.codec import codec_for
from ingest.uper.errors import DecodeError
from ingest.uper.schema import Profile
from maps.errors import MapSourceError, UnknownSourceError
from maps.importers.any_source import SOURCES as SUMO_SOURCES
from maps.importers.report import Imported
from maps.importers.sumo import import_sumo
from maps.importers.sumo_xml import Attributes, read_elements
from maps.importers.v2x_map import import_v2x_map
from maps.network import RoadNetwork
from maps.v2x_map_merge import merge_v2x_map

OSM = (".osm", ".osm.gz", ".osm.pbf")
OPENDRIVE = (".xodr",)
MAP_MESSAGES = (".json", ".jsonl", ".hex", ".uper")
SOURCES = (*SUMO_SOURCES, *OSM, *OPENDRIVE, *MAP_MESSAGES)
"""File names that can be imported, by their ends."""
_COMMON = ("--output.street-names", "--no-turnarounds.except-deadend", "--tls.default-type", "static")
_ROAD_USERS = "passenger,bus,truck,delivery,bicycle"


def import_any(source: Path, additional: Path | None = None, profile: Profile = Profile.V4) -> Imported:
    """Make a road network of a file.

    Args:
        source: File whose name ends in one of `SOURCES`.
        additional: SUMO additional file with stops and car parks, for SUMO networks alone.
        profile: Edition of UPER messages.

    Raises:
        UnknownSourceError: there is no such file, or nothing reads its kind.
        MapSourceError: the file cannot become a road network; the element at fault is named.
        SumoToolError: netconvert is missing.
    """
    if not source.is_file():
        raise UnknownSourceError(source, "", "no such file")
    if source.name.endswith(SUMO_SOURCES):
        return import_sumo(source, additional)
    if source.name.endswith(MAP_MESSAGES):
        return import_v2x_map(read_map_messages(source, profile), source)
    if not source.name.endswith((*OSM, *OPENDRIVE)):
        expected = " or ".join(SOURCES)
        raise UnknownSourceError(source, "", f"unknown kind of map, expected a name that ends in {expected}")
    with TemporaryDirectory(prefix="cloudctl-map-") as folder:
        convert = _from_opendrive if source.name.endswith(OPENDRIVE) else _from_osm
        return _named(convert(source, Path(folder)), source)


def read_map_messages(source: Path, profile: Profile = Profile.V4) -> list[Mapping[str, object]]:
    """Decoded MAP messages of a file: JSON (one, a list, or one a line), hex digits (one a line) or UPER bytes.

    Raises:
        MapSourceError: it holds something else; a line at fault is named.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise MapSourceError(source, "", error.strerror or str(error)) from error
    if source.suffix == ".uper":
        return [_decoded(source, "message", content, profile)]
    lines = {f"line {row}": line for row, line in enumerate(content.splitlines(), 1) if line.strip()}
    if source.suffix == ".hex":
        return [_decoded(source, place, _unhexed(source, place, line), profile) for place, line in lines.items()]
    whole = {"": content} if source.suffix == ".json" else lines
    return [message for place, text in whole.items() for message in _parsed(source, place, text)]


def merge_messages(network: RoadNetwork, source: Path, profile: Profile = Profile.V4) -> Imported:
    """Correct a network by the MAP messages of a file.

    Raises:
        UnknownSourceError: it is no file of MAP messages.
        MapSourceError: a message makes no sense.
    """
    if not source.name.endswith(MAP_MESSAGES):
        expected = " or ".join(MAP_MESSAGES)
        raise UnknownSourceError(source, "", f"only V2X MAP messages can be merged, in files that end in {expected}")
    return merge_v2x_map(network, read_map_messages(source, profile), source)


def _parsed(source: Path, place: str, text: bytes) -> list[Mapping[str, object]]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MapSourceError(source, place, f"broken JSON: {error}") from error
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(message, dict) for message in found):
        raise MapSourceError(source, place, "not a MAP message, which is a JSON object")
    return found


def _unhexed(source: Path, place: str, line: bytes) -> bytes:
    try:
        return bytes.fromhex(line.decode("ascii"))
    except ValueError as error:
        raise MapSourceError(source, place, f"{line[:20]!r} is no row of hex digits") from error


def _decoded(source: Path, place: str, data: bytes, profile: Profile) -> Mapping[str, object]:
    try:
        frame = codec_for(profile).decode(data)
    except DecodeError as error:
        raise MapSourceError(source, place, f"no UPER of profile {profile}: {error}") from error
    if "mapFrame" not in frame:
        raise MapSourceError(source, place, f"holds a {next(iter(frame))}, not a MAP")
    return frame


def _from_osm(source: Path, folder: Path) -> Imported:
    plain = _without_pbf(source, folder) if source.suffix == ".pbf" else source
    prepared = folder / "roads.osm"
    try:
        summary = prepare_osm(plain, prepared)
    except MapSourceError as error:
        raise MapSourceError(source, error.element, error.reason) from error
    files = ["--osm-files", prepared.name, "--ptstop-output", "stops.xml", "--ptline-output", "lines.xml"]
    options = ["--osm.turn-lanes", "--osm.lane-access", "--junctions.join", "--tls.guess-signals", "--tls.join"]
    options += ["--keep-edges.by-vclass", _ROAD_USERS, "--proj.utm", "--roundabouts.guess", "--ramps.guess"]
    types = _types("osmNetconvert.typ.xml", "osmNetconvertBicycle.typ.xml")
    imported = _netconvert(source, folder, [*files, *types, *options])
    _note_osm(imported, summary)
    return Imported(with_limits(imported.network, summary.limits), imported.report)


def _from_opendrive(source: Path, folder: Path) -> Imported:
    if read_elements(source, lambda _name, _attributes: None) != "OpenDRIVE":
        raise MapSourceError(source, "", "not an OpenDRIVE file, its root element is not <OpenDRIVE>")
    types = _types("opendriveNetconvert.typ.xml")
    return _netconvert(source, folder, ["--opendrive-files", str(source.absolute()), *types])


def _types(*names: str) -> list[str]:
    home = sumo_home()
    files = [str(home / "data" / "typemap" / name) for name in names] if home else []
    return ["--type-files", ",".join(files)] if files else []


def _netconvert(source: Path, folder: Path, arguments: list[str]) -> Imported:
    """Run netconvert and import what it built; errors name the source."""
    net, stops = folder / "roads.net.xml", folder / "stops.xml"
    try:
        warnings = run_program("netconvert", *arguments, *_COMMON, "-o", net.name, folder=folder)
    except SumoToolError as error:
        if "not installed" in error.reason:
            raise
        raise MapSourceError(source, "", f"netconvert: {error.reason}") from error
    additional = _with_lines(stops, folder) if stops.is_file() else None
    try:
        imported = import_sumo(net, additional)
    except MapSourceError as error:
        raise type(error)(source, error.element, error.reason) from error
    imported.report.guessed["signal_program"] += len(imported.network.signals.id)
    imported.report.dropped["netconvert_warning"] += sum(line.startswith("Warning") for line in warnings.splitlines())
    return imported


def _note_osm(imported: Imported, summary: OsmSummary) -> None:
    for tag, count in summary.missing.items():
        imported.report.guessed[f"way_{tag}"] += count
    imported.report.counts["osm_ways"] = summary.ways
    imported.report.counts["osm_restrictions"] = summary.restrictions
    imported.report.counts["osm_limits"] = len(summary.limits)
    imported.report.dropped["unreadable_limit"] += summary.unreadable_limits


def _with_lines(stops: Path, folder: Path) -> Path:
    """Additional file whose stops name the lines that call there."""
    calls: dict[str, list[str]] = {}
    line = [""]

    def call(name: str, attributes: Attributes) -> None:
        if name == "ptLine":
            line[0] = attributes.get("line", attributes.get("id", "")).replace(" ", "")
        elif name == "busStop":
            calls.setdefault(attributes.get("id", ""), []).append(line[0])

    rows: list[str] = []

    def stop(name: str, attributes: Attributes) -> None:
        if name == "busStop":
            named = {**attributes, "lines": " ".join(dict.fromkeys(calls.get(attributes.get("id", ""), [])))}
            rows.append("<busStop" + "".join(f" {key}={quoteattr(text)}" for key, text in named.items()) + "/>")

    if (folder / "lines.xml").is_file():
        read_elements(folder / "lines.xml", call)
    read_elements(stops, stop)
    out = folder / "places.add.xml"
    out.write_text(f"<additional>{''.join(rows)}</additional>", "utf-8")
    return out


def _without_pbf(source: Path, folder: Path) -> Path:
    """Plain OpenStreetMap XML of a .pbf file."""
    if find_spec("osmium") is None:
        reason = "reading .pbf needs the package osmium: `pip install osmium`, or give the file as .osm"
        raise UnknownSourceError(source, "", reason)
    osmium = import_module("osmium")
    out = folder / "plain.osm"
    try:
        with osmium.SimpleWriter(str(out)) as writer:
            for entity in osmium.FileProcessor(str(source)):
                writer.add(entity)
    except RuntimeError as error:
        raise MapSourceError(source, "", f"broken .pbf: {error}") from error
    return out


def _named(imported: Imported, source: Path) -> Imported:
    """Network that names the file it came from, not the one that netconvert wrote."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    try:
        tool = f"netconvert {version('eclipse-sumo')}"
    except PackageNotFoundError:
        tool = "netconvert"
    kind = "OpenDRIVE" if source.name.endswith(OPENDRIVE) else "OpenStreetMap (ODbL, © OpenStreetMap contributors)"
    provenance = f"{kind} {source.name} sha256:{digest}, {tool}"
    network = replace(imported.network, name=source.name.partition(".")[0], source=provenance)
    return Imported(network, imported.report)
