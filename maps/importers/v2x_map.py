"""V2X MAP messages -> RoadNetwork of the intersections they describe (T/CSAE 53-2020, MSG_MAP).

A MAP tells the links into its nodes. Links out of a node are those into its neighbour where the neighbour's MAP is
there too; else they are guessed beside the links that come from the same neighbour. Signal programs, crossings, stops
and car parks are not in a MAP.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from maps.errors import MapSourceError
from maps.geodesy import LocalPlane
from maps.importers.empty_tables import no_car_parks, no_crossings, no_program, no_stops
from maps.importers.names import split_name
from maps.importers.report import Imported, ImportReport, count_tables
from maps.importers.road_class import guess_class
from maps.importers.shapes import span_columns
from maps.importers.v2x_map_drafts import LaneDraft, Layout, LayoutError, LinkDraft, curve, direction, turn_between
from maps.importers.v2x_map_records import MapConnection, MapNode, Reference, read_nodes
from maps.network import (
    Connections,
    Groups,
    Lanes,
    Links,
    Nodes,
    Points,
    RoadNetwork,
    Signals,
    Turn,
)
from maps.participants import ANY_KIND, MOTOR_KINDS, ParticipantKind
from maps.polyline import lengths

DEFAULT_SPEED = 60 / 3.6
"""Speed limit of links that name none, m/s."""
_GUESSED_LANE = ANY_KIND & ~ParticipantKind.PEDESTRIAN.bit


def import_v2x_map(messages: Iterable[Mapping[str, object]], source: Path) -> Imported:
    """Make a network of decoded MAP messages; `source` names where they came from.

    Raises:
        MapSourceError: a field is missing or makes no sense, it is named by its path; or no node has a link.
    """
    nodes, report = read_nodes(messages, source), ImportReport()
    report.dropped["node_without_links"] += sum(not node.links for node in nodes)
    nodes = [node for node in nodes if node.links]
    if not nodes:
        raise MapSourceError(source, "nodes", "no node has a link")
    layout = layout_nodes(nodes, source, report)
    network = _Tables(nodes, layout).network(source)
    report.counts = count_tables(network)
    return Imported(network, report)


def layout_nodes(nodes: list[MapNode], source: Path, report: ImportReport, plane: LocalPlane | None = None) -> Layout:
    """Lay out the links of `nodes` in `plane`, by default one about the middle of their points.

    Raises:
        MapSourceError: a link says nowhere where it lies.
    """
    if plane is None:
        places = [place for node in nodes for link in node.links for place in link.points] + [n.position for n in nodes]
        plane = LocalPlane.about([lon for lon, _ in places], [lat for _, lat in places])
    layout = Layout(plane, report)
    try:
        layout.add_nodes(nodes)
    except LayoutError as error:
        raise MapSourceError(source, error.place, error.reason) from error
    return layout


def node_name(reference: Reference) -> str:
    """Id of a node or signal that a MAP names."""
    return f"map:{reference[0]}:{reference[1]}"


@dataclass
class _Rows:
    """Connections under construction."""

    lanes: list[tuple[int, int]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    lights: list[tuple[int, int]] = field(default_factory=list)
    shapes: list[Points] = field(default_factory=list)


class _Tables:
    """Turns a layout into tables."""

    def __init__(self, nodes: list[MapNode], layout: Layout) -> None:
        self._maps, self._layout, self._links = nodes, layout, layout.links
        self._shapes: list[Points] = []
        self._point_count = 0
        ends = [reference for link in self._links for reference in (link.start, link.end)]
        self._node_rows = {reference: row for row, reference in enumerate(dict.fromkeys(ends))}
        counts = [len(link.lanes) for link in self._links]
        self._first = (np.cumsum(counts) - counts).tolist()
        phases = {node.reference: sorted(_phases(node)) for node in nodes}
        self._lit = {reference: found for reference, found in phases.items() if found}
        self._signal_rows = {reference: row for row, reference in enumerate(self._lit)}

    def network(self, source: Path) -> RoadNetwork:
        link_spans = [self._add(link.shape) for link in self._links]
        lane_spans = [self._add(lane.shape) for link in self._links for lane in link.lanes]
        connections = self._connections()
        points = np.vstack(self._shapes)
        nodes = self._nodes()
        return RoadNetwork(
            name=source.name.partition(".")[0] or "map",
            source=f"V2X MAP {source.name}, {len(self._maps)} nodes",
            plane=self._layout.plane,
            points=points,
            nodes=nodes,
            links=self._link_table(points, link_spans),
            lanes=self._lane_table(points, lane_spans),
            connections=connections,
            signals=self._signals(nodes),
            groups=self._groups(),
            program=no_program(),
            program_states=np.empty(0, np.uint8),
            crossings=no_crossings(),
            stops=no_stops(),
            car_parks=no_car_parks(),
        )

    def _add(self, shape: Points) -> tuple[int, int]:
        start = self._point_count
        self._point_count += len(shape)
        self._shapes.append(shape)
        return start, len(shape)

    def _nodes(self) -> Nodes:
        known = {node.reference: self._layout.metres([node.position])[0] for node in self._maps}
        places = np.zeros((len(self._node_rows), 2))
        for reference, row in self._node_rows.items():
            ends = [link.shape[0] for link in self._links if link.start == reference]
            ends += [link.shape[-1] for link in self._links if link.end == reference]
            places[row] = known.get(reference, np.mean(ends, axis=0))
        return Nodes(
            id=np.array([node_name(reference) for reference in self._node_rows], str),
            x=places[:, 0].copy(),
            y=places[:, 1].copy(),
            signal=np.array([self._signal_rows.get(reference, -1) for reference in self._node_rows], np.int32),
        )

    def _link_table(self, points: Points, spans: list[tuple[int, int]]) -> Links:
        start, count = span_columns(spans)
        names = [split_name(link.name) for link in self._links]
        return Links(
            id=np.array(_unique([f"{node_name(link.start)}>{link.end[0]}:{link.end[1]}" for link in self._links]), str),
            from_node=np.array([self._node_rows[link.start] for link in self._links], np.int32),
            to_node=np.array([self._node_rows[link.end] for link in self._links], np.int32),
            road_class=np.array([self._road_class(link) for link in self._links], np.uint8),
            length=lengths(points, start, count).astype(np.float32),
            speed=np.array([self._speed(link) for link in self._links], np.float32),
            lane_start=np.array(self._first, np.int32),
            lane_count=np.array([len(link.lanes) for link in self._links], np.int32),
            shape_start=start,
            shape_count=count,
            name_zh=np.array([zh for zh, _ in names], str),
            name_en=np.array([en for _, en in names], str),
        )

    def _speed(self, link: LinkDraft) -> float:
        self._layout.report.guessed["speed"] += link.speed is None
        return link.speed or DEFAULT_SPEED

    def _road_class(self, link: LinkDraft) -> int:
        allowed = 0
        for lane in link.lanes:
            allowed |= _allowed(lane)
        motor = sum(_allowed(lane) & MOTOR_KINDS != 0 for lane in link.lanes)
        return int(guess_class(speed=link.speed or DEFAULT_SPEED, lanes=motor, allowed=allowed))

    def _lane_table(self, points: Points, spans: list[tuple[int, int]]) -> Lanes:
        start, count = span_columns(spans)
        drafts = [(row, place, lane) for row, link in enumerate(self._links) for place, lane in enumerate(link.lanes)]
        speeds = [link.speed or DEFAULT_SPEED for link in self._links]
        ids = _unique([f"{node_name(link.start)}>{link.end[0]}:{link.end[1]}" for link in self._links])
        return Lanes(
            id=np.array([f"{ids[row]}_{place}" for row, place, _ in drafts], str),
            link=np.array([row for row, _, _ in drafts], np.int32),
            index=np.array([place for _, place, _ in drafts], np.uint8),
            width=np.array([lane.width for _, _, lane in drafts], np.float32),
            speed=np.array([_own_speed(lane) or speeds[row] for row, _, lane in drafts], np.float32),
            length=lengths(points, start, count).astype(np.float32),
            allowed=np.array([_allowed(lane) for _, _, lane in drafts], np.uint32),
            shape_start=start,
            shape_count=count,
        )

    def _connections(self) -> Connections:
        rows = _Rows()
        for row, link in enumerate(self._links):
            for place, lane in enumerate(link.lanes):
                for entry in lane.record.connections if lane.record else ():
                    self._connect(rows, link, (self._first[row] + place, lane), entry)
        start, count = span_columns([self._add(shape) for shape in rows.shapes])
        lanes = np.array(rows.lanes, np.int32).reshape(-1, 2)
        lights = np.array(rows.lights, np.int32).reshape(-1, 2)
        return Connections(
            from_lane=lanes[:, 0].copy(),
            to_lane=lanes[:, 1].copy(),
            turn=np.array(rows.turns, np.uint8),
            signal=lights[:, 0].copy(),
            group=lights[:, 1].copy(),
            shape_start=start,
            shape_count=count,
        )

    def _connect(self, rows: _Rows, link: LinkDraft, origin: tuple[int, LaneDraft], entry: MapConnection) -> None:
        report = self._layout.report
        target = self._layout.onward(link.end, entry.remote, entry.lane)
        place = target.lane(entry.lane) if target else None
        if target is None or place is None:
            report.dropped["connection_without_target_lane"] += 1
            return
        row, lane = origin
        goal = target.lanes[place]
        angles = direction(lane.shape[-2], lane.shape[-1]), direction(goal.shape[0], goal.shape[1])
        turn = entry.turn
        if turn is None:
            report.guessed["turn"] += 1
            known = lane.record.turns if lane.record else set()
            turn = next(iter(known)) if len(known) == 1 else turn_between(*angles)
        rows.lanes.append((row, self._first[_row_of(self._links, target)] + place))
        rows.turns.append(turn)
        rows.lights.append(self._light(link.end, entry.phase))
        rows.shapes.append(curve(lane.shape[-1], angles[0], goal.shape[0], angles[1]))

    def _light(self, node: Reference, phase: int | None) -> tuple[int, int]:
        if phase is None:
            return -1, -1
        before = [len(phases) for reference, phases in self._lit.items()][: self._signal_rows[node]]
        return self._signal_rows[node], sum(before) + self._lit[node].index(phase)

    def _groups(self) -> Groups:
        pairs = [(self._signal_rows[node], phase) for node, phases in self._lit.items() for phase in phases]
        return Groups(
            signal=np.array([signal for signal, _ in pairs], np.int32),
            phase_id=np.array([phase for _, phase in pairs], np.int32),
            pedestrian=np.zeros(len(pairs), bool),
        )

    def _signals(self, nodes: Nodes) -> Signals:
        rows = [self._node_rows[reference] for reference in self._lit]
        counts = np.array([len(phases) for phases in self._lit.values()], np.int32)
        own = {node.reference: split_name(node.name) for node in self._maps}
        names = [own[reference] for reference in self._lit]
        return Signals(
            id=nodes.id[rows] if rows else np.empty(0, str),
            region=np.array([region for region, _ in self._lit], np.int32),
            node_id=np.array([number for _, number in self._lit], np.int32),
            x=nodes.x[rows],
            y=nodes.y[rows],
            name_zh=np.array([zh for zh, _ in names], str),
            name_en=np.array([en for _, en in names], str),
            group_start=(np.cumsum(counts) - counts).astype(np.int32),
            group_count=counts,
            program_start=np.zeros(len(rows), np.int32),
            program_count=np.zeros(len(rows), np.int32),
        )


def _phases(node: MapNode) -> set[int]:
    entries = [entry for link in node.links for lane in link.lanes.values() for entry in lane.connections]
    return {entry.phase for entry in entries if entry.phase is not None}


def _allowed(lane: LaneDraft) -> int:
    return lane.record.allowed if lane.record else _GUESSED_LANE


def _own_speed(lane: LaneDraft) -> float | None:
    return lane.record.speed if lane.record else None


def _row_of(links: list[LinkDraft], wanted: LinkDraft) -> int:
    return next(row for row, link in enumerate(links) if link is wanted)


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return made
