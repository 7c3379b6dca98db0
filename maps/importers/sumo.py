"""SUMO network -> RoadNetwork, without SUMO installed.

Source format: SUMO documentation, "Networks/SUMO Road Networks" (net version 1.x, as netconvert and netgenerate write).
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps.geodesy import LocalPlane
from maps.importers.report import Imported, ImportReport, count_tables
from maps.importers.shapes import ShapePool
from maps.importers.sumo_additional import PlaceReader, read_places
from maps.importers.sumo_connections import read_connections, read_crossings
from maps.importers.sumo_projection import NetProjection
from maps.importers.sumo_roads import read_roads
from maps.importers.sumo_signals import SignalTables, read_signals
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import SumoNet, read_net
from maps.network import CarParks, Floats, Nodes, RoadNetwork, Signals, Stops

Column = NDArray[np.float64]

DEFAULT_REGION = 4301
"""RoadRegulatorID of signals that name none: the first digits of Changsha's division code 430100 (GB/T 2260)."""


def import_sumo(path: Path, additional: Path | None = None, *, region: int = DEFAULT_REGION) -> Imported:
    """Read `.net.xml[.gz]` and, if given, an additional file with bus stops and car parks.

    Raises:
        MapSourceError: a file is unreadable or cut short, or an element makes no sense; it names the element.
        NoProjectionError: the network lies nowhere on the Earth.
    """
    net = read_net(path)
    report = ImportReport()
    network = _SumoImport(SumoValues(path), net, report, region).build(additional)
    report.counts = count_tables(network)
    return Imported(network, report)


class _SumoImport:
    """One import: the parts that every table needs."""

    def __init__(self, values: SumoValues, net: SumoNet, report: ImportReport, region: int) -> None:
        self._values = values
        self._net = net
        self._report = report
        self._pool = ShapePool()
        self._projection = NetProjection.of(values, net.location)
        if not net.edges:
            raise values.error("net", {}, "has no edge")
        self._roads = read_roads(values, net, self._pool, report)
        self._signals = read_signals(values, net, self._roads, region, report)
        report.dropped["walking_area"] += net.walking_areas

    def build(self, additional: Path | None) -> RoadNetwork:
        connections = read_connections(
            self._values, self._net, self._roads, self._signals, pool=self._pool, report=self._report
        )
        crossings = read_crossings(self._values, self._net, self._roads, self._signals, pool=self._pool)
        raw = self._pool.points()
        plane = self._projection.plane_about(raw[:, 0], raw[:, 1])
        points = np.column_stack(self._project(plane, raw[:, 0], raw[:, 1]))
        nodes = self._nodes(plane)
        links, lanes = self._roads.links(points), self._roads.lanes(points)
        stops, car_parks = self._places(additional, lanes.length, plane)
        return RoadNetwork(
            name=self._values.path.name.partition(".")[0],
            source=_provenance(self._values.path, additional),
            plane=plane,
            points=points,
            nodes=nodes,
            links=links,
            lanes=lanes,
            connections=connections,
            signals=_placed(self._signals, nodes),
            groups=self._signals.groups,
            program=self._signals.program,
            program_states=self._signals.states,
            crossings=crossings,
            stops=stops,
            car_parks=car_parks,
        )

    def _project(self, plane: LocalPlane, x: Column, y: Column) -> tuple[Column, Column]:
        return plane.forward(*self._projection.to_degrees(x, y))

    def _nodes(self, plane: LocalPlane) -> Nodes:
        junctions, values = self._net.junctions, self._values
        x, y = self._project(
            plane,
            np.array([values.number("junction", junction, "x") for junction in junctions]),
            np.array([values.number("junction", junction, "y") for junction in junctions]),
        )
        signal = [self._signals.node_signal.get(row, -1) for row in range(len(junctions))]
        return Nodes(id=np.array(list(self._roads.node_rows), str), x=x, y=y, signal=np.array(signal, np.int32))

    def _places(self, additional: Path | None, lane_lengths: Floats, plane: LocalPlane) -> tuple[Stops, CarParks]:
        places = read_places(additional)
        values = SumoValues(additional or self._values.path)
        reader = PlaceReader(values, self._roads, self._pool, lane_lengths)
        car_parks = reader.car_parks(places, self._report)
        x, y = self._project(plane, car_parks.x, car_parks.y)
        return reader.stops(places), replace(car_parks, x=x, y=y)


def _placed(tables: SignalTables, nodes: Nodes) -> Signals:
    """Signals at the mean position of the nodes they control."""
    owned = nodes.signal >= 0
    count = np.bincount(nodes.signal[owned], minlength=len(tables.rows))
    x, y = (
        np.bincount(nodes.signal[owned], values[owned], len(tables.rows)) / np.maximum(count, 1)
        for values in (nodes.x, nodes.y)
    )
    return replace(tables.signals, x=x, y=y)


def _provenance(*paths: Path | None) -> str:
    files = [f"{path.name} sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths if path]
    return "SUMO network " + ", ".join(files)
