"""A synthetic city for speed: vehicles on a plane, each reported by the two nearest of a grid of roadside units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source
from maps.participants import ParticipantKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
START = 1_700_000_000.0
PERIOD = 0.1
AREA_PER_OBJECT = 250.0
"""m2; a busy street network."""
OBJECTS_PER_UNIT = 20
NOISE = 0.3


@dataclass(frozen=True)
class Scene:
    """Vehicles that move straight, and who sees them."""

    place: NDArray[np.float64]
    velocity: NDArray[np.float64]
    sensors: SensorTable
    rng: np.random.Generator

    @classmethod
    def of(cls, objects: int, seed: int = 1) -> "Scene":
        """Make a scene of so many vehicles."""
        rng = np.random.default_rng(seed)
        side = float(np.sqrt(objects * AREA_PER_OBJECT))
        units = max(int(np.sqrt(objects / OBJECTS_PER_UNIT)), 2)
        middle = (np.arange(units) + 0.5) * side / units
        x, y = (grid.ravel() for grid in np.meshgrid(middle, middle))
        sensors = SensorTable(x, y, np.full(len(x), 1.2 * side / units))
        speed, way = rng.gamma(4, 2.5, objects), rng.integers(0, 4, objects) * np.pi / 2
        velocity = speed[:, None] * np.column_stack((np.sin(way), np.cos(way)))
        return cls(rng.uniform(0, side, (objects, 2)), velocity, sensors, rng)

    def truth(self, time: float) -> NDArray[np.float64]:
        """Return where the vehicles are at a time (s of the epoch), (n, 2) m."""
        return self.place + (time - START) * self.velocity

    def cycles(self, count: int) -> Iterator[tuple[float, ObservationBatch]]:
        """Yield the time and the reports of cycles of 0.1 s."""
        phase = self.rng.uniform(0, PERIOD, len(self.sensors))
        tree = cKDTree(np.column_stack((self.sensors.x, self.sensors.y)))
        for cycle in range(count):
            now = START + PERIOD * cycle
            unit = tree.query(self.truth(now), 2)[1].astype(np.int32)
            objects = np.repeat(np.arange(len(unit)), 2)
            yield now + PERIOD, self._reports(now, objects, unit.ravel(), phase)

    def _reports(
        self, now: float, objects: NDArray[np.int64], unit: NDArray[np.int32], phase: NDArray[np.float64]
    ) -> ObservationBatch:
        count, real = len(objects), np.float32
        time = now + phase[unit]
        velocity = self.velocity[objects]
        spot = self.place[objects] + (time - START)[:, None] * velocity + self.rng.normal(0, NOISE, (count, 2))
        seen = velocity + self.rng.normal(0, NOISE, (count, 2))
        order = np.argsort(unit, kind="stable")
        stated = np.full(count, NOISE, real)
        return ObservationBatch(
            event_time=time[order],
            publish_time=time[order],
            receive_time=time[order] + 0.03,
            device=unit[order],
            object_id=objects[order],
            source=np.full(count, Source.ROADSIDE, np.uint8),
            kind=np.full(count, ParticipantKind.CAR, np.uint8),
            kind_confidence=np.full(count, 0.9, real),
            x=spot[order, 0],
            y=spot[order, 1],
            vx=seen[order, 0].astype(real),
            vy=seen[order, 1].astype(real),
            heading=np.full(count, np.nan, real),
            sigma_position=stated,
            sigma_velocity=stated,
            length=np.full(count, 4.5, real),
            width=np.full(count, 1.8, real),
            height=np.full(count, 1.5, real),
        )
