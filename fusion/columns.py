"""The tracker's memory: tables of tracks, of devices and of the reports at hand, as structured arrays.

A report touches most fields of few tracks that lie anywhere in memory, so the fields of one row lie together and
compiled code gets a whole table as one pointer (a tuple of columns costs ten times as much per call). Rows
`0 .. count` are in use.
"""

import math

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
TWINS = 4
"""Tracks that a terminal's vehicle may be, remembered per terminal."""
STEADY_REPORTS = 5
"""A device that reported so often in a short time sees the track steadily."""
LINE_BYTES = 64
"""A cache line. Some processors load them in pairs, so rows of tracks fill whole pairs."""
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
        ("confirmed", np.bool_),
        ("hidden", np.bool_),  # confirmed once, now doubted: not shown, still able to come back
        ("detached", np.bool_),  # not the state that its terminal's slow error was estimated with
        ("kind", np.uint8),
        ("self_device", np.int32),
        ("source_time", np.float64, (SOURCES,)),  # event time of each device's newest report
        ("steady", np.float64),  # event time of the `STEADY_REPORTS`-th newest report by the device that reported last
        ("updated", np.float64),
        ("source", np.int32, (SOURCES,)),  # device rows, latest first, -1 where none
        ("track_id", np.int64),
        ("blur", np.float64),  # variance per axis that errors of its devices bring in, m2
        ("surprise", np.float64),  # mean squared normalised innovation, over what it should be
        ("heading", np.float64),
        ("length", np.float64),
        ("width", np.float64),
        ("source_object", np.int64, (SOURCES,)),  # each device's name of this object
        ("rival", np.int64),  # id of the track that coincides with this one, -1 where none
        ("covariance", np.float64, (4, 4)),
        ("recent_time", np.float64, (RECENT,)),  # ring of the reports that went in
        ("recent_device", np.int32, (RECENT,)),
        ("source_place", np.float64, (SOURCES, 2)),  # where each device's newest report said it was, uncorrected
        ("source_variance", np.float64, (SOURCES,)),
        ("kind_score", np.float64, (KINDS,)),  # log of the probability up to a constant
        ("told", np.float32, (2,)),  # mean velocity of its latest reports, m/s
        ("rival_since", np.float64),  # event time since which it coincides with its rival
        ("size_weight", np.float32),  # a sum of small whole numbers
        ("recent_next", np.uint8),
    ],
    align=True,
)
"""What is looked at in every cycle, or by every device that has the track in view, comes first."""
SHOWN_PLACES, BELIEF_PLACES, MOTION_PLACES = (0, 128), (0, 64, 128), (0, 256, 320)
"""Bytes of a track at which the cache lines start that tell whether it is shown, whether it was missed, and its motion.
"""
NEAR_PLACES, REST_PLACES = (0, 64, 128, 192, 256, 320), (384, 448, 512, 576, 640, 704)
"""The same of all that a report near it is compared with, and of what else a report changes that goes into it."""
DEVICE = np.dtype(
    [
        ("bias", np.float64, (4,)),  # east and north offset (m), yaw (rad), clock (s) of what it reports
        ("bias_relative", np.float64, (4, 4)),  # the part of the covariance that its neighbours do not share
        ("x", np.float64),  # as told by the sensor table
        ("y", np.float64),
        ("scale", np.float64),  # learnt over stated variance of position
        ("reliability", np.float64),  # probability that it keeps its name for an object
        ("known", np.bool_),
        ("roadside", np.bool_),
        ("local", np.int32),  # place in the system being solved, -1 outside
        ("bias_covariance", np.float64, (4, 4)),
        ("lane_information", np.float64, (3, 3)),  # of offset east, north and yaw, by the lanes that vehicles keep
        ("lane_vector", np.float64, (3,)),
        ("lane_time", np.float64),  # event time of the newest comparison with a lane
        ("lane_misfit", np.float64),  # mean squared normalised distance from lanes
        ("stated", np.float64),  # variance of its newest report as stated, m2
        ("heard", np.float64),  # event time of the newest report
        ("rank", np.int64),  # in the order of first reports
        ("partner", np.int32, (PAIRS,)),  # rows of devices, -1 where none
        ("pair", np.int32, (PAIRS,)),  # rows of pairs
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
        ("twin", np.int64, (TWINS,)),  # ids of tracks that move as a terminal does, 0 where none
        ("twin_score", np.float64, (TWINS,)),  # how much likelier it is that each is its vehicle, nats
        ("twin_time", np.float64),  # event time at which they were weighed last
        ("scan_time", np.float64),  # event time of the newest scan, -inf before the first
        ("scan_before", np.float64),  # event time of the scan before that
        ("reach", np.float64),  # largest range seen, slowly forgotten, m
        ("detection", np.float64, (2,)),  # learnt probability to see a track in the inner and outer half of the view
        ("radius", np.float64),
    ],
    align=True,
)
"""What is asked of every device that a report is compared with comes first."""
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
        ("object_id", np.int64),
        ("kind_confidence", np.float32),
        ("heading", np.float32),
        ("length", np.float32),
        ("width", np.float32),
        ("device", np.int32),
        ("kind", np.uint8),
        ("roadside", np.bool_),
    ],
    align=True,
)
PAIR = np.dtype(
    [
        ("passed", np.int64),  # differences passed over since the last one taken
        ("information", np.float64, (5, 5)),  # of offset east, north, clock (differences), yaw of first, of second
        ("vector", np.float64, (5,)),
        ("slope", np.float64, (5,)),  # scratch
        ("clock", np.float64, (2,)),  # information and vector about the difference of clocks, by paths alone
        ("clock_time", np.float64),
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
    ]
    + [(name, np.float64) for name in ("outside_place", "outside_velocity", "surest_cost")],
    align=True,
)
"""Those of the tracker, and what of a pair's cost depends on them alone: -2 ln of the densities of reports from outside
by place and by velocity, and the cost of a track that is believed most."""


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
    place = 2.0 * math.log(2.0 * math.pi * parameters.outsider_density)
    velocity = 4.0 * math.log(parameters.prior_velocity_sigma)
    surest = 2.0 * math.log1p(math.exp(-parameters.highest_log_odds))
    return np.array([(*parameters, place, velocity, surest)], PARAMETERS)


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
