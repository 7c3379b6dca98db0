"""A small city and pictures of it, made by hand for the tests of advice: straight links between nodes."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from cloudctl.advice.scene import Lot, Scene
from cloudctl.advice.topology import Topology
from fusion.incidents import Incident
from fusion.picture import LinkStates, SignalStates, TrafficPicture
from fusion.tracks import MAX_SOURCES, TrackTable
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
    RoadNetwork,
    Signals,
    Stops,
    Turn,
)
from maps.participants import ANY_KIND, ParticipantKind

NOW = 1_700_000_000.0
RED, GREEN = 3, 6
LIMIT = 15.0
Road = tuple[str, str, str, int]
"""Link id, from node, to node, number of lanes."""


def ints(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


def floats(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def texts(values: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array(values, np.str_)


def build_network(
    places: dict[str, tuple[float, float]],
    roads: Sequence[Road],
    signal_nodes: Sequence[str] = (),
    car_parks: Sequence[tuple[str, str, int]] = (),
    stops: Sequence[tuple[str, float]] = (),
) -> RoadNetwork:
    """Connect every link with every link that leaves its end, except back; each signal has one group per entering link.

    A car park is (id, link, capacity), a stop (link, offset). Programs: 30 s green for each entering link in turn.
    """
    names = list(places)
    points = np.array([places[end] for road in roads for end in road[1:3]], float)
    lengths = np.hypot(*(points[1::2] - points[::2]).T)
    lane_count = [road[3] for road in roads]
    lane_start = np.concatenate([[0], np.cumsum(lane_count)[:-1]]).astype(int).tolist() if roads else []
    lane_link = [row for row, count in enumerate(lane_count) for _ in range(count)]
    groups = [(names.index(node), row) for node in signal_nodes for row, road in enumerate(roads) if road[2] == node]
    group_of_link = {row: index for index, (_, row) in enumerate(groups)}
    per_signal = [sum(1 for _, row in groups if roads[row][2] == node) for node in signal_nodes]
    signal_of_node = [signal_nodes.index(name) if name in signal_nodes else -1 for name in names]
    ways = [
        (lane_start[a] + i, lane_start[b] + min(i, lane_count[b] - 1), _turn(points, a, b), a)
        for a, first in enumerate(roads)
        for b, second in enumerate(roads)
        for i in range(first[3])
        if first[2] == second[1] and first[1] != second[2]
    ]
    program_states, steps = _programs(per_signal)
    starts = np.concatenate([[0], np.cumsum(per_signal)[:-1]]).astype(int).tolist() if per_signal else []
    count = len(points) // 2
    parks = [(park, [road[0] for road in roads].index(link), capacity) for park, link, capacity in car_parks]
    halts = [([road[0] for road in roads].index(link), offset) for link, offset in stops]
    xy = np.array([places[name] for name in names], float)
    signal_xy = np.array([places[name] for name in signal_nodes], float).reshape(-1, 2)
    return RoadNetwork(
        name="test city",
        source="made by hand",
        plane=LocalPlane(112.93, 28.2),
        points=points,
        nodes=Nodes(texts(names), xy[:, 0], xy[:, 1], ints(signal_of_node)),
        links=Links(
            id=texts([road[0] for road in roads]),
            from_node=ints([names.index(road[1]) for road in roads]),
            to_node=ints([names.index(road[2]) for road in roads]),
            road_class=np.full(count, 2, np.uint8),
            length=lengths.astype(np.float32),
            speed=np.full(count, LIMIT, np.float32),
            lane_start=ints(lane_start),
            lane_count=ints(lane_count),
            shape_start=ints(range(0, 2 * count, 2)),
            shape_count=ints([2] * count),
            name_zh=texts([""] * count),
            name_en=texts([""] * count),
        ),
        lanes=Lanes(
            id=texts([f"{roads[row][0]}_{i - lane_start[row]}" for i, row in enumerate(lane_link)]),
            link=ints(lane_link),
            index=np.array([i - lane_start[row] for i, row in enumerate(lane_link)], np.uint8),
            width=np.full(len(lane_link), 3.25, np.float32),
            speed=np.full(len(lane_link), LIMIT, np.float32),
            length=lengths[lane_link].astype(np.float32),
            allowed=np.full(len(lane_link), ANY_KIND, np.uint32),
            shape_start=ints([2 * row for row in lane_link]),
            shape_count=ints([2] * len(lane_link)),
        ),
        connections=Connections(
            from_lane=ints([way[0] for way in ways]),
            to_lane=ints([way[1] for way in ways]),
            turn=np.array([way[2] for way in ways], np.uint8),
            signal=ints([signal_of_node[names.index(roads[way[3]][2])] for way in ways]),
            group=ints([group_of_link.get(way[3], -1) for way in ways]),
            shape_start=ints([0] * len(ways)),
            shape_count=ints([0] * len(ways)),
        ),
        signals=Signals(
            id=texts([f"S{name}" for name in signal_nodes]),
            region=ints([1] * len(signal_nodes)),
            node_id=ints(range(100, 100 + len(signal_nodes))),
            x=signal_xy[:, 0],
            y=signal_xy[:, 1],
            name_zh=texts([""] * len(signal_nodes)),
            name_en=texts([""] * len(signal_nodes)),
            group_start=ints(starts),
            group_count=ints(per_signal),
            program_start=ints(starts),
            program_count=ints(per_signal),
        ),
        groups=Groups(
            signal=ints([signal_of_node[node] for node, _ in groups]),
            phase_id=ints(range(1, len(groups) + 1)),
            pedestrian=np.zeros(len(groups), bool),
        ),
        program=Program(
            signal=ints([signal for signal, number in enumerate(per_signal) for _ in range(number)]),
            duration=np.full(len(steps), 30.0, np.float32),
            minimum=np.full(len(steps), 30.0, np.float32),
            maximum=np.full(len(steps), 30.0, np.float32),
            state_start=ints(steps),
        ),
        program_states=program_states,
        crossings=Crossings(texts([]), ints([]), ints([]), floats([]), ints([]), ints([])),
        stops=Stops(
            id=texts([f"stop{i}" for i in range(len(halts))]),
            name_zh=texts([""] * len(halts)),
            name_en=texts([""] * len(halts)),
            lane=ints([lane_start[row] for row, _ in halts]),
            offset=floats([offset for _, offset in halts]),
            lines=texts([""] * len(halts)),
        ),
        car_parks=CarParks(
            id=texts([park for park, _, _ in parks]),
            name_zh=texts([""] * len(parks)),
            name_en=texts([""] * len(parks)),
            lane=ints([lane_start[row] for _, row, _ in parks]),
            offset=floats([10.0] * len(parks)),
            capacity=ints([capacity for _, _, capacity in parks]),
            x=np.array([points[2 * row + 1, 0] for _, row, _ in parks]),
            y=np.array([points[2 * row + 1, 1] for _, row, _ in parks]),
        ),
    )


def _turn(points: np.ndarray[tuple[int, int], np.dtype[np.float64]], first: int, second: int) -> int:
    a, b = points[2 * first + 1] - points[2 * first], points[2 * second + 1] - points[2 * second]
    angle = math.degrees(math.atan2(a[0] * b[1] - a[1] * b[0], float(a @ b)))
    if abs(angle) < 45:
        return Turn.STRAIGHT
    return Turn.LEFT if angle > 0 else Turn.RIGHT


def _programs(per_signal: Sequence[int]) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], list[int]]:
    states: list[int] = []
    steps: list[int] = []
    for number in per_signal:
        for step in range(number):
            steps.append(len(states))
            states += [GREEN if group == step else RED for group in range(number)]
    return np.array(states, np.uint8), steps


@dataclasses.dataclass(frozen=True)
class Vehicle:
    """One track to be put into a picture, driving along the first lane of a link."""

    link: str
    offset: float
    speed: float = 12.0
    device: int = -1
    kind: ParticipantKind = ParticipantKind.CAR


def tracks_of(network: RoadNetwork, vehicles: Sequence[Vehicle]) -> TrackTable:
    rows = [network.link_rows[vehicle.link] for vehicle in vehicles]
    start = network.points[network.links.shape_start[rows]].reshape(-1, 2)
    end = network.points[network.links.shape_start[rows] + 1].reshape(-1, 2)
    way = (end - start) / np.maximum(np.hypot(*(end - start).T), 1e-9)[:, None]
    offset, speed = np.array([v.offset for v in vehicles]), np.array([v.speed for v in vehicles])
    at, count = start + way * offset[:, None], len(vehicles)
    sources = np.full((count, MAX_SOURCES), -1, np.int32)
    sources[:, 0] = [vehicle.device for vehicle in vehicles]
    return TrackTable(
        track_id=np.arange(1, count + 1, dtype=np.uint32),
        kind=np.array([vehicle.kind for vehicle in vehicles], np.uint8),
        x=at[:, 0],
        y=at[:, 1],
        vx=(way[:, 0] * speed).astype(np.float32),
        vy=(way[:, 1] * speed).astype(np.float32),
        heading=np.arctan2(way[:, 0], way[:, 1]).astype(np.float32),
        covariance=np.tile(np.eye(4, dtype=np.float32), (count, 1, 1)),
        length=np.full(count, 5.0, np.float32),
        width=np.full(count, 2.0, np.float32),
        existence=np.ones(count, np.float32),
        updated=np.full(count, NOW),
        born=np.full(count, NOW - 10),
        sources=sources,
        self_device=sources[:, 0],
        lane=network.links.lane_start[rows].astype(np.int32),
        lane_probability=np.ones(count, np.float32),
        lane_offset=offset.astype(np.float32),
        roadside=np.full(count, NOW),
    )


def free_links(network: RoadNetwork) -> LinkStates:
    count = len(network.links.id)
    return LinkStates(
        speed=network.links.speed.copy(),
        travel_time=(network.links.length / network.links.speed).astype(np.float32),
        flow=np.zeros(count, np.float32),
        density=np.zeros(count, np.float32),
        vehicles=np.zeros(count, np.uint16),
        queue_length=np.zeros(count, np.float32),
        queue_vehicles=np.zeros(count, np.uint16),
        level=np.ones(count, np.uint8),
        confidence=np.ones(count, np.float32),
    )


def lights(
    network: RoadNetwork, *, green: bool, change: float, received: float = NOW, conf: float = 1.0
) -> SignalStates:
    """All groups green or red until `change` (UTC epoch, s)."""
    count = len(network.groups.signal)
    end = np.full(count, change)
    return SignalStates(
        state=np.full(count, GREEN if green else RED, np.uint8),
        likely_end=end,
        min_end=end,
        max_end=end,
        next_green=np.full(count, np.nan) if green else end,
        confidence=np.full(count, conf, np.float32),
        received=np.full(count, received),
    )


def scene_of(
    network: RoadNetwork,
    vehicles: Sequence[Vehicle] = (),
    *,
    now: float = NOW,
    signals: SignalStates | None = None,
    links: LinkStates | None = None,
    incidents: tuple[Incident, ...] = (),
    roadside_units: Mapping[int, str] | None = None,
    routes: Mapping[int, tuple[int, ...]] | None = None,
    lots: Mapping[int, Lot] | None = None,
) -> Scene:
    picture = TrafficPicture(
        tick=1,
        time=now,
        tracks=tracks_of(network, vehicles),
        links=links or free_links(network),
        signals=signals or lights(network, green=True, change=now + 1000, received=now),
        incidents=incidents,
    )
    return Scene(
        now=now,
        picture=picture,
        topology=Topology(network),
        device_names=[f"CAR{row:05d}" for row in range(1000)],
        roadside_units=roadside_units or {},
        routes=routes or {},
        lots=lots or {},
    )
