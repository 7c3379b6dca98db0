"""Everything that is compiled at first use is used once before the first beat, on a city of its own."""

import numpy as np

from cloudctl.advice.live_routes import LiveRoutes
from fusion.cycle import FusionCycle
from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source
from maps.network import RoadNetwork

START = 1_000_000_000.0
PERIOD = 0.1
CYCLES = 8
"""Enough for tracks to be confirmed and to be seen by every stage."""


def warm_up(network: RoadNetwork) -> None:
    """Fuse a few vehicles for a moment and look for a route; nothing of it is kept."""
    if len(network.links.id) == 0:
        return
    cycle = FusionCycle(network)
    sensors = SensorTable(np.array([0.0, 0.0]), np.array([0.0, 0.0]), np.array([200.0, np.nan]))
    for number in range(CYCLES):
        cycle.step(_batch(network, START + PERIOD * number), (), START + PERIOD * number, sensors)
    routes = LiveRoutes(network)
    seconds = network.links.length / network.links.speed
    routes.find(0, len(network.links.id) - 1, seconds)
    routes.times_from(0, seconds)


def _batch(network: RoadNetwork, time: float) -> ObservationBatch:
    """Two vehicles at the start of the first lane, one seen by a roadside unit and one by itself."""
    x, y = network.points[network.lanes.shape_start[0]] + 0.1
    return ObservationBatch(
        event_time=np.full(2, time),
        publish_time=np.full(2, time),
        receive_time=np.full(2, time),
        device=np.array([0, 1], np.int32),
        object_id=np.array([7, 0], np.int64),
        source=np.array([Source.ROADSIDE, Source.SELF], np.uint8),
        kind=np.ones(2, np.uint8),
        kind_confidence=np.ones(2, np.float32),
        x=np.array([x, x + 20.0]),
        y=np.array([y, y]),
        vx=np.zeros(2, np.float32),
        vy=np.zeros(2, np.float32),
        heading=np.zeros(2, np.float32),
        sigma_position=np.full(2, 0.5, np.float32),
        sigma_velocity=np.full(2, 0.5, np.float32),
        length=np.full(2, 4.5, np.float32),
        width=np.full(2, 1.8, np.float32),
        height=np.full(2, 1.5, np.float32),
    )
