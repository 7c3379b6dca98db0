"""Vehicles inside junctions as live control sees them: on ways of their own, numbered as before, of the light ahead."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from advice_city import NOW, build_network, free_links, lights, tracks_of
from maps_city import imported

from cloudctl.signals.approach_counts import count_towards
from cloudctl.signals.layout import Layout
from cloudctl.signals.live.junction_lanes import crossing_lengths, crossing_rows
from cloudctl.signals.live.network_layout import layout_of, programs_of
from cloudctl.signals.live.spread import spread
from cloudctl.signals.live.track_source import TrackSource
from cloudctl.signals.turning import Turning
from fusion.picture import TrafficPicture
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.polyline import point_at


@cache
def _layout() -> Layout:
    city = imported().network
    return layout_of(city, programs_of(city), list(programs_of(city)))


def _source() -> TrackSource:
    return TrackSource(imported().network, np.ones(len(_layout().roads.ids), bool))


def _picture(
    place: tuple[float, float, float], lane: int = -1, offset: float = np.nan, kind: int = int(ParticipantKind.CAR)
) -> TrafficPicture:
    """One vehicle of 4 m at a place with a heading, on a lane or on none."""
    city = imported().network
    there = tracks_of(city, [])
    columns = {
        field.name: np.zeros((1, *getattr(there, field.name).shape[1:]), getattr(there, field.name).dtype)
        for field in dataclasses.fields(there)
    }
    columns |= {"track_id": np.array([7], np.uint32), "kind": np.array([kind], np.uint8)}
    columns |= {"x": np.array([place[0]]), "y": np.array([place[1]]), "heading": np.array([place[2]], np.float32)}
    columns |= {"lane": np.array([lane], np.int32), "lane_offset": np.array([offset], np.float32)}
    columns |= {"length": np.array([4.0], np.float32)}
    said = lights(city, green=False, change=np.nan, received=NOW, conf=1.0)
    return TrafficPicture(1, NOW, type(there)(**columns), free_links(city), said, ())


def _turns() -> list[int]:
    """Rows of the controlled ways for vehicles out of one lane that has more than one."""
    table = imported().network.connections
    lit = [row for row in crossing_rows(imported().network).tolist() if table.group[row] >= 0]
    of_lane = [
        [row for row in lit if table.from_lane[row] == lane] for lane in sorted({*table.from_lane[lit].tolist()})
    ]
    return next(rows for rows in of_lane if len({*table.turn[rows].tolist()}) > 1)


def _on_way(row: int, share: float) -> tuple[float, float, float]:
    """Place at a share of a way, and its heading there."""
    city, table = imported().network, imported().network.connections
    shape = city.shape(int(table.shape_start[row]), int(table.shape_count[row]))
    whole = float(np.hypot(*np.diff(shape, axis=0).T).sum())
    (x, y), ahead = point_at(shape, share * whole), point_at(shape, share * whole + 0.5)
    behind = point_at(shape, share * whole - 0.5)
    return x, y, float(np.arctan2(ahead[0] - behind[0], ahead[1] - behind[1]))


@pytest.mark.parametrize("turn", [0, 1])
def test_who_is_inside_a_junction_is_on_the_way_of_its_turn(turn: int) -> None:
    row = _turns()[turn]
    tracks = _source().read(_picture(_on_way(row, 0.6)))
    assert [_layout().roads.ids[road] for road in tracks.road] == [f":{row}"]
    place = int(np.flatnonzero(crossing_rows(imported().network) == row)[0])
    assert tracks.rest[0] == pytest.approx(0.4 * crossing_lengths(imported().network)[place] - 2.0, abs=0.5)


@pytest.mark.parametrize("kind", [ParticipantKind.PEDESTRIAN, ParticipantKind.CYCLIST])
def test_who_walks_or_cycles_across_a_junction_is_no_vehicle_inside_it(kind: ParticipantKind) -> None:
    assert len(_source().read(_picture(_on_way(_turns()[0], 0.6), kind=int(kind))).road) == 0


def test_where_ways_have_not_parted_yet_nobody_is_on_one_but_keeps_the_number() -> None:
    source, row = _source(), _turns()[0]
    lane = int(imported().network.connections.from_lane[row])
    before = source.read(_picture((0.0, 0.0, 0.0), lane, 5.0))
    assert before.road.tolist() == [lane]
    assert len(source.read(_picture(_on_way(row, 0.02))).road) == 0
    inside = source.read(_picture(_on_way(row, 0.6)))
    assert inside.track.tolist() == before.track.tolist()
    kept = source.read(_picture(_on_way(row, 0.98)))
    assert (kept.road.tolist(), kept.track.tolist()) == (inside.road.tolist(), before.track.tolist())


def test_turns_are_learned_across_junctions_in_which_vehicles_are_on_no_lane() -> None:
    source, turning, row = _source(), Turning(_layout()), _turns()[1]
    lane = int(imported().network.connections.from_lane[row])
    for step, seen in enumerate(
        [_picture((0.0, 0.0, 0.0), lane, 5.0), *[_picture(_on_way(row, s)) for s in (0.02, 0.6)]]
    ):
        turning.observe(float(step), source.read(seen))
    link = int(np.flatnonzero([_layout().roads.ids[via] == f":{row}" for via in _layout().link_via])[0])
    assert turning.shares()[link] > Turning(_layout()).shares()[link]


def test_who_stands_past_the_end_of_a_lane_waits_inside_and_not_at_its_stop_line() -> None:
    source, row = _source(), _turns()[0]
    city = imported().network
    lane = int(city.connections.from_lane[row])
    length = float(city.lanes.length[lane])
    source.read(_picture(_on_way(row, 0.6)))
    tracks = source.read(_picture(_on_way(row, 0.4), lane, length))
    assert [_layout().roads.ids[road] for road in tracks.road] == [f":{row}"]


def _two_signals(apart: float) -> RoadNetwork:
    """Lights at B and, `apart` m behind, at C; the way across B is drawn, 20 m long."""
    places = {"A": (0.0, 0.0), "B": (300.0, 0.0), "C": (300.0 + apart, 0.0), "E": (900.0, 0.0)}
    places |= {"D": (300.0, 300.0), "F": (300.0 + apart, 300.0)}
    roads = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CE", "C", "E", 1), ("DB", "D", "B", 1), ("FC", "F", "C", 1)]
    made = build_network(places, roads, ["B", "C"])
    points = np.concatenate([made.points, [[300.0, 0.0], [320.0, 0.0]]])
    across = (made.connections.from_lane == 0) & (made.connections.to_lane == 1)
    start = np.where(across, len(made.points), 0).astype(np.int32)
    count = np.where(across, 2, 0).astype(np.int32)
    return dataclasses.replace(
        made, points=points, connections=dataclasses.replace(made.connections, shape_start=start, shape_count=count)
    )


def test_who_is_inside_one_junction_heads_for_the_light_of_the_next() -> None:
    city = _two_signals(100.0)
    layout = layout_of(city, programs_of(city), [0, 1])
    across = layout.roads.ids.index(f":{int(crossing_rows(city)[0])}")
    tracks = dataclasses.replace(_source().read(_picture(_on_way(_turns()[0], 0.6))), road=np.array([across], np.int32))
    waiting = count_towards(layout, tracks, 200.0)
    assert {layout.roads.ids[layout.lane_road[lane]] for lane in np.flatnonzero(waiting)} == {"BC_0"}


@pytest.mark.parametrize(("apart", "parted"), [(10.0, False), (100.0, True)])
def test_signals_that_are_controlled_as_one_are_never_parted(apart: float, *, parted: bool) -> None:
    city = _two_signals(apart)
    assert spread(city, [0, 1], 2) == ([[0], [1]] if parted else [[0, 1]])
