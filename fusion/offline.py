"""Fusion of a recording: the same stages as live, at the times of the recording and as fast as they run.

A cycle stands at each multiple of its period. It takes what had been received by then, just as the live engine does, so
the same messages in the same order give the same tracks, whenever and wherever they are fused.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from fusion.cycle import FusionCycle
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from fusion.signal_state import SpatReport
from ingest.device_registry import DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from ingest.raw_message import RawMessage
from ingest.topics import find_uplink
from maps.geodesy import Degrees, LocalPlane, Metres
from maps.network import RoadNetwork

CYCLE_HZ = 10
UNITS_EVERY = 1.0
"""What units say of themselves is read anew this often, s."""
LONGEST_SILENCE = 60.0
"""Cycles go on so long without a message; then the clock jumps to the next one, s."""
FIRST_REPORTS = 200
"""Reports that tell where a recording is."""
FIRST_MESSAGES = 5_000
"""Messages among which they are looked for at first."""
BOX_HALF_SIDE = 1.0
"""A recording without a map is believed this far around its first positions, deg."""


class Units(Protocol):
    """Keeps where the roadside units stand and how far they see."""

    sensors: SensorTable

    def note_signal(self, device: int, key: tuple[int, int]) -> None:
        """Note that a unit reports the lights of the signal with this (region, node id)."""

    def refresh(self) -> None:
        """Bring `sensors` up to date."""


class PlaneUnits:
    """Units where there is no map: they stand where they say."""

    def __init__(self, plane: LocalPlane, registry: DeviceRegistry) -> None:
        self._plane = plane
        self._registry = registry
        self.sensors = SensorTable.empty()

    def note_signal(self, device: int, key: tuple[int, int]) -> None:
        """Leave it: without a map there are no signals."""

    def refresh(self) -> None:
        """Read the registry anew."""
        table = SensorTable.unknown(len(self._registry))
        for device in self._registry.list_all():
            if device.lon is not None and device.lat is not None:
                x, y = self._plane.forward(device.lon, device.lat)
                table.x[device.row], table.y[device.row] = float(x), float(y)
            if device.coverage_radius is not None:
                table.radius[device.row] = device.coverage_radius
        self.sensors = table


class OfflineFusion:
    """Turns the messages of one recording into pictures."""

    def __init__(self, pipeline: Pipeline, units: Units, network: RoadNetwork | None = None) -> None:
        self.pipeline = pipeline
        self.messages = 0
        """Messages of devices so far."""
        self.left_out = 0
        """Messages that no device sends: what the platform itself had published."""
        self.reports = 0
        """Reports of road users so far."""
        self.cycles = 0
        self._units = units
        self._cycle = FusionCycle(network)
        self._units_read: int | None = None

    def pictures(self, messages: Iterable[RawMessage]) -> Iterator[TrafficPicture]:
        """Yield the picture of every cycle, from the one after the first message to the one after the last."""
        tick, last, known = None, -math.inf, _Topics()
        for message in messages:
            if not known[message.topic]:
                self.left_out += 1
                continue
            tick = math.ceil(message.received * CYCLE_HZ) if tick is None else tick
            while tick / CYCLE_HZ < message.received:
                yield self._step(tick / CYCLE_HZ)
                jumps = tick / CYCLE_HZ > last + LONGEST_SILENCE
                tick = math.ceil(message.received * CYCLE_HZ) if jumps else tick + 1
            self.messages += 1
            self.pipeline.accept(message.topic, message.payload, message.received)
            last = max(last, message.received)
        if tick is not None:
            yield self._step(tick / CYCLE_HZ)

    def _step(self, now: float) -> TrafficPicture:
        pipeline = self.pipeline
        pipeline.take_events()
        pipeline.take_maps()
        pipeline.take_dead_letters()
        turn = int(now / UNITS_EVERY + 1e-6)
        if turn != self._units_read:
            self._units_read = turn
            self._units.refresh()
        batch = pipeline.take_observations(now)
        spats = pipeline.take_spats()
        for report in spats:
            self._units.note_signal(report.device, report.message.intersections[0].intersection_id.key)
        lights = [SpatReport(report.message, report.event_time, report.received) for report in spats]
        self.cycles += 1
        self.reports += len(batch)
        return self._cycle.step(batch, lights, now, self._units.sensors)


class _Topics(dict[str, bool]):
    """Whether devices send on a topic."""

    def __missing__(self, topic: str) -> bool:
        found = self[topic] = find_uplink(topic) is not None
        return found


class _Unprojected(LocalPlane):
    """Longitude and latitude themselves, to find out where a recording is."""

    def forward(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Metres, Metres]:
        """Return the degrees."""
        return np.asarray(lon, float), np.asarray(lat, float)

    def inverse(self, x: ArrayLike, y: ArrayLike) -> tuple[Degrees, Degrees]:
        """Return the degrees."""
        return np.asarray(x, float), np.asarray(y, float)


def find_place(messages: Iterable[RawMessage]) -> LocalPlane:
    """Make a plane about the first positions of a recording (their median: a single wrong one does no harm).

    A recording without any position gets a plane about longitude and latitude 0.
    """
    world = BoxE7.of_degrees(-180.0, -90.0, 180.0, 90.0)
    pipeline = Pipeline(_Unprojected(0.0, 0.0), world, DeviceRegistry())
    for number, message in enumerate(messages, 1):
        if find_uplink(message.topic) is None:
            continue
        pipeline.accept(message.topic, message.payload, message.received)
        counters = pipeline.counters
        if counters.observations >= FIRST_REPORTS or (number >= FIRST_MESSAGES and counters.observations):
            break
    found = pipeline.take_observations(0.0)
    if not len(found):
        return LocalPlane(0.0, 0.0)
    return LocalPlane(round(float(np.median(found.x)), 6), round(float(np.median(found.y)), 6))


def box_about(plane: LocalPlane) -> BoxE7:
    """Box in which the positions of a recording without a map are believed."""
    side = BOX_HALF_SIDE
    return BoxE7.of_degrees(
        max(plane.lon - side, -180.0),
        max(plane.lat - side, -90.0),
        min(plane.lon + side, 180.0),
        min(plane.lat + side, 90.0),
    )
