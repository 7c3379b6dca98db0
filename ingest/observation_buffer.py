"""Rows of raw numbers while messages come in, columns in the city's plane when they are taken.

A row is packed by `struct` into one growing buffer (about 0.4 microseconds); everything else, from sentinels to the
projection, is done for all rows at once in `take`.
"""

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ingest.messages.common import HEADING_UNAVAILABLE, SPEED_UNAVAILABLE
from ingest.observation import ObservationBatch, Source
from ingest.road_users import KIND_CONFIDENCE_TABLE, KIND_TABLE
from ingest.timebase import full_times
from maps.coordinates import Crs, convert
from maps.geodesy import LocalPlane

ROW = struct.Struct("<dddiiiHHHHHHHBBBBBBB")
"""Layout of one row, in the order of `ROW_TYPE`."""
ROW_TYPE = np.dtype(
    [
        ("receive_time", "<f8"),
        ("reference", "<f8"),  # what secMark is completed with: publication where known, else receive time
        ("publish_time", "<f8"),
        ("device", "<i4"),
        ("lon", "<i4"),
        ("lat", "<i4"),
        ("sec_mark", "<u2"),
        ("object_id", "<u2"),
        ("speed", "<u2"),
        ("heading", "<u2"),
        ("vehicle_class", "<u2"),
        ("width", "<u2"),
        ("length", "<u2"),
        ("height", "u1"),
        ("source", "u1"),
        ("participant_type", "u1"),
        ("position_confidence", "u1"),
        ("semi_major", "u1"),  # 0.05 m, 255 unavailable
        ("motion_confidence", "u1"),  # SpeedConfidence + 8 * HeadingConfidence
        ("reverse", "u1"),
    ]
)

NO_ACCURACY = 255
NOT_SHIFTED: Mapping[int, Crs] = {}

_RADIUS_95 = np.array([np.nan, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01], np.float32)
_SPEED_95 = np.array([np.nan, 100, 10, 5, 1, 0.1, 0.05, 0.01], np.float32)
_HEADING_95 = np.array([np.nan, 10, 5, 1, 0.1, 0.05, 0.01, 0.0125], np.float32)
_DEFAULT_POSITION = np.array([1.2, 0.5], np.float32)
_LEAST_POSITION = np.array([0.5, 0.3], np.float32)
_DEFAULT_SPEED = np.array([0.3, 0.7], np.float32)
_LEAST_SPEED = np.array([0.1, 0.3], np.float32)
_DEFAULT_HEADING = np.radians(np.array([2.0, 5.0], np.float32))
_STANDING = 0.2
"""m/s; below this the heading does not matter for the velocity."""


class ObservationBuffer:
    """Growing buffer of packed rows. Write with `ROW.pack_into(buffer.data, offset, ...)`, then set `end`."""

    def __init__(self, rows: int = 16_384) -> None:
        self.data = bytearray(rows * ROW.size)
        self.end = 0

    def __len__(self) -> int:
        return self.end // ROW.size

    def reserve(self, rows: int) -> int:
        """Make room for so many rows more and give the offset of the first."""
        while self.end + rows * ROW.size > len(self.data):
            self.data.extend(bytes(len(self.data)))
        return self.end

    def take(
        self, plane: LocalPlane, clock_offsets: NDArray[np.float64], shifted: Mapping[int, Crs] = NOT_SHIFTED
    ) -> ObservationBatch:
        """Turn all rows into columns and empty the buffer; offsets (devices,) are added to the devices' times.

        `shifted` gives the reference system of the devices, by row, that do not send WGS-84.
        """
        rows = np.frombuffer(bytes(memoryview(self.data)[: self.end]), ROW_TYPE)
        self.end = 0
        return _columns(rows, plane, clock_offsets, shifted) if len(rows) else ObservationBatch.empty()


def _positions(rows: NDArray[np.void], shifted: Mapping[int, Crs]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes, deg WGS-84."""
    lon, lat = rows["lon"] * 1e-7, rows["lat"] * 1e-7
    for crs in set(shifted.values()):
        devices = [row for row, system in shifted.items() if system is crs]
        there = np.isin(rows["device"], devices)
        lon[there], lat[there] = convert(lon[there], lat[there], crs, Crs.WGS84)
    return lon, lat


def _columns(
    rows: NDArray[np.void], plane: LocalPlane, clock_offsets: NDArray[np.float64], shifted: Mapping[int, Crs]
) -> ObservationBatch:
    offset = clock_offsets[rows["device"]]
    x, y = plane.forward(*_positions(rows, shifted))
    heading = np.where(rows["heading"] == HEADING_UNAVAILABLE, np.nan, np.radians(rows["heading"] * 0.0125))
    vx, vy, sigma_velocity = _velocity(rows, heading)
    participant, vehicle_class = rows["participant_type"], rows["vehicle_class"]
    return ObservationBatch(
        event_time=full_times(rows["sec_mark"], rows["reference"]) + offset,
        publish_time=rows["publish_time"] + offset,
        receive_time=rows["receive_time"].copy(),
        device=rows["device"].copy(),
        object_id=rows["object_id"].astype(np.int64),
        source=rows["source"].copy(),
        kind=KIND_TABLE[participant, vehicle_class],
        kind_confidence=KIND_CONFIDENCE_TABLE[participant, vehicle_class],
        x=x,
        y=y,
        vx=vx,
        vy=vy,
        heading=heading.astype(np.float32),
        sigma_position=_sigma_position(rows),
        sigma_velocity=sigma_velocity,
        length=_size(rows["length"], 0.01),
        width=_size(rows["width"], 0.01),
        height=_size(rows["height"], 0.05),
    )


def _size(raw: NDArray[np.uint16], unit: float) -> NDArray[np.float32]:
    size: NDArray[np.float32] = (raw * unit).astype(np.float32)
    size[raw == 0] = np.nan
    return size


def _sigma_position(rows: NDArray[np.void]) -> NDArray[np.float32]:
    """1-sigma per axis, m: the ellipse (one deviation) before the 95 % radius before the default of the source."""
    source = rows["source"]
    sigma: NDArray[np.float32] = _RADIUS_95[rows["position_confidence"]] / 2.0
    ellipse = rows["semi_major"] * np.float32(0.05)
    sigma = np.where(rows["semi_major"] == NO_ACCURACY, sigma, ellipse)
    sigma = np.where(np.isnan(sigma), _DEFAULT_POSITION[source], np.maximum(sigma, _LEAST_POSITION[source]))
    return sigma.astype(np.float32)


def _velocity(
    rows: NDArray[np.void], heading: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Velocity and its 1-sigma, m/s; NaN where speed, or the heading of a moving object, is not known."""
    source, motion = rows["source"], rows["motion_confidence"]
    speed = np.where(rows["speed"] == SPEED_UNAVAILABLE, np.nan, rows["speed"] * 0.02)
    signed = np.where(rows["reverse"] != 0, -speed, speed)
    standing = speed < _STANDING
    direction = np.where(standing & np.isnan(heading), 0.0, heading)
    vx, vy = signed * np.sin(direction), signed * np.cos(direction)
    along = _SPEED_95[motion % 8] / 2.0
    along = np.where(np.isnan(along), _DEFAULT_SPEED[source], np.maximum(along, _LEAST_SPEED[source]))
    turn = np.radians(_HEADING_95[motion // 8]) / 2.0
    across = speed * np.where(np.isnan(turn), _DEFAULT_HEADING[source], turn)
    sigma = np.where(np.isnan(vx), np.nan, np.maximum(along, across))
    return vx.astype(np.float32), vy.astype(np.float32), sigma.astype(np.float32)


SELF, ROADSIDE = int(Source.SELF), int(Source.ROADSIDE)
