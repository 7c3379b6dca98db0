"""Where roadside units stand, how far they see, and which signal each belongs to.

What a unit says of itself (INFO) counts first; else its signal's place in the map stands for its own.
"""

import numpy as np

from fusion.sensors import SensorTable
from ingest.device_registry import Device, DeviceKind, DeviceRegistry
from maps.network import RoadNetwork

NEAR = 80.0
"""A unit that names no signal belongs to one within this distance, m."""


class RoadsideUnits:
    """Units of the registry, brought up to date by `refresh`."""

    def __init__(self, network: RoadNetwork, registry: DeviceRegistry) -> None:
        self._network = network
        self._registry = registry
        self._spoken_for: dict[int, int] = {}
        self.sensors = SensorTable.empty()
        self.at_signal: dict[int, str] = {}
        """Serial of the unit at each signal, by signal row."""
        self.by_signal_id: dict[str, str] = {}
        """The same by the signal's id."""
        self.places: dict[str, tuple[float, float]] = {}
        """Where each unit stands, at a signal or not, by serial; m."""

    def note_signal(self, device: int, key: tuple[int, int]) -> None:
        """Note that a unit reports the lights of the signal with this (region, node id)."""
        if device not in self._spoken_for and key in self._network.signal_rows:
            self._spoken_for[device] = self._network.signal_rows[key]

    def refresh(self) -> None:
        """Read the registry anew."""
        count = len(self._registry)
        x, y, radius = (np.full(count, np.nan) for _ in range(3))
        self.at_signal, self.places = {}, {}
        for device in self._registry.list_all():
            if device.kind is not DeviceKind.RSU or not device.live:
                continue
            place = self._place(device)
            signal = self._signal(device, place)
            if signal is not None:
                self.at_signal[signal] = device.id
                place = place or (float(self._network.signals.x[signal]), float(self._network.signals.y[signal]))
            if place is not None:
                x[device.row], y[device.row] = place
                self.places[device.id] = place
            radius[device.row] = np.nan if device.coverage_radius is None else device.coverage_radius
        self.sensors = SensorTable(x, y, radius)
        self.by_signal_id = {str(self._network.signals.id[row]): unit for row, unit in self.at_signal.items()}

    def _place(self, device: Device) -> tuple[float, float] | None:
        if device.lon is None or device.lat is None:
            return None
        x, y = self._network.plane.forward(device.lon, device.lat)
        return float(x), float(y)

    def _signal(self, device: Device, place: tuple[float, float] | None) -> int | None:
        if device.node_id is not None:
            named = self._network.signal_rows.get((device.region or 0, device.node_id))
            if named is not None:
                return named
        if device.row in self._spoken_for:
            return self._spoken_for[device.row]
        if place is None or len(self._network.signals.id) == 0:
            return None
        distance = np.hypot(self._network.signals.x - place[0], self._network.signals.y - place[1])
        nearest = int(np.argmin(distance))
        return nearest if distance[nearest] <= NEAR else None
