"""The tracker: reports of a cycle in, believed road users out. Pure: the clock is a parameter.

Each report is applied at its own event time, scan by scan; a report older than its track updates the present state as a
measurement of the past (see `fusion.estimation`). No report waits for another.
"""

import math
from collections.abc import Sequence

import numpy as np

from fusion.association import make_scratch
from fusion.columns import (
    COUNT,
    DUPLICATES,
    NEXT_ID,
    PAIR_COUNT,
    PAIRS,
    Longs,
    grown_devices,
    grown_pairs,
    grown_tracks,
    make_devices,
    make_pairs,
    make_parameters,
    make_tracks,
)
from fusion.gating import grown_grid, make_grid
from fusion.lane_centres import LaneSides
from fusion.lifecycle import bury
from fusion.merging import merge
from fusion.parameters import TrackerParameters
from fusion.registration_lanes import compare_with_lanes
from fusion.registration_solution import solve_devices
from fusion.row_order import rearrange
from fusion.same_name import join_by_name
from fusion.scan_filter import run_scans
from fusion.scans import gather_scans
from fusion.sensors import SensorTable
from fusion.shared_motion import join_by_motion
from fusion.track_view import shown, view
from fusion.tracks import TrackTable
from ingest.observation import ObservationBatch

TIDY_AFTER, TIDY_CELL = 5.0, 60.0
"""Once in this time, s, the rows are sorted by square cells of this side, m."""
TURN, MOST_TURNS = 0.1, 20
"""The devices take turns of this length, s, in being solved; so many turns are caught up with at most."""


class Tracker:
    """Keeps one track per road user. Not thread-safe; the same calls give the same tracks."""

    def __init__(self, parameters: TrackerParameters | None = None) -> None:
        self.parameters = parameters or TrackerParameters()
        self._tuning = make_parameters(self.parameters)
        self._tracks = make_tracks(256)
        self._devices = make_devices(64)
        self._counters = np.array([0, 1, 0, 0, 0], np.int64)
        self._pairs = make_pairs(64)
        self._grid = make_grid(256)
        self._priors = np.ones(3)
        self._shown = np.zeros(0, np.int64)
        self._cycle = math.nan
        self._compared = -math.inf
        self._newest = -math.inf
        self._tidied = -math.inf

    def update(self, batch: ObservationBatch, now: float, sensors: SensorTable) -> None:
        """Apply the reports of one cycle. `now` is the time of the cycle, s of the epoch; it must not go back."""
        self._take_sensors(sensors, int(batch.device.max(initial=-1)) + 1)
        scans = gather_scans(batch, self._devices, now, self.parameters, self._tuning)
        room = int(self._counters[COUNT]) + len(scans.reports)
        self._tracks = grown_tracks(self._tracks, room)
        scratch = make_scratch(int(np.diff(scans.starts).max(initial=1)), room)
        time = self._newest = float(scans.reports["moment"].max(initial=self._newest))
        grid = self._grid = grown_grid(self._grid, room)
        tracks, counters, tuning = self._tracks, self._counters, self._tuning
        counters[DUPLICATES] += scans.doubles
        run_scans(tracks, self._devices, self._pairs, scans, time, grid, scratch, counters, tuning)
        merge(tracks, counters, time, grid, scratch, tuning)
        join_by_name(tracks, self._devices, counters, time, grid, scratch, tuning)
        if self.parameters.registration:
            join_by_motion(tracks, self._devices, counters, time, grid, scratch, tuning)
        before = now if math.isnan(self._cycle) else self._cycle
        bury(tracks, counters, now, max(now - before, 0.0), tuning)
        self._cycle = now
        if self.parameters.registration:
            self._register(before, now)
        if now >= self._tidied + TIDY_AFTER:
            self._tidied = now
            self._tidy()

    def table(self, now: float) -> TrackTable:
        """Return the confirmed tracks extrapolated to `now`."""
        self._shown = shown(self._tracks, int(self._counters[COUNT]))
        return view(self._tracks, self._shown, now, self._tuning)

    def learn_from_lanes(self, sides: LaneSides, now: float) -> None:
        """Learn errors of devices from the lanes that vehicles keep; `sides` belong to the rows of `table(now)`."""
        if self.parameters.registration:
            rows = self._shown
            before, self._compared = self._compared, now
            compare_with_lanes(self._tracks, rows, self._devices, sides, now, max(before, now - 1.0), self._tuning)

    def rename(self, devices: Sequence[int]) -> int:
        """Give the tracks of these terminals (device rows) new ids, so that nobody follows them on; return how many."""
        count = int(self._counters[COUNT])
        rows = np.flatnonzero(np.isin(self._tracks["self_device"][:count], np.asarray(devices, np.int64)))
        first = int(self._counters[NEXT_ID])
        self._tracks["track_id"][rows] = np.arange(first, first + len(rows))
        self._counters[NEXT_ID] += len(rows)
        return len(rows)

    @property
    def held(self) -> Longs:
        """Ids of all tracks, shown or not."""
        ids: Longs = self._tracks["track_id"][: self._counters[COUNT]]
        return ids

    def give_back(self, found: Longs, former: Longs) -> None:
        """Give tracks, by id, the former ids of their vehicles; those must be of no track any more."""
        ids = self.held
        order = np.argsort(ids)
        ids[order[np.searchsorted(ids, found, sorter=order)]] = former

    @property
    def duplicates(self) -> int:
        """Reports left out because they had gone in before."""
        return int(self._counters[DUPLICATES])

    @property
    def ids_given(self) -> int:
        """Track ids used so far; none comes twice."""
        return int(self._counters[NEXT_ID]) - 1

    def device_errors(self, row: int) -> tuple[float, float, float, float]:
        """Return what was learnt of a device: offset east and north (m), yaw (rad), what its clock is ahead (s)."""
        east, north, yaw, clock = self._devices["bias"][row].tolist()
        return east, north, yaw, clock

    def noise_scale(self, row: int) -> float:
        """Return the learnt over the stated variance of a device's positions."""
        return float(self._devices["scale"][row])

    def _register(self, before: float, now: float) -> None:
        """Turn what devices showed of each other into their errors, for each turn that began since `before`."""
        last = math.floor(now / TURN + 1e-3)
        turns = range(max(math.floor(before / TURN + 1e-3) + 1, last - MOST_TURNS + 1), last + 1)
        if not turns:
            return
        known = np.flatnonzero(self._devices["known"])
        order = known[np.argsort(self._devices["rank"][known])]
        for turn in turns:
            solve_devices(self._devices, self._pairs, order, turn, now, self._priors, self._tuning)

    def _tidy(self) -> None:
        """Put tracks that are near each other into neighbouring rows: the processor's cache finds them together."""
        count = int(self._counters[COUNT])
        x, y = self._tracks["state"][:count, 0], self._tracks["state"][:count, 1]
        order = np.lexsort((self._tracks["track_id"][:count], x // TIDY_CELL, y // TIDY_CELL))
        rearrange(self._tracks, order, make_tracks(1))

    def _take_sensors(self, sensors: SensorTable, devices: int) -> None:
        self._devices = grown_devices(self._devices, max(devices, len(sensors)))
        self._pairs = grown_pairs(self._pairs, int(self._counters[PAIR_COUNT]) + PAIRS * 64)
        known = len(sensors)
        self._devices["x"][:known] = sensors.x
        self._devices["y"][:known] = sensors.y
        self._devices["radius"][:known] = sensors.radius
