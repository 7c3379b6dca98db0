"""How tracks and reports lie in memory and are found there: sorted grids, scans, what is kept to save a second look."""

import numpy as np
import pytest
from fusion_reports import NOW, join, reports
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.columns import (
    BELIEF_PLACES,
    LINE_BYTES,
    MOTION_PLACES,
    NEAR_PLACES,
    RECENT,
    REST_PLACES,
    SHOWN_PLACES,
    STEADY_REPORTS,
    TRACK,
    Floats,
    make_devices,
    make_parameters,
    make_tracks,
)
from fusion.estimation import note_recent, note_steadiness
from fusion.gating import (
    FIELD,
    FINE,
    WIDE,
    Grid,
    clear_level,
    enter,
    insert,
    leave_out,
    make_grid,
    near,
    near_within,
    sort_level,
)
from fusion.parameters import TrackerParameters
from fusion.row_order import rearrange
from fusion.scans import gather_scans
from ingest.observation import ObservationBatch

ROWS, LEFT_OUT = 200, 5
QUICK = settings(max_examples=40, deadline=None)
LINES_OF = {
    SHOWN_PLACES: ("confirmed", "hidden", "track_id"),
    BELIEF_PLACES: ("time", "state", "born", "confirmed", "source", "source_time", "steady"),
    MOTION_PLACES: ("time", "state", "kind", "covariance"),
    (*NEAR_PLACES, *REST_PLACES): TRACK.names or (),
}
"""Fields that a place of the code waits for, by what is loaded for it in advance."""


def fill(grid: Grid, level: int, x: Floats, y: Floats, at_once: int) -> None:
    """Fill a level anew: the first rows at once, the others later; every fifth row stands elsewhere."""
    clear_level(grid, level)
    for row in range(len(x)):
        if row == at_once:
            sort_level(grid, level, row)
        if row % LEFT_OUT == 0 and row < at_once:
            leave_out(grid, level, row)
        elif row % LEFT_OUT:
            (enter if row < at_once else insert)(grid, level, row, float(x[row]), float(y[row]))


@QUICK
@given(
    seed=st.integers(0, 10**6),
    at_once=st.tuples(st.integers(0, ROWS - 1), st.integers(0, ROWS - 1)),
    level=st.sampled_from((FINE, WIDE, FIELD)),
)
def test_rows_sorted_at_once_and_rows_that_come_later_are_found_alike(
    seed: int, at_once: tuple[int, int], level: int
) -> None:
    rng, grid, found = np.random.default_rng(seed), make_grid(ROWS), np.zeros(2 * ROWS, np.int32)
    for count in at_once:
        x, y = rng.uniform(-90, 90, (2, ROWS))
        fill(grid, level, x, y, count)
        rows = found[: near(grid, level, 3.0, -2.0, 30.0, found)].tolist()
        there = np.arange(ROWS) % LEFT_OUT > 0
        inside = there & (np.abs(x - 3.0) <= 30.0) & (np.abs(y + 2.0) <= 30.0)
        assert len(set(rows)) == len(rows)
        assert set(np.flatnonzero(inside).tolist()) <= set(rows) <= set(np.flatnonzero(there).tolist())
        close = found[: near_within(grid, level, 3.0, -2.0, 30.0, 12.0, found)].tolist()
        assert sorted(close) == np.flatnonzero(there & (np.hypot(x - 3.0, y + 2.0) < 12.0)).tolist()


@QUICK
@given(noted=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=1, max_size=30))
def test_the_time_that_tells_steadiness_is_that_of_the_fifth_newest_report(noted: list[tuple[int, int]]) -> None:
    track = make_tracks(1)[0]
    track["recent_device"], track["recent_next"] = -1, 0
    for device, tenths in noted:
        note_recent(track, device, NOW + 0.1 * tenths)
        track["source"][0] = device
    note_steadiness(track)
    last = noted[-1][0]
    times = sorted((NOW + 0.1 * tenths for device, tenths in noted[-RECENT:] if device == last), reverse=True)
    assert track["steady"] == (times[STEADY_REPORTS - 1] if len(times) >= STEADY_REPORTS else -np.inf)


def arrivals(seed: int) -> ObservationBatch:
    """Reports of three devices at two instants each and some of them twice, in any order."""
    rng = np.random.default_rng(seed)
    parts = []
    for device in range(3):
        for instant in (0.0, 0.05):
            x, y = rng.integers(0, 4, (2, 12)) * 1.0
            parts.append(reports(NOW + instant + 0.01 * device, x, y, device=device, names=rng.permutation(12) + 1))
    batch = join(*parts, *parts[:2])
    order = rng.permutation(len(batch.x))
    return ObservationBatch(**{name: column[order] for name, column in vars(batch).items()})


@QUICK
@given(seed=st.integers(0, 10**6))
def test_scans_hold_each_place_of_a_device_and_instant_once_and_in_order(seed: int) -> None:
    batch, parameters = arrivals(seed), TrackerParameters()
    scans = gather_scans(batch, make_devices(3), NOW + 0.1, parameters, make_parameters(parameters))
    parts = [scans.reports[scans.starts[scan] : scans.starts[scan + 1]] for scan in scans.sequence]
    keys = sorted(set(zip(batch.event_time.tolist(), batch.device.tolist(), strict=True)))
    assert [(part["time"][0], part["device"][0]) for part in parts] == keys
    for part, (time, device) in zip(parts, keys, strict=True):
        mine = (batch.event_time == time) & (batch.device == device)
        places = sorted(set(zip(batch.x[mine].tolist(), batch.y[mine].tolist(), strict=True)))
        assert part["raw"].tolist() == [list(place) for place in places]
    assert scans.doubles == len(batch.x) - len(scans.reports)


@QUICK
@given(order=st.permutations(range(9)))
def test_rows_are_put_into_another_order_where_they_are(order: list[int]) -> None:
    tracks = make_tracks(10)
    tracks["track_id"], tracks["recent_next"] = np.arange(10), np.arange(10)
    rearrange(tracks, np.array(order), make_tracks(1))
    assert tracks["track_id"].tolist() == tracks["recent_next"].tolist() == [*order, 9]


@pytest.mark.parametrize("places", LINES_OF)
def test_what_is_loaded_in_advance_are_the_cache_lines_of_what_is_read(places: tuple[int, ...]) -> None:
    loaded: set[int] = {place // LINE_BYTES for place in places}
    assert all(place % LINE_BYTES == 0 for place in places)
    needed: set[int] = set()
    for name in LINES_OF[places]:
        assert TRACK.fields is not None
        field, start = TRACK.fields[name][:2]
        needed |= set(range(start // LINE_BYTES, (start + field.itemsize - 1) // LINE_BYTES + 1))
    assert loaded == needed
