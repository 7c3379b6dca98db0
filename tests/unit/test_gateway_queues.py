"""Queues by lane: which movements a lane serves, where it lies, and when a browser is told of their queues."""

import time

import gateway_samples as sample
import numpy as np
import orjson
import pytest

from cloudctl.api.client_messages import View
from cloudctl.api.hub import Hub
from cloudctl.api.lane_tables import LONGEST_M, approach_lanes
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.publish.frames import Column, Frame, FrameKind, decode_frame, encode_frame
from fusion.movements import Movements

TOPIC = "V2X/CLOUD/LIVE/MOVEMENTS"
BOX = (112.9, 28.1, 113.0, 28.3)


def _movements(queue: list[int], tick: int = 1) -> bytes:
    count = len(queue)
    columns: dict[str, Column] = {name: np.zeros(count, np.uint32) for name in ("move", "from", "to")}
    columns["move"] = np.arange(count, dtype=np.uint32) + 10
    columns |= {name: np.zeros(count, np.uint16) for name in ("flow", "delay")}
    columns["queue"] = np.array(queue, np.uint16)
    columns |= {name: np.full(count, 90, np.uint8) for name in ("share", "level", "conf", "est")}
    return encode_frame(FrameKind.MOVEMENTS, tick, time.time(), columns)


@pytest.fixture
def hub() -> Hub:
    """A hub that knows the queues of four movements."""
    state = LiveState()
    state.accept(TOPIC, _movements([0, 12, 65535, 30]), time.time())
    return Hub(state, Measures())


def _sent(hub: Hub, zoom: float) -> list[Frame]:
    client = hub.join()
    client.look(View(box=BOX, zoom=zoom))
    frames = [decode_frame(message) for message in hub.take(client) if isinstance(message, bytes)]
    return [frame for frame in frames if frame.kind is FrameKind.MOVEMENTS]


def test_who_looks_at_an_intersection_is_told_of_the_movements_with_a_queue(hub: Hub) -> None:
    [frame] = _sent(hub, 16.0)
    assert frame.column("move").tolist() == [11, 13]
    assert frame.column("queue").tolist() == [12, 30]
    assert sorted(frame.columns) == ["conf", "est", "move", "queue"]


def test_who_looks_at_the_city_is_not(hub: Hub) -> None:
    assert _sent(hub, 14.0) == []


def test_queues_follow_when_somebody_looks_closer(hub: Hub) -> None:
    client = hub.join()
    client.look(View(box=BOX, zoom=13.0))
    hub.take(client)
    client.look(View(box=BOX, zoom=16.0))
    assert Part.MOVEMENTS in client.news


def test_a_lane_names_the_movements_of_its_connections_and_runs_back_from_the_stop_line() -> None:
    city = sample.network()
    movements = Movements.of(city)
    lanes = orjson.loads(approach_lanes(city))["lanes"]
    assert lanes
    lit = np.flatnonzero(city.connections.group >= 0)
    assert {row for lane in lanes for row in lane["movements"]} == set(movements.of_connection[lit].tolist())
    for lane in lanes:
        assert all(int(movements.from_link[row]) == lane["link"] for row in lane["movements"])
        lon, lat = np.array(lane["points"]).T
        x, y = city.plane.forward(lon, lat)
        assert len(lon) >= 2
        assert np.hypot(np.diff(x), np.diff(y))[:-1].sum() <= LONGEST_M
    ends = {tuple(lane["points"][0]) for lane in lanes}
    last = city.lanes.shape_start + city.lanes.shape_count - 1
    lon, lat = city.plane.inverse(city.points[last, 0], city.points[last, 1])
    stops = {(round(float(a), 7), round(float(b), 7)) for a, b in zip(lon, lat, strict=True)}
    assert ends <= stops
