"""What units and terminals say of a small scene: samples with noise, misses in bursts, false objects, blind spots."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from maps.participants import ParticipantKind as Kind
from simulators.report_levels import ReportLevel
from simulators.report_world import ReportWorld, Values

PERIOD = 0.1
REMEMBERED = 0.5
"""A road user unseen for longer gets a new name, s."""
EQUIPPED = 0.3
"""Share of motor vehicles with a terminal."""
SENSOR_HEIGHT, BODY_HEIGHT = 6.0, 1.6
"""Of a unit's sensor and of what it cannot look through, m."""
WRONG_KIND = 0.05
LASTING_FALSE = 0.3
"""Share of false objects that stay for 2 to 5 samples."""
SLOW_SHARE, SLOW_TIME = 0.8, 10.0
_VEHICLES = (Kind.CAR, Kind.VAN, Kind.TRUCK, Kind.BUS)


@dataclass(frozen=True)
class Faults:
    """Errors of one device on top of its level."""

    east: float = 0.0
    north: float = 0.0
    """m"""
    clock: float = 0.0
    """s; what the device's clock is ahead."""


@dataclass(frozen=True)
class Sample:
    """What one device saw at one moment; arrays of length n."""

    device: int
    roadside: bool
    time: float
    """True moment, s after the start of the scene."""
    stated: float
    """The same by the clock of the device."""
    name: np.ndarray[tuple[int], np.dtype[np.int64]]
    kind: np.ndarray[tuple[int], np.dtype[np.uint8]]
    spot: Values
    """(n, 4): x, y, vx, vy; velocity NaN where not measured."""
    size: Values
    """(n, 2): length and width, m."""
    origin: Values
    """(2,): where the device stands."""


@dataclass
class RoadsideUnit:
    """One unit with its errors and its memory."""

    number: int
    world: ReportWorld
    level: ReportLevel
    rng: np.random.Generator
    place: Values
    reach: float
    faults: Faults = field(default_factory=Faults)
    speeds: bool = True
    """Whether velocity is measured, and names last."""
    carrier: int = -1
    """Road user that carries the sensor, -1 where it stands at `place`."""
    height: float = SENSOR_HEIGHT

    def __post_init__(self) -> None:
        count, level, rng = len(self.world.kind), self.level, self.rng
        self._offset = rng.normal(0.0, level.bias, 2) + np.array([self.faults.east, self.faults.north])
        self._yaw = np.radians(rng.normal(0.0, level.yaw_deg))
        self._clock = rng.normal(0.0, level.clock) + self.faults.clock
        self._missed, self._last = np.zeros(count, np.bool_), np.full(count, -np.inf)
        self._name, self._next = np.zeros(count, np.int64), int(rng.integers(1, 60_000))
        usual = np.where(self.world.kind == Kind.PEDESTRIAN, Kind.CYCLIST, Kind.VAN)
        self._kind = np.where(rng.random(count) < WRONG_KIND, usual, self.world.kind).astype(np.uint8)
        self._ghosts = np.empty((0, 7))  # samples left, name, x, y, vx, vy, kind

    def samples(self) -> Iterator[Sample]:
        """Sample until the scene ends."""
        time = self.rng.uniform(0.0, PERIOD)
        while time < self.world.seconds:
            if self.carrier < 0 or np.isfinite(self.world.at(time)[self.carrier, 0]):
                yield self._sample(time)
            time += PERIOD

    def _sample(self, time: float) -> Sample:
        now = self.world.at(time)
        place = self.place if self.carrier < 0 else now[self.carrier, :2]
        seen = self._seen(now, place, time)
        noise = self.level.noise
        spot = now[seen] + self.rng.normal(0.0, noise, (len(seen), 4))
        east, north = (now[seen, :2] - place).T
        spot[:, :2] += self._offset + self._yaw * np.column_stack((-north, east))
        ghosts = self._false(place)
        spot = np.vstack((spot, ghosts[:, 2:6] + self.rng.normal(0.0, noise, (len(ghosts), 4)) * [1, 1, 0, 0]))
        name = np.concatenate((self._name[seen], ghosts[:, 1].astype(np.int64)))
        if not self.speeds:
            spot[:, 2:] = np.nan
            name = self._fresh(len(spot))
        size = np.vstack(
            (np.column_stack((self.world.length[seen], self.world.width[seen])), np.ones((len(ghosts), 2)))
        )
        kind = np.concatenate((self._kind[seen], ghosts[:, 6].astype(np.uint8)))
        return Sample(
            device=self.number,
            roadside=True,
            time=time,
            stated=time + self._clock,
            name=name,
            kind=kind,
            spot=spot,
            size=size,
            origin=place,
        )

    def _seen(self, now: Values, place: Values, time: float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Rows that are in range, not hidden and not missed: a two-state chain makes misses last."""
        east, north = now[:, 0] - place[0], now[:, 1] - place[1]
        distance = np.hypot(east, north)
        there = np.isfinite(distance) & (distance <= self.reach) & (np.arange(len(now)) != self.carrier)
        level = self.level
        share = level.near + (level.far - level.near) * np.minimum(distance / self.reach, 1.0)
        recover = min(1.0, PERIOD / level.burst)
        draw = self.rng.random(len(now))
        fresh = np.isinf(self._last) & ~self._missed
        fail = np.where(fresh, 1.0 - share, recover * (1.0 - share) / share)
        self._missed = np.where(there, np.where(self._missed, draw >= recover, draw < fail), self._missed)
        hidden = self._hidden(distance, np.arctan2(east, north), there)
        rows = np.flatnonzero(there & ~hidden & ~self._missed)
        self._fading(rows, time)
        return rows

    def _fading(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]], time: float) -> None:
        new = rows[time - self._last[rows] > REMEMBERED]
        self._name[new] = self._fresh(len(new))
        self._last[rows] = time

    def _hidden(
        self, distance: Values, bearing: Values, there: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell who stands in the shadow of a vehicle: the lower the sensor, the longer the shadow."""
        blocks = np.flatnonzero(there & np.isin(self.world.kind, _VEHICLES))
        hidden = np.zeros(len(distance), np.bool_)
        if not len(blocks):
            return hidden
        near = distance[blocks]
        rise = max(self.height - BODY_HEIGHT, 0.3)
        shadow = near + 2.0 + near * BODY_HEIGHT / rise
        half = np.arctan2(0.5 * self.world.width[blocks] + 0.3, near)
        apart = np.abs((bearing[:, None] - bearing[blocks] + np.pi) % (2 * np.pi) - np.pi)
        behind = (distance[:, None] > near + 2.0) & (distance[:, None] < shadow)
        return np.asarray((behind & (apart < 0.7 * half)).any(axis=1) & there)

    def _fresh(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        names = (self._next + np.arange(count)) % 65_535 + 1
        self._next = (self._next + count) % 65_535
        return names

    def _false(self, place: Values) -> Values:
        """Objects that are not there: 30 % last, all drift slowly."""
        ghosts = self._ghosts[self._ghosts[:, 0] > 1]
        ghosts[:, 0] -= 1
        ghosts[:, 2:4] += PERIOD * ghosts[:, 4:6]
        count = int(self.rng.poisson(self.level.false))
        low, high = self.world.corners()[[0, 3]]
        fresh = np.column_stack(
            (
                np.where(self.rng.random(count) < LASTING_FALSE, self.rng.integers(2, 6, count), 1),
                self._fresh(count),
                self.rng.uniform(low, high, (count, 2)),
                self.rng.normal(0.0, 1.0, (count, 2)),
                self.rng.choice([Kind.CAR, Kind.PEDESTRIAN], count),
            )
        )
        self._ghosts = np.vstack((ghosts, fresh))
        inside = np.hypot(*(self._ghosts[:, 2:4] - place).T) <= self.reach
        return np.asarray(self._ghosts[inside])


@dataclass
class Terminal:
    """The terminal of one vehicle: GNSS errors wander slowly."""

    number: int
    world: ReportWorld
    level: ReportLevel
    rng: np.random.Generator
    carrier: int
    faults: Faults = field(default_factory=Faults)

    def samples(self) -> Iterator[Sample]:
        """Sample while the vehicle is there."""
        level, rng, row = self.level, self.rng, self.carrier
        clock = rng.normal(0.0, level.clock) + self.faults.clock
        spread, kept = level.gnss * np.sqrt(SLOW_SHARE), np.exp(-PERIOD / SLOW_TIME)
        slow, time = rng.normal(0.0, spread, 2), rng.uniform(0.0, PERIOD)
        while time < self.world.seconds:
            spot = self.world.at(time)[row]
            slow = kept * slow + np.sqrt(1.0 - kept * kept) * rng.normal(0.0, spread, 2)
            if np.isfinite(spot[0]):
                spot[:2] += slow + rng.normal(0.0, level.gnss * np.sqrt(1.0 - SLOW_SHARE), 2)
                spot[:2] += (self.faults.east, self.faults.north)
                spot[2:] += rng.normal(0.0, 0.1, 2)
                size = np.array([[self.world.length[row], self.world.width[row]]])
                yield Sample(
                    device=self.number,
                    roadside=False,
                    time=time,
                    stated=time + clock,
                    name=np.zeros(1, np.int64),
                    kind=self.world.kind[row : row + 1],
                    spot=spot[None],
                    size=size,
                    origin=spot[:2],
                )
            time += PERIOD
