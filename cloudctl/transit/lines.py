"""The lines as they are published when a timetable was read: names, stops, ways, and what was wrong with the source."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from cloudctl.transit.errors import PatternError
from cloudctl.transit.gtfs_tables import Finding
from cloudctl.transit.patterns import Pattern
from cloudctl.transit.timetable import Timetable
from maps.geodesy import LocalPlane

FINDINGS_TOLD = 500


class StopPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of the timetable; deg."""

    id: str
    name: str
    lon: float
    lat: float


class PatternPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One way of a line."""

    id: str
    line: str
    direction: int
    stops: tuple[str, ...]
    stop_at: tuple[float, ...]
    """Distance of each stop along the way, m."""
    length: float
    points: tuple[tuple[float, float], ...]
    """(lon, lat), deg."""
    trips: int
    """Trips of the timetable that run it."""


class LinePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A line."""

    id: str
    name: str
    long_name: str = ""


class ImportFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was left out."""

    file: str
    line: int
    detail: str


class LinesState(msgspec.Struct, frozen=True, kw_only=True):
    """All that does not change while a timetable holds."""

    version: str
    zone: str
    trips: int
    lines: tuple[LinePlace, ...] = ()
    stops: tuple[StopPlace, ...] = ()
    patterns: tuple[PatternPlace, ...] = ()
    findings: tuple[ImportFinding, ...] = ()
    """The first of them."""
    finding_count: int = 0
    refused: str = ""
    """Why the newest source could not be used; the rest is then what was used before."""


def describe_lines(
    timetable: Timetable,
    patterns: Mapping[str, Pattern],
    pattern_of: Mapping[str, str],
    plane: LocalPlane,
    problems: tuple[Sequence[Finding], Iterable[PatternError]] = ((), ()),
) -> LinesState:
    """Describe a timetable; `problems` are the rows left out and the ways that could not be laid onto the roads."""
    counts: dict[str, int] = {}
    for name in pattern_of.values():
        counts[name] = counts.get(name, 0) + 1
    found = [ImportFinding(file=each.file, line=each.line, detail=each.detail) for each in problems[0]]
    found += [ImportFinding(file="stop_times.txt", line=0, detail=str(each)) for each in problems[1]]
    used = dict.fromkeys(stop for pattern in patterns.values() for stop in pattern.stops)
    lines = dict.fromkeys(pattern.line for pattern in patterns.values())
    stops = [timetable.stops[stop] for stop in used]
    return LinesState(
        version=timetable.version,
        zone=str(timetable.zone),
        trips=len(pattern_of),
        lines=tuple(
            LinePlace(id=line, name=timetable.lines[line].name, long_name=timetable.lines[line].long_name)
            for line in lines
        ),
        stops=tuple(StopPlace(id=stop.id, name=stop.name, lon=stop.lon, lat=stop.lat) for stop in stops),
        patterns=tuple(_pattern(pattern, plane, counts.get(pattern.id, 0)) for pattern in patterns.values()),
        findings=tuple(found[:FINDINGS_TOLD]),
        finding_count=len(found),
    )


def _pattern(pattern: Pattern, plane: LocalPlane, trips: int) -> PatternPlace:
    lon, lat = plane.inverse(pattern.points[:, 0], pattern.points[:, 1])
    points = zip(np.round(lon, 6).tolist(), np.round(lat, 6).tolist(), strict=True)
    return PatternPlace(
        id=pattern.id,
        line=pattern.line,
        direction=pattern.direction,
        stops=pattern.stops,
        stop_at=tuple(round(float(at), 1) for at in pattern.stop_at),
        length=round(pattern.length, 1),
        points=tuple(dict.fromkeys(points)),
        trips=trips,
    )
