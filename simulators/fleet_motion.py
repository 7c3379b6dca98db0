"""The world between two simulation steps: what every sensor looks at when it samples at 10 Hz.

The city is simulated in steps of half a second. Between two steps a road user moves on the cubic Hermite curve through
both positions with both velocities, so that position and speed agree and turns stay round (a straight chord would cut
a 10 m corner by 0.3 m). Latitude and longitude are linearised about the newer step: exact to millimetres over 20 m.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.geodesy import LocalPlane
from simulators.world import WorldFrame

Rows = NDArray[np.intp]
Values = NDArray[np.float64]

JUMP = 40.0
"""A road user that is further away after one step was put there by the simulation and joins anew, m."""
_EQUATOR = 6_378_137.0
_FLATTENING_SQUARED = 6.694379990141e-3


class Slots:
    """Small stable numbers for road users, so that per-user state can live in arrays; freed numbers are used again."""

    def __init__(self) -> None:
        self._slot: dict[str, int] = {}
        self._free: list[int] = []
        self.capacity = 0

    def assign(self, ids: Sequence[str]) -> tuple[Rows, Rows, dict[str, int]]:
        """Give every id its slot and free the slots of all others.

        Returns:
            Slots of `ids`, the slots given for the first time, and the ids that are gone with their old slots.
        """
        present = set(ids)
        gone = {name: slot for name, slot in self._slot.items() if name not in present}
        fresh = [name for name in ids if name not in self._slot]
        for name in fresh:
            self._slot[name] = self._free.pop() if self._free else self._grow()
        for name, slot in gone.items():
            del self._slot[name]
            self._free.append(slot)
        slots = np.fromiter((self._slot[name] for name in ids), np.intp, len(ids))
        return slots, np.fromiter((self._slot[name] for name in fresh), np.intp, len(fresh)), gone

    def _grow(self) -> int:
        self.capacity += 1
        return self.capacity - 1


@dataclass(frozen=True)
class Motion:
    """Where some road users are at one moment; arrays of equal length, units as in `WorldFrame`."""

    x: Values
    y: Values
    speed: Values
    heading: Values


@dataclass(frozen=True)
class Segment:
    """Road users present in two successive frames, one row each; arrays of length n."""

    first: WorldFrame
    last: WorldFrame
    slot: Rows
    """Slot of each row, see `Slots`."""
    first_row: Rows
    last_row: Rows
    """Row of the road user in either frame."""
    curve_x: Values
    curve_y: Values
    """(4, n) coefficients of the cubic in u = 0..1 over the segment, constant term first."""
    heading: Values
    turn: Values
    """Heading at the start and its change to the end, rad."""
    lon: Values
    lat: Values
    """At the end, deg."""
    lon_per_metre: Values
    lat_per_metre: Values

    def __len__(self) -> int:
        return len(self.slot)

    @property
    def duration(self) -> float:
        """Length of the segment, s."""
        return self.last.time - self.first.time

    def at(self, time: float, rows: Rows) -> Motion:
        """Positions, speeds and headings of `rows` at UTC `time`, which is clipped to the segment."""
        u = min(max((time - self.first.time) / self.duration, 0.0), 1.0)
        powers = np.array((1.0, u, u * u, u * u * u))
        slopes = np.array((0.0, 1.0, 2 * u, 3 * u * u)) / self.duration
        curve_x, curve_y = self.curve_x[:, rows], self.curve_y[:, rows]
        return Motion(
            x=powers @ curve_x,
            y=powers @ curve_y,
            speed=np.hypot(slopes @ curve_x, slopes @ curve_y),
            heading=self.heading[rows] + u * self.turn[rows],
        )

    def degrees(self, rows: Rows, x: Values, y: Values) -> tuple[Values, Values]:
        """Longitudes and latitudes (deg) of points within some tens of metres of `rows`."""
        lon = self.lon[rows] + (x - self.last.x[self.last_row[rows]]) * self.lon_per_metre[rows]
        lat = self.lat[rows] + (y - self.last.y[self.last_row[rows]]) * self.lat_per_metre[rows]
        return lon, lat


def degrees_per_metre(lat: Values) -> tuple[Values, Values]:
    """Degrees of longitude and of latitude per metre at latitudes (deg) on WGS-84."""
    sine = np.sin(np.radians(lat))
    root = np.sqrt(1.0 - _FLATTENING_SQUARED * sine * sine)
    prime_vertical = _EQUATOR / root
    meridian = _EQUATOR * (1.0 - _FLATTENING_SQUARED) / root**3
    return np.degrees(1.0 / (prime_vertical * np.cos(np.radians(lat)))), np.degrees(1.0 / meridian)


def join(first: WorldFrame, first_slots: Rows, last: WorldFrame, last_slots: Rows, plane: LocalPlane) -> Segment:
    """Make the segment between two frames from the road users that are in both."""
    row_of = np.full(max(first_slots.max(initial=-1), last_slots.max(initial=-1)) + 1, -1, np.intp)
    row_of[first_slots] = np.arange(len(first_slots))
    same = row_of[last_slots] >= 0
    b = np.flatnonzero(same)
    a = row_of[last_slots[b]]
    moved = np.hypot(last.x[b] - first.x[a], last.y[b] - first.y[a])
    same_user = (first.id[a] == last.id[b]) & (moved <= JUMP)
    a, b = a[same_user], b[same_user]
    duration = last.time - first.time
    heading, end = first.heading[a].astype(np.float64), last.heading[b].astype(np.float64)
    lon, lat = plane.inverse(last.x[b], last.y[b])
    lon_per_metre, lat_per_metre = degrees_per_metre(lat)
    speed_a, speed_b = first.speed[a] * duration, last.speed[b] * duration
    return Segment(
        first=first,
        last=last,
        slot=last_slots[b],
        first_row=a,
        last_row=b,
        curve_x=_hermite(first.x[a], last.x[b], speed_a * np.sin(heading), speed_b * np.sin(end)),
        curve_y=_hermite(first.y[a], last.y[b], speed_a * np.cos(heading), speed_b * np.cos(end)),
        heading=heading,
        turn=(end - heading + np.pi) % (2 * np.pi) - np.pi,
        lon=lon,
        lat=lat,
        lon_per_metre=lon_per_metre,
        lat_per_metre=lat_per_metre,
    )


def _hermite(start: Values, end: Values, slope_start: Values, slope_end: Values) -> Values:
    return np.stack(
        (
            start,
            slope_start,
            3 * (end - start) - 2 * slope_start - slope_end,
            2 * (start - end) + slope_start + slope_end,
        )
    ).astype(np.float64)
