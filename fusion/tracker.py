"""The tracker: reports of a cycle in, believed road users out. Pure: the clock is a parameter.

Each report is applied at its own event time, scan by scan; a report older than its track updates the present state as a
measurement of the past (see `fusion.estimation`). No report waits for another.
"""

import math

import numpy as np

from fusion.association import make_scratch
from fusion.columns import grown_devices, grown_tracks, make_devices, make_parameters, make_tracks
from fusion.gating import make_grid
from fusion.lifecycle import COUNT, DUPLICATES, NEXT_ID, bury
from fusion.merging import merge
from fusion.parameters import TrackerParameters
from fusion.scan_filter import run_scans
from fusion.scans import gather_scans
from fusion.sensors import SensorTable
from fusion.track_view import view
from fusion.tracks import TrackTable
from ingest.observation import ObservationBatch

TIDY_CYCLES, TIDY_CELL = 50, 60.0
"""Every so many cycles the rows are sorted by square cells of this side, m."""


class Tracker:
    """Keeps one track per road user. Not thread-safe; the same calls give the same tracks."""

    def __init__(self, parameters: TrackerParameters | None = None) -> None:
        self.parameters = parameters or TrackerParameters()
        self._tuning = make_parameters(self.parameters)
        self._tracks = make_tracks(256)
        self._devices = make_devices(64)
        self._counters = np.array([0, 1, 0], np.int64)
        self._cycle = math.nan
        self._updates = 0

    def update(self, batch: ObservationBatch, now: float, sensors: SensorTable) -> None:
        """Apply the reports of one cycle. `now` is the time of the cycle, s of the epoch; it must not go back."""
        self._take_sensors(sensors, int(batch.device.max(initial=-1)) + 1)
        scans = gather_scans(batch, self._devices, now, self.parameters)
        room = int(self._counters[COUNT]) + len(scans.reports)
        self._tracks = grown_tracks(self._tracks, room)
        scratch = make_scratch(int(np.diff(scans.starts).max(initial=1)), room)
        time = float(scans.reports["moment"].max(initial=now - self.parameters.longest_lag))
        tracks, counters, tuning = self._tracks, self._counters, self._tuning
        counters[DUPLICATES] += scans.doubles
        run_scans(tracks, self._devices, scans, time, make_grid(room), scratch, counters, tuning)
        merge(tracks, counters, time, make_grid(int(counters[COUNT])), scratch, tuning)
        span = 0.0 if math.isnan(self._cycle) else max(now - self._cycle, 0.0)
        bury(tracks, counters, now, span, tuning)
        self._cycle = now
        self._updates += 1
        if self._updates % TIDY_CYCLES == 0:
            self._tidy()

    def table(self, now: float) -> TrackTable:
        """Return the confirmed tracks extrapolated to `now`."""
        return view(self._tracks, int(self._counters[COUNT]), now, self._tuning)

    @property
    def duplicates(self) -> int:
        """Reports left out because they had gone in before."""
        return int(self._counters[DUPLICATES])

    @property
    def ids_given(self) -> int:
        """Track ids used so far; none comes twice."""
        return int(self._counters[NEXT_ID]) - 1

    def _tidy(self) -> None:
        """Put tracks that are near each other into neighbouring rows: the processor's cache finds them together."""
        count = int(self._counters[COUNT])
        x, y = self._tracks["state"][:count, 0], self._tracks["state"][:count, 1]
        order = np.lexsort((self._tracks["track_id"][:count], x // TIDY_CELL, y // TIDY_CELL))
        self._tracks[:count] = self._tracks[order]

    def _take_sensors(self, sensors: SensorTable, devices: int) -> None:
        self._devices = grown_devices(self._devices, max(devices, len(sensors)))
        known = len(sensors)
        self._devices["x"][:known] = sensors.x
        self._devices["y"][:known] = sensors.y
        self._devices["radius"][:known] = sensors.radius
