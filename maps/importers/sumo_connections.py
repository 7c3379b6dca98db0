"""Connections and crossings of a SUMO network."""

from dataclasses import dataclass, field

import numpy as np

from maps.importers.report import ImportReport
from maps.importers.shapes import Position, ShapePool, span_columns, without_repeats
from maps.importers.sumo_roads import Roads
from maps.importers.sumo_signals import SignalTables
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes, SumoNet
from maps.network import Connections, Crossings, Turn

_TURNS = {"s": Turn.STRAIGHT, "l": Turn.LEFT, "L": Turn.LEFT, "r": Turn.RIGHT, "R": Turn.RIGHT, "t": Turn.U_TURN}
_LONGEST_CHAIN = 16
"""Internal lanes followed across one junction; real ones have at most three."""
_DEFAULT_CROSSING_WIDTH = 4.0


@dataclass
class _Rows:
    """Connections under construction."""

    lanes: list[tuple[int, int]] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)
    light: list[tuple[int, int]] = field(default_factory=list)
    span: list[tuple[int, int]] = field(default_factory=list)


def read_connections(
    values: SumoValues, net: SumoNet, roads: Roads, signals: SignalTables, *, pool: ShapePool, report: ImportReport
) -> Connections:
    """Turn all connections between street lanes into rows; their shapes follow the lanes inside the junction."""
    onward = {f"{c.get('from')}_{c.get('fromLane')}": c["via"] for c in net.connections if _is_chain(c)}
    rows = _Rows()
    for connection in net.connections:
        if connection.get("from", "").startswith(":") or connection.get("to", "").startswith(":"):
            continue
        pair = _lane(values, connection, roads, "from"), _lane(values, connection, roads, "to")
        report.guessed["turn"] += connection.get("dir") not in _TURNS
        rows.lanes.append(pair)
        rows.turn.append(_TURNS.get(connection.get("dir", ""), Turn.STRAIGHT))
        rows.light.append(_light(values, connection, signals))
        shape = _chain_shape(values, net, onward, connection.get("via", ""))
        rows.span.append(pool.add(shape or _straight(roads, pool, pair)))
    start, count = span_columns(rows.span)
    lanes = np.asarray(rows.lanes, np.int32).reshape(-1, 2)
    lights = np.asarray(rows.light, np.int32).reshape(-1, 2)
    return Connections(
        from_lane=lanes[:, 0].copy(),
        to_lane=lanes[:, 1].copy(),
        turn=np.array(rows.turn, np.uint8),
        signal=lights[:, 0].copy(),
        group=lights[:, 1].copy(),
        shape_start=start,
        shape_count=count,
    )


def read_crossings(values: SumoValues, net: SumoNet, roads: Roads, signals: SignalTables, pool: ShapePool) -> Crossings:
    """Turn crossing edges into rows, each with the group that its pedestrians look at."""
    groups = {
        connection["to"]: _light(values, connection, signals)[1]
        for connection in net.connections
        if "tl" in connection and connection.get("to", "").startswith(":")
    }
    ids = [values.text("edge", edge.attributes, "id") for edge in net.crossings]
    lanes = [edge.lanes[0] if edge.lanes else edge.attributes for edge in net.crossings]
    start, count = span_columns([pool.add(values.shape("lane", lane)) for lane in lanes])
    return Crossings(
        id=np.array(ids, str),
        node=np.array([roads.node_rows.get(name[1:].rpartition("_")[0], -1) for name in ids], np.int32),
        group=np.array([groups.get(name, -1) for name in ids], np.int32),
        width=np.array([values.number("lane", lane, "width", _DEFAULT_CROSSING_WIDTH) for lane in lanes], np.float32),
        shape_start=start,
        shape_count=count,
    )


def _is_chain(connection: Attributes) -> bool:
    return connection.get("from", "").startswith(":") and "via" in connection


def _lane(values: SumoValues, connection: Attributes, roads: Roads, end: str) -> int:
    link = values.text("connection", connection, end)
    index = values.integer("connection", connection, f"{end}Lane")
    row = roads.link_rows.get(link)
    if row is None or not 0 <= index < roads.lane_count[row]:
        raise values.error("connection", connection, f"{end} lane {link}_{index} does not exist")
    return roads.lane_start[row] + index


def _light(values: SumoValues, connection: Attributes, signals: SignalTables) -> tuple[int, int]:
    name = connection.get("tl")
    if name is None or name not in signals.rows:
        return -1, -1
    index = values.integer("connection", connection, "linkIndex")
    return signals.rows[name], signals.group_rows[name, index]


def _chain_shape(values: SumoValues, net: SumoNet, onward: dict[str, str], via: str) -> list[Position]:
    """Points of the internal lanes from `via` on; empty where there are none."""
    shape: list[Position] = []
    for _ in range(_LONGEST_CHAIN):
        if via not in net.internal_lanes:
            break
        shape += values.points("lane", {"id": via}, net.internal_lanes[via])
        via = onward.get(via, "")
    shape = without_repeats(shape)
    return shape if len(shape) > 1 else []


def _straight(roads: Roads, pool: ShapePool, pair: tuple[int, int]) -> list[Position]:
    return [pool.get(roads.lane_span[pair[0]])[-1], pool.get(roads.lane_span[pair[1]])[0]]
