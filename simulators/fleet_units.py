"""Raw units of the message layer (T/CSAE 53-2020): from SI columns to the integers that messages carry."""

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from maps.participants import ParticipantKind as Kind
from simulators.fleet_motion import Values

Ints = NDArray[np.int64]

_CLASS_OF = {
    Kind.UNKNOWN: 0,
    Kind.CAR: 10,
    Kind.VAN: 20,
    Kind.TRUCK: 25,
    Kind.BUS: 54,
    Kind.SPECIAL: 60,
    Kind.MOTORCYCLE: 40,
    Kind.CYCLIST: 0,
    Kind.PEDESTRIAN: 0,
}
VEHICLE_CLASS = np.array([_CLASS_OF[kind] for kind in Kind], np.int64)
"""BasicVehicleClass of each kind, 0 where it has none."""


def degrees_e7(values: Values) -> Ints:
    """Latitude or longitude, 1e-7 deg."""
    return np.rint(values * 1e7).astype(np.int64)


def speed_raw(mps: Values) -> Ints:
    """Speed, 0.02 m/s, 0..8190; 8191 where it is NaN: unavailable."""
    raw: Ints = np.nan_to_num(np.clip(np.rint(mps * 50.0), 0, 8190), nan=8191).astype(np.int64)
    return raw


def heading_raw(radians: Values) -> Ints:
    """Heading, 0.0125 deg clockwise from north, 0..28799."""
    return np.rint(np.degrees(radians) * 80.0).astype(np.int64) % 28_800


def centimetres(metres: Values, largest: int) -> Ints:
    """Length or width, cm, 0..largest."""
    return np.clip(np.rint(metres * 100.0), 0, largest).astype(np.int64)


def height_raw(metres: Values) -> Ints:
    """Height, 5 cm, 0..127."""
    return np.clip(np.rint(metres * 20.0), 0, 127).astype(np.int64)


def second_mark(time: Values) -> Ints:
    """DSecond of UTC epochs, ms in the minute."""
    return np.rint(time * 1e3).astype(np.int64) % 60_000


def milliseconds(time: float) -> int:
    """UTC epoch, ms."""
    return round(time * 1e3)


def minute_of_year(time: float) -> int:
    """MinuteOfTheYear of a UTC epoch."""
    year = datetime.fromtimestamp(time, UTC).year
    return math.floor((time - datetime(year, 1, 1, tzinfo=UTC).timestamp()) / 60.0)
