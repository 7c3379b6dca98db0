"""A made-up city of any size for measuring routing: a grid with uneven blocks, fast avenues and slow lanes."""

import numpy as np
from numpy.typing import NDArray

from maps.geodesy import LocalPlane
from maps.importers.empty_tables import no_car_parks, no_crossings, no_program, no_stops
from maps.network import Connections, Groups, Lanes, Links, Nodes, RoadClass, RoadNetwork, Signals, Turn
from maps.participants import ANY_KIND

Rows = NDArray[np.int64]
BLOCK = 180.0
"""m"""


def grid_city(side: int, seed: int = 1) -> RoadNetwork:
    """Network of `side * side` nodes and `4 * side * (side - 1)` links of one lane; every turn but back is open."""
    rng = np.random.default_rng(seed)
    x, y = (axis.ravel() * BLOCK + rng.uniform(-60, 60, side * side) for axis in np.meshgrid(*[np.arange(side)] * 2))
    at = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [np.column_stack([a.ravel(), b.ravel()]) for a, b in ((at[:, :-1], at[:, 1:]), (at[:-1], at[1:]))]
    )
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    points = np.column_stack([x[ends].reshape(-1), y[ends].reshape(-1)])
    count = len(ends)
    rows = np.arange(count, dtype=np.int32)
    length = np.hypot(*np.diff(points.reshape(count, 2, 2), axis=1)[:, 0].T).astype(np.float32)
    avenue = (ends // side % 5 == 0).all(axis=1) | (ends % side % 5 == 0).all(axis=1)
    speed = np.where(avenue, 60 / 3.6, 40 / 3.6).astype(np.float32)
    two = np.full(count, 2, np.int32)
    text, none = np.full(count, "", dtype=str), np.empty(0, np.int32)
    tails, heads = _turns(ends)
    links = Links(
        id=np.array([f"{a}>{b}" for a, b in ends.tolist()]),
        from_node=ends[:, 0].astype(np.int32),
        to_node=ends[:, 1].astype(np.int32),
        road_class=np.where(avenue, RoadClass.ARTERIAL, RoadClass.LOCAL).astype(np.uint8),
        length=length,
        speed=speed,
        lane_start=rows,
        lane_count=np.ones(count, np.int32),
        shape_start=rows * 2,
        shape_count=two,
        name_zh=text,
        name_en=text,
    )
    lanes = Lanes(
        id=np.char.add(links.id, "_0"),
        link=rows,
        index=np.zeros(count, np.uint8),
        width=np.full(count, 3.5, np.float32),
        speed=speed,
        length=length,
        allowed=np.full(count, ANY_KIND, np.uint32),
        shape_start=rows * 2,
        shape_count=two,
    )
    return RoadNetwork(
        name="grid",
        source=f"grid of {side} x {side} nodes, seed {seed}",
        plane=LocalPlane(112.93, 28.2),
        points=points,
        nodes=Nodes(np.arange(side * side).astype(str), x, y, np.full(side * side, -1, np.int32)),
        links=links,
        lanes=lanes,
        connections=_connections(points, tails, heads),
        signals=Signals(text[:0], none, none, x[:0], y[:0], text[:0], text[:0], none, none, none, none),
        groups=Groups(none, none, np.empty(0, bool)),
        program=no_program(),
        program_states=np.empty(0, np.uint8),
        crossings=no_crossings(),
        stops=no_stops(),
        car_parks=no_car_parks(),
    )


def _turns(ends: Rows) -> tuple[Rows, Rows]:
    """Links from and to of every turn that does not lead back; `ends` are sorted by their first node."""
    first = np.searchsorted(ends[:, 0], np.arange(ends.max() + 2))
    fan = first[ends[:, 1] + 1] - first[ends[:, 1]]
    tails = np.repeat(np.arange(len(ends)), fan)
    heads = np.arange(len(tails)) - np.repeat(np.cumsum(fan) - fan, fan) + first[ends[tails, 1]]
    onward = ends[heads, 1] != ends[tails, 0]
    return tails[onward], heads[onward]


def _connections(points: NDArray[np.float64], tails: Rows, heads: Rows) -> Connections:
    way = np.diff(points.reshape(-1, 2, 2), axis=1)[:, 0]
    angle = np.arctan2(way[:, 1], way[:, 0])
    change = (angle[heads] - angle[tails] + np.pi) % (2 * np.pi) - np.pi
    turn = np.where(np.abs(change) < np.pi / 4, Turn.STRAIGHT, np.where(change > 0, Turn.LEFT, Turn.RIGHT))
    nothing = np.full(len(tails), -1, np.int32)
    return Connections(
        from_lane=tails.astype(np.int32),
        to_lane=heads.astype(np.int32),
        turn=turn.astype(np.uint8),
        signal=nothing,
        group=nothing,
        shape_start=(2 * tails + 1).astype(np.int32),
        shape_count=np.ones(len(tails), np.int32),
    )
