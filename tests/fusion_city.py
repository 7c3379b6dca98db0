"""A street for tests of fusion: west - light - east, two lanes each way, a bus stop, a car park and a crossing."""

from dataclasses import dataclass, fields, replace

import numpy as np
from msgspec import convert
from numpy.typing import ArrayLike, NDArray

from fusion.tracks import MAX_SOURCES, TrackTable
from ingest.messages.spat import Spat
from maps.geodesy import LocalPlane
from maps.network import (
    CarParks,
    Connections,
    Crossings,
    Groups,
    Lanes,
    Links,
    Nodes,
    Program,
    RoadClass,
    RoadNetwork,
    Signals,
    Stops,
    Turn,
)
from maps.participants import MOTOR_KINDS, ParticipantKind

LENGTH = 500.0
LIMIT = 50 / 3.6
INBOUND, OUTBOUND, BACK, HOME = range(4)
"""Links: west to light, light to east, east to light, light to west. Lanes of link n are 2 n (right) and 2 n + 1."""
LANE_Y = (-5.0, -1.7)
REGION, NODE = 43, 7
GREEN, YELLOW, RED = "protected-green", "yellow", "red"
STOP_END, PARK_OFFSET = 200.0, 350.0
"""Offsets of the bus stop's end and of the car park, both on the right lane of OUTBOUND."""


def ints(*values: int) -> NDArray[np.int32]:
    return np.array(values, np.int32)


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def texts(*values: str) -> NDArray[np.str_]:
    return np.array(values, np.str_)


def street() -> RoadNetwork:
    """Make the street; x runs east with the light at 0, eastbound lanes lie at negative y."""
    spans = ((-LENGTH, 0.0), (0.0, LENGTH), (LENGTH, 0.0), (0.0, -LENGTH))
    sides = (1.0, 1.0, -1.0, -1.0)
    link_points = [((start, 0.0), (end, 0.0)) for start, end in spans]
    lane_points = [
        ((start, side * y), (end, side * y)) for (start, end), side in zip(spans, sides, strict=True) for y in LANE_Y
    ]
    crossing = [((-6.0, -9.0), (-6.0, 9.0))]
    points = np.array([point for shape in (*link_points, *lane_points, *crossing) for point in shape])
    return RoadNetwork(
        name="street",
        source="made by hand",
        plane=LocalPlane(112.93, 28.2),
        points=points,
        nodes=Nodes(texts("W", "C", "E"), np.array([-LENGTH, 0.0, LENGTH]), np.zeros(3), ints(-1, 0, -1)),
        links=_links(),
        lanes=_lanes(),
        connections=Connections(
            from_lane=ints(0, 1, 4, 5),
            to_lane=ints(2, 3, 6, 7),
            turn=np.full(4, Turn.STRAIGHT, np.uint8),
            signal=ints(0, 0, 0, 0),
            group=ints(0, 0, 1, 1),
            shape_start=ints(0, 0, 0, 0),
            shape_count=ints(0, 0, 0, 0),
        ),
        signals=Signals(
            id=texts("S"),
            region=ints(REGION),
            node_id=ints(NODE),
            x=np.zeros(1),
            y=np.zeros(1),
            name_zh=texts("街"),
            name_en=texts("Street"),
            group_start=ints(0),
            group_count=ints(2),
            program_start=ints(0),
            program_count=ints(0),
        ),
        groups=Groups(ints(0, 0), ints(1, 2), np.zeros(2, np.bool_)),
        program=Program(ints(), floats(), floats(), floats(), ints()),
        program_states=np.zeros(0, np.uint8),
        crossings=Crossings(texts("X"), ints(1), ints(-1), floats(4.0), ints(24), ints(2)),
        stops=Stops(texts("B"), texts("站"), texts("Stop"), ints(2), floats(STOP_END), texts("1")),
        car_parks=CarParks(
            texts("P"), texts("场"), texts("Park"), ints(2), floats(PARK_OFFSET), ints(50), np.zeros(1), np.zeros(1)
        ),
    )


def with_turn_at_the_end() -> RoadNetwork:
    """Make the street with a way to turn round at its east end."""
    network = street()
    table = network.connections
    columns = {field.name: getattr(table, field.name)[[0, 1, 2, 3, 0]] for field in fields(table)}
    columns["from_lane"][4], columns["to_lane"][4], columns["turn"][4] = 2 * OUTBOUND, 2 * BACK, Turn.U_TURN
    return replace(network, connections=Connections(**columns))


def _links() -> Links:
    return Links(
        id=texts("in", "out", "back", "home"),
        from_node=ints(0, 1, 2, 1),
        to_node=ints(1, 2, 1, 0),
        road_class=np.full(4, RoadClass.ARTERIAL, np.uint8),
        length=np.full(4, LENGTH, np.float32),
        speed=np.full(4, LIMIT, np.float32),
        lane_start=ints(0, 2, 4, 6),
        lane_count=ints(2, 2, 2, 2),
        shape_start=ints(0, 2, 4, 6),
        shape_count=ints(2, 2, 2, 2),
        name_zh=texts("", "", "", ""),
        name_en=texts("", "", "", ""),
    )


def _lanes() -> Lanes:
    return Lanes(
        id=texts(*(f"{link}_{lane}" for link in ("in", "out", "back", "home") for lane in range(2))),
        link=np.repeat(np.arange(4, dtype=np.int32), 2),
        index=np.tile(np.arange(2, dtype=np.uint8), 4),
        width=np.full(8, 3.3, np.float32),
        speed=np.full(8, LIMIT, np.float32),
        length=np.full(8, LENGTH, np.float32),
        allowed=np.full(8, MOTOR_KINDS, np.uint32),
        shape_start=np.arange(8, 24, 2, dtype=np.int32),
        shape_count=np.full(8, 2, np.int32),
    )


@dataclass(frozen=True)
class User:
    """A road user on the street."""

    x: float
    y: float = LANE_Y[0]
    speed: float = 0.0
    """m/s, east when positive."""
    kind: ParticipantKind = ParticipantKind.CAR
    track: int = 0
    """Track id; 0 takes the place in the list, from 1 on."""
    unseen: float = 0.0
    """s since it was reported"""
    alone: float = 0.0
    """s since its own terminal was not the only one to report it"""


def tracks(users: list[User], now: float, **columns: ArrayLike) -> TrackTable:
    """A track table of these road users, not yet matched to lanes, in the order of their ids."""
    count = len(users)
    ids = np.array([user.track or place for place, user in enumerate(users, start=1)], np.uint32)
    speed = np.array([user.speed for user in users], np.float32)
    table = TrackTable(
        track_id=ids,
        kind=np.array([user.kind for user in users], np.uint8),
        x=np.array([user.x for user in users], float),
        y=np.array([user.y for user in users], float),
        vx=speed,
        vy=np.zeros(count, np.float32),
        heading=np.array(
            [np.pi / 2 if user.speed > 0 or (user.speed == 0 and user.y < 0) else -np.pi / 2 for user in users],
            np.float32,
        ),
        covariance=np.tile(np.eye(4, dtype=np.float32) * 0.04, (count, 1, 1)),
        length=np.array([12.0 if user.kind == ParticipantKind.BUS else 4.5 for user in users], np.float32),
        width=np.full(count, 1.8, np.float32),
        existence=np.ones(count, np.float32),
        updated=now - np.array([user.unseen for user in users], float),
        born=np.full(count, now - 10),
        sources=np.full((count, MAX_SOURCES), -1, np.int32),
        self_device=np.full(count, -1, np.int32),
        lane=np.full(count, -1, np.int32),
        lane_probability=np.zeros(count, np.float32),
        lane_offset=np.full(count, np.nan, np.float32),
        roadside=now - np.array([user.alone for user in users], float),
    )
    order = np.argsort(ids)
    table = TrackTable(*(getattr(table, field.name)[order] for field in fields(TrackTable)))
    given = {name: np.asarray(value, getattr(table, name).dtype) for name, value in columns.items()}
    return replace(table, **given)


def spat(*phases: tuple[int, list[tuple[str, int, int]]], confidence: int | None = 200) -> Spat:
    """A SPAT of the street's light: (phase id, [(light, start, likely end)]), times in 0.1 s from now."""
    return convert(
        {
            "msgCnt": 0,
            "intersections": [
                {
                    "intersectionId": {"region": REGION, "id": NODE},
                    "status": "0000010000000000",
                    "phases": [
                        {"id": phase, "phaseStates": [_phase_state(*state, confidence) for state in states]}
                        for phase, states in phases
                    ],
                }
            ],
        },
        Spat,
    )


def _phase_state(light: str, start: int, end: int, confidence: int | None) -> dict[str, object]:
    counting = {"startTime": start, "likelyEndTime": end, "minEndTime": max(end - 10, 0), "maxEndTime": end}
    if confidence is not None:
        counting["timeConfidence"] = confidence
    return {"light": light, "timing": {"counting": counting}}
