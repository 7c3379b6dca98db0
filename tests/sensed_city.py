"""A simulated city seen through the errors of its devices, faster than real time: frames in, pictures out.

Drives the sensors of `simulators` and the cycle of `fusion` in one process, without a broker, so that minutes of a city
take seconds. What is left out is the way of the bytes, which has tests of its own.
"""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from fusion.cycle import FusionCycle, FusionParameters
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from fusion.signal_state import SpatReport
from ingest.messages.spat import Spat
from ingest.observation import ObservationBatch, Source
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from simulators.fleet_context import GROUPS
from simulators.fleet_levels import LEVELS, Level
from simulators.fleet_motion import Segment
from simulators.fleet_playback import Playback, Step
from simulators.obu_gnss import GnssErrors
from simulators.rsu_sensor import Detections, RoadsideSensors, Sites
from simulators.signal_controller import SignalController
from simulators.world import WorldFrame

PERIOD = 0.1
SPAT_EVERY = 5
"""Cycles between two SPAT of a signal."""
DELAY = 0.05
"""From the last sample of a cycle to the cycle, s."""
Values = NDArray[np.float64]


class SensedCity:
    """Roadside units at all signals and terminals on equipped vehicles, of one level of quality."""

    def __init__(
        self,
        network: RoadNetwork,
        links_of_groups: list[list[int]],
        level: str = "good",
        *,
        seed: int = 1,
        reach: float = 150.0,
        parameters: FusionParameters | None = None,
    ) -> None:
        self.network, self.level = network, LEVELS[level]
        self.cycle = FusionCycle(network, parameters)
        rng = np.random.default_rng(seed)
        self._sites = _sites(network, reach)
        self._sensors = RoadsideSensors(self._sites, self.level, GROUPS, rng)
        self._units = len(self._sites)
        self._clock = rng.normal(0.0, self.level.clock, self._units)
        self._terminals = Terminals(self.level, rng)
        self._controllers = [SignalController(network, row, places) for row, places in enumerate(links_of_groups)]
        self._playback = Playback(network.plane)
        self._number = 0

    def pictures(self, frames: Iterable[WorldFrame]) -> Iterator[tuple[TrafficPicture, Segment]]:
        """Yield each cycle's picture and the stretch of truth that it is about."""
        for frame in frames:
            step = self._playback.add(frame)
            if step is None:
                continue
            self._sensors.enter(step.segment, step.capacity, step.fresh)
            self._terminals.enter(step)
            for part in range(round(step.segment.duration / PERIOD)):
                yield self._cycle(step.segment, step.segment.first.time + part * PERIOD), step.segment

    def _cycle(self, segment: Segment, start: float) -> TrafficPicture:
        batches = []
        for group in range(GROUPS):
            sampled = start + group * PERIOD / GROUPS
            batches.append(self._roadside(self._sensors.sense(group, segment, sampled), sampled))
        batches.append(self._terminals.report(segment, start + PERIOD / 2, self._units, self.network))
        now = start + PERIOD + DELAY
        width = self._units + self._terminals.capacity
        sensors = SensorTable(self._sites.x, self._sites.y, self._sites.reach).padded(width)
        self._number += 1
        return self.cycle.step(ObservationBatch.concatenate(batches), self._spats(segment, now), now, sensors)

    def _spats(self, segment: Segment, now: float) -> list[SpatReport]:
        reports = []
        for row, controller in enumerate(self._controllers):
            state = segment.first.lights.get(controller.id)
            if state is None or (row + self._number) % SPAT_EVERY:
                continue
            end = segment.first.light_ends[controller.id]
            text = controller.spat(state, end, now - 0.02, now - 0.02)
            reports.append(SpatReport(msgspec.json.decode(text, type=Spat), now - 0.02, now))
        return reports

    def _roadside(self, found: Detections, sampled: float) -> ObservationBatch:
        x, y = self.network.plane.forward(found.lon, found.lat)
        sigma = {"a50cm": 0.25, "a1m": 0.5, "a2m": 1.0}[self.level.position_confidence]
        return batch(
            sampled + self._clock[found.unit],
            found.unit.astype(np.int32),
            found.ptc_id,
            Source.ROADSIDE,
            found.kind,
            (np.asarray(x), np.asarray(y), found.speed, found.heading),
            sigma,
            (found.length, found.width),
        )


class Terminals:
    """Terminals on board, by slot."""

    def __init__(self, level: Level, rng: np.random.Generator) -> None:
        self._level, self._rng = level, rng
        self._gnss = GnssErrors(level.gnss, rng)
        self._clock = rng.normal(0.0, level.clock, 8192)
        self._rows: NDArray[np.intp] = np.zeros(0, np.intp)
        self.capacity = 0

    def enter(self, step: Step) -> None:
        """Take the next step of the city."""
        self.capacity = max(self.capacity, step.capacity)
        self._gnss.enter(self.capacity, step.fresh)
        self._rows = np.flatnonzero(step.segment.last.equipped[step.segment.last_row])

    def report(self, segment: Segment, sampled: float, first_device: int, network: RoadNetwork) -> ObservationBatch:
        """Let all terminals report."""
        rows = self._rows
        slots, true = segment.slot[rows], segment.at(sampled, rows)
        east, north = self._gnss.sample(slots, PERIOD)
        source = segment.last_row[rows]
        speed = np.maximum(true.speed + self._rng.normal(0.0, 0.05, len(rows)), 0.0)
        heading = true.heading + np.radians(self._rng.normal(0.0, 0.5, len(rows)))
        lon, lat = segment.degrees(rows, true.x + east, true.y + north)
        x, y = network.plane.forward(lon, lat)
        return batch(
            sampled + self._clock[slots],
            (first_device + slots).astype(np.int32),
            np.zeros(len(rows), np.int64),
            Source.SELF,
            segment.last.kind[source],
            (np.asarray(x), np.asarray(y), speed, heading),
            self._level.gnss,
            (segment.last.length[source], segment.last.width[source]),
        )


def batch(
    time: Values,
    device: NDArray[np.int32],
    name: NDArray[np.int64],
    source: Source,
    kind: NDArray[np.uint8],
    motion: tuple[Values, Values, Values, Values],
    sigma: float,
    size: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> ObservationBatch:
    """Reports of one moment; `motion` is x, y, speed, heading, `size` length and width."""
    count, real = len(time), np.float32
    x, y, speed, heading = motion
    return ObservationBatch(
        event_time=time,
        publish_time=time,
        receive_time=time,
        device=device,
        object_id=name,
        source=np.full(count, source, np.uint8),
        kind=kind.astype(np.uint8),
        kind_confidence=np.where(kind == ParticipantKind.UNKNOWN, 0.1, 0.9).astype(real),
        x=x,
        y=y,
        vx=(speed * np.sin(heading)).astype(real),
        vy=(speed * np.cos(heading)).astype(real),
        heading=(heading % (2 * np.pi)).astype(real),
        sigma_position=np.full(count, sigma, real),
        sigma_velocity=np.full(count, 0.3, real),
        length=size[0].astype(real),
        width=size[1].astype(real),
        height=np.full(count, np.nan, real),
    )


def _sites(network: RoadNetwork, reach: float) -> Sites:
    signals = network.signals
    lon, lat = network.plane.inverse(signals.x, signals.y)
    count = len(signals.id)
    return Sites(
        x=signals.x.astype(np.float64),
        y=signals.y.astype(np.float64),
        lon=lon,
        lat=lat,
        reach=np.full(count, reach),
        centre=np.zeros(count),
        half_view=np.full(count, np.pi),
    )
