"""Made-up traffic for measurements of the store: road users that drive straight on, lane after lane."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import FrameKind, encode_frame
from cloudctl.store.track_places import LaneLinks

RATE_HZ = 5.0
LANES = 9000
LANES_A_LINK = 3
LANE_SECONDS = 15.0
"""Time on a lane."""
DEVICES = 200
SESSION = 4_000_000_000
"""Session of the first benchmark's points, so that they can be told apart; the next ones follow."""
WEST, SOUTH, EAST, NORTH = 112.83, 28.11, 113.03, 28.29


def lane_links() -> LaneLinks:
    """Links of the lanes that the made-up traffic uses."""
    return (np.arange(LANES) // LANES_A_LINK).astype(np.int32)


@dataclass(frozen=True)
class Traffic:
    """So many road users at 5 Hz, in a city of 20 km."""

    tracks: int
    session: int = SESSION
    first_track: int = 0
    seed: int = 1
    _rng: np.random.Generator = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rng", np.random.default_rng(self.seed))

    @cached_property
    def _ways(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        rng = np.random.default_rng(self.seed)
        start = rng.uniform((WEST, SOUTH), (EAST, NORTH), (self.tracks, 2))
        heading, speed = rng.uniform(0, 360, self.tracks), rng.uniform(0, 20, self.tracks)
        direction = np.stack([np.sin(np.radians(heading)), np.cos(np.radians(heading))], axis=1)
        return start, heading, speed, speed[:, None] / RATE_HZ / 1e5 * direction

    def frame(self, index: int, time: float, tick: int) -> bytes:
        """Trajectory frame number `index` of this traffic."""
        rng, count = self._rng, self.tracks
        start, heading, speed, step = self._ways
        place = np.round((start + step * index + rng.normal(0, 1e-6, (count, 2))) * 1e7).astype(np.int32)
        number = np.arange(count)
        columns = {
            "id": (self.first_track + number).astype(np.uint32),
            "time": np.full(count, time),
            "lon": place[:, 0],
            "lat": place[:, 1],
            "speed": np.clip(speed * 100 + rng.normal(0, 10, count), 0, 65535).astype(np.uint16),
            "heading": ((heading * 100 + rng.normal(0, 20, count)) % 36000).astype(np.uint16),
            "class": (number % 5 + 1).astype(np.uint8),
            "sigma": rng.integers(20, 80, count).astype(np.uint16),
            "lane": ((number * 7 + (index + number) // int(LANE_SECONDS * RATE_HZ)) % LANES).astype(np.int32),
            "dev": (number % DEVICES + (index + number) // 500).astype(np.int32),
        }
        return encode_frame(FrameKind.TRAJECTORY, tick, time, columns, epoch=self.session)

    def frames(self, seconds: float, start: float, first_tick: int, first: int = 0) -> Iterator[bytes]:
        """Frames of so many seconds from frame number `first` on, two ticks apart."""
        for index in range(int(seconds * RATE_HZ)):
            yield self.frame(first + index, start + index / RATE_HZ, first_tick + 2 * index)
