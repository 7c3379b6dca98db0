"""The tracker's memory: tables of tracks, of devices and of the reports at hand, as structured arrays.

A report touches most fields of few tracks that lie anywhere in memory, so the fields of one row lie together and
compiled code gets a whole table as one pointer (a tuple of columns costs ten times as much per call). Rows
`0 .. count` are in use.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.parameters import TrackerParameters

KINDS = 9
SOURCES = 6
"""Devices remembered per track."""
RECENT = 12
"""Reports remembered per track, for duplicates and for telling neighbours apart."""
PAIRS = 16
"""Other devices that a device is compared with."""
LINE_BYTES = 64
"""A cache line. The processor loads them in pairs, so rows of tracks fill whole pairs."""
COUNT, NEXT_ID, DUPLICATES, PAIR_COUNT, DEVICE_COUNT = 0, 1, 2, 3, 4
"""Places in the tracker's counters: tracks in use, next id, duplicates left out, pairs of devices, devices heard."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Table = NDArray[np.void]
"""Structured array, one record a row."""
Record = np.void
"""One row of a table; compiled code reads and writes its fields in place."""


TRACK = np.dtype(
    [
        ("time", np.float64),  # of the state, s of the epoch
        ("state", np.float64, (4,)),  # x, y, vx, vy
        ("log_odds", np.float64),  # existence; -inf marks the dead
        ("born", np.float64),
        ("updated", np.float64),
        ("kind", np.int32),
        ("self_device", np.int32),
        ("told", np.float32, (2,)),  # mean velocity of its latest reports, m/s
        ("rival", np.int64),  # id of the track that coincides with this one, -1 where none
        ("track_id", np.int64),
        ("blur", np.float64),  # variance per axis that errors of its devices bring in, m2
        ("surprise", np.float64),  # mean squared normalised innovation, over what it should be
        ("heading", np.float64),
        ("confirmed", np.bool_),
        ("hidden", np.bool_),  # confirmed once, now doubted: not shown, still able to come back
        ("detached", np.bool_),  # not the state that its terminal's slow error was estimated with
        ("recent_next", np.int32),
        ("covariance", np.float64, (4, 4)),
        ("source_time", np.float64, (SOURCES,)),  # event time of each device's newest report
        ("source", np.int32, (SOURCES,)),  # device rows, latest first, -1 where none
        ("recent_device", np.int32, (RECENT,)),
        ("recent_time", np.float64, (RECENT,)),  # ring of the reports that went in
        ("source_object", np.int64, (SOURCES,)),  # each device's name of this object
        ("source_place", np.float64, (SOURCES, 2)),  # where each device's newest report said it was, uncorrected
        ("source_variance", np.float64, (SOURCES,)),
        ("kind_score", np.float64, (KINDS,)),  # log of the probability up to a constant
        ("length", np.float64),
        ("width", np.float64),
        ("size_weight", np.float64),
        ("rival_since", np.float64),  # event time since which it coincides with its rival
    ],
    align=True,
)
"""What is looked at in every cycle, or by every device that has the track in view, comes first."""
MOTION_PLACES, BELIEF_PLACES = (0, 128), (0, 256)
"""Bytes of a track at which pairs of cache lines with its motion start, and those that tell whether it was missed."""
DEVICE = np.dtype(
    [
        ("bias", np.float64, (4,)),  # east and north offset (m), yaw (rad), clock (s) of what it reports
        ("bias_covariance", np.float64, (4, 4)),
        ("bias_relative", np.float64, (4, 4)),  # the part of the covariance that its neighbours do not share
        ("lane_information", np.float64, (3, 3)),  # of offset east, north and yaw, by the lanes that vehicles keep
        ("lane_vector", np.float64, (3,)),
        ("lane_time", np.float64),  # event time of the newest comparison with a lane
        ("lane_misfit", np.float64),  # mean squared normalised distance from lanes
        ("scale", np.float64),  # learnt over stated variance of position
        ("stated", np.float64),  # variance of its newest report as stated, m2
        ("heard", np.float64),  # event time of the newest report
        ("rank", np.int64),  # in the order of first reports
        ("known", np.bool_),
        ("roadside", np.bool_),
        ("partner", np.int32, (PAIRS,)),  # rows of devices, -1 where none
        ("pair", np.int32, (PAIRS,)),  # rows of pairs
        ("local", np.int32),  # place in the system being solved, -1 outside
        ("owner", np.int64),  # id of the track that took a terminal's newest report, 0 where none
        ("drift", np.float64, (2,)),  # slow error of a terminal's own position, m
        ("drift_covariance", np.float64, (2, 2)),
        ("drift_cross", np.float64, (4, 2)),  # covariance with the state of its owner
        ("drift_time", np.float64),
        ("unit_blur", np.float64),  # blur of its vehicle's track by the units that see it, m2
        ("told", np.float64, (2, 2)),  # the last two velocities that a terminal told, latest first, m/s
        ("told_time", np.float64, (2,)),
        ("path", np.float64, (2,)),  # what a terminal's velocities add up to since it was last silent, m
        ("path_gap", np.float64, (2,)),  # mean of how far from that a roadside unit sees its vehicle, m
        ("path_velocity", np.float64, (2,)),  # mean velocity at the same moments, m/s
        ("path_weight", np.float64),  # how many moments these means stand for
        ("path_time", np.float64),  # event time of the last of them
        ("path_unit", np.int64),  # row of that unit
        ("velocity_variance", np.float64),  # learnt of a terminal's, per axis, m2/s2; 0 before
        ("reliability", np.float64),  # probability that it keeps its name for an object
        ("scan_time", np.float64),  # event time of the newest scan, -inf before the first
        ("scan_before", np.float64),  # event time of the scan before that
        ("reach", np.float64),  # largest range seen, slowly forgotten, m
        ("detection", np.float64, (2,)),  # learnt probability to see a track in the inner and outer half of the view
        ("x", np.float64),  # as told by the sensor table
        ("y", np.float64),
        ("radius", np.float64),
    ],
    align=True,
)
REPORT = np.dtype(
    [
        ("z", np.float64, (4,)),  # x, y, vx, vy; velocity NaN where unknown
        ("raw", np.float64, (2,)),  # x, y as reported
        ("variance", np.float64, (2,)),  # of each component of position and of velocity
        ("stated", np.float64),  # variance of the position as stated, m2
        ("compared", np.float64),  # variance of the position when held against another device's, m2
        ("blur", np.float64),  # variance per axis by errors of the device, m2
        ("time", np.float64),  # event time as reported
        ("moment", np.float64),  # event time on the common clock
        ("kind_confidence", np.float64),
        ("heading", np.float64),
        ("length", np.float64),
        ("width", np.float64),
        ("object_id", np.int64),
        ("device", np.int32),
        ("kind", np.int32),
        ("roadside", np.bool_),
    ],
    align=True,
)
PAIR = np.dtype(
    [
        ("information", np.float64, (5, 5)),  # of offset east, north, clock (differences), yaw of first, of second
        ("vector", np.float64, (5,)),
        ("slope", np.float64, (5,)),  # scratch
        ("clock", np.float64, (2,)),  # information and vector about the difference of clocks, by paths alone
        ("clock_time", np.float64),
        ("passed", np.int64),  # differences passed over since the last one taken
        ("time", np.float64),
        ("first", np.int32),
        ("second", np.int32),
    ],
    align=True,
)
"""What two devices showed of each other's errors."""
PARAMETERS = np.dtype(
    [
        (name, np.float64, (KINDS,)) if isinstance(value, tuple) else (name, type(value))
        for name, value in TrackerParameters()._asdict().items()
    ],
    align=True,
)


def make_tracks(capacity: int) -> Table:
    """Make room for `capacity` tracks from the start of a pair of cache lines on; birth fills every field."""
    room = np.zeros(capacity * TRACK.itemsize + 2 * LINE_BYTES, np.uint8)
    start = -room.ctypes.data % (2 * LINE_BYTES)
    return room[start : start + capacity * TRACK.itemsize].view(TRACK)


def make_devices(capacity: int) -> Table:
    """Make room for `capacity` devices of which nothing is known yet."""
    devices = np.zeros(capacity, DEVICE)
    devices["reliability"] = 0.5
    devices["detection"] = 0.9
    devices["scan_time"] = devices["scan_before"] = -np.inf
    devices["heard"] = -np.inf
    devices["scale"] = devices["lane_misfit"] = 1.0
    devices["lane_time"] = devices["drift_time"] = devices["told_time"] = -np.inf
    devices["partner"] = devices["local"] = -1
    for name in ("x", "y", "radius"):
        devices[name] = np.nan
    return devices


def make_parameters(parameters: TrackerParameters) -> Table:
    """Put parameters into a table of one row, as compiled code reads them."""
    return np.array([tuple(parameters)], PARAMETERS)


def make_pairs(capacity: int) -> Table:
    """Make room for `capacity` pairs of devices."""
    return np.zeros(capacity, PAIR)


def grown_pairs(pairs: Table, capacity: int) -> Table:
    """Return a table of at least `capacity` rows that starts with the given one."""
    if len(pairs) >= capacity:
        return pairs
    return np.concatenate([pairs, make_pairs(max(capacity, 2 * len(pairs)) - len(pairs))])


def grown_tracks(tracks: Table, capacity: int) -> Table:
    """Return a table of at least `capacity` rows that starts with the given one."""
    if len(tracks) >= capacity:
        return tracks
    grown = make_tracks(max(capacity, 2 * len(tracks)))
    grown[: len(tracks)] = tracks
    return grown


def grown_devices(devices: Table, capacity: int) -> Table:
    """Return a table of at least `capacity` rows that starts with the given one."""
    if len(devices) >= capacity:
        return devices
    return np.concatenate([devices, make_devices(max(capacity, 2 * len(devices)) - len(devices))])
