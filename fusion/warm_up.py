"""Compiles everything the cycle needs before the first cycle, by running a small scene on a cycle of its own."""

import numpy as np

from fusion.close_pairs import close_calls
from fusion.cycle import FusionCycle
from fusion.places import Places
from fusion.prediction import Predictor
from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

START = 1_700_000_000.0
CYCLES = 4


def warm_up(network: RoadNetwork | None = None) -> None:
    """Compile or load from the disk cache all code of a cycle for the given network."""
    cycle = FusionCycle(network)
    x, y = (0.0, 0.0) if network is None or not len(network.points) else network.points.mean(axis=0)
    sensors = SensorTable(np.full(2, x), np.full(2, y), np.full(2, 100.0))
    for number in range(CYCLES):
        now = START + 0.1 * number
        batches = [_crowd(float(x), float(y), now + 0.03 * device, device) for device in range(2)]
        cycle.step(ObservationBatch.concatenate(batches), (), now + 0.1, sensors)
    if network is not None:
        Places(network).crossing_distance(np.zeros(1), np.zeros(1))
        picture = cycle.step(ObservationBatch.empty(), (), now + 0.2, sensors)
        close_calls(picture.tracks, picture.lateral, np.arange(len(picture.tracks)), 1.0, 1.0)
        Predictor(network).predict(picture.tracks)


def _crowd(x: float, y: float, time: float, device: int) -> ObservationBatch:
    """Return reports of eight pedestrians and vehicles that stand close together."""
    count = 8
    real = np.float32
    place = np.arange(count)
    unknown = np.full(count, np.nan, real)
    return ObservationBatch(
        event_time=np.full(count, time),
        publish_time=np.full(count, time),
        receive_time=np.full(count, time),
        device=np.full(count, device, np.int32),
        object_id=place.astype(np.int64),
        source=np.full(count, Source.ROADSIDE, np.uint8),
        kind=np.where(place % 2, ParticipantKind.PEDESTRIAN, ParticipantKind.CAR).astype(np.uint8),
        kind_confidence=np.full(count, 0.9, real),
        x=x + 0.7 * place.astype(np.float64),
        y=np.full(count, y),
        vx=np.zeros(count, real),
        vy=np.zeros(count, real),
        heading=np.zeros(count, real),
        sigma_position=np.full(count, 0.5, real),
        sigma_velocity=np.full(count, 0.5, real),
        length=np.ones(count, real),
        width=np.ones(count, real),
        height=unknown,
    )
