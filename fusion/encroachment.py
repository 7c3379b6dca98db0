"""Post-encroachment times: who reached a place just after another, on a crossing way, had left it.

The plane is cut into cells of a metre; a hashed table keeps who covered each cell last, when and which way.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.network import RoadNetwork

CELL = 1.0
"""m"""
_BITS = 18
_LEAST_GAP = 0.15
"""Who is in a place at the same time is no other road user but the same one seen twice, s."""
_LEAST_PACE = 0.3
"""Who is slower, as a share of the speed that counts, is not followed."""
_LEAST_ANGLE, _MOST_ANGLE = math.radians(60.0), math.radians(145.0)
"""Ways that meet at another angle merge or run against each other."""
SLOT = np.dtype(
    [("key", np.int64), ("time", np.float64), ("track", np.int64), ("heading", np.float64), ("speed", np.float64)],
    align=True,
)


class Encroachments:
    """Keeps who covered which place last."""

    def __init__(self, network: RoadNetwork) -> None:
        self._table = np.zeros(1 << _BITS, SLOT)
        self._table["time"] = -np.inf
        middle = network.points.mean(axis=0) if len(network.points) else np.zeros(2)
        self._x0, self._y0 = float(middle[0]), float(middle[1])

    def follow(
        self,
        tracks: TrackTable,
        rows: NDArray[np.int64],
        now: float,
        most_time: float,
        least_speed: NDArray[np.float64],
    ) -> list[tuple[int, int, float]]:
        """Take the road users `rows` of one cycle; return row, id of the other and the time between them, s.

        Only those count who are faster than `least_speed` of their kind (kinds,), m/s.
        """
        bodies = np.column_stack(
            (
                tracks.x[rows] - self._x0,
                tracks.y[rows] - self._y0,
                tracks.heading[rows],
                tracks.length[rows],
                tracks.speed[rows] / least_speed[tracks.kind[rows]],
            )
        ).astype(np.float64)
        found = sweep(self._table, bodies, tracks.track_id[rows].astype(np.int64), now, most_time)
        return [(int(rows[int(place)]), int(other), float(time)) for place, other, time in found]


@compiled
def sweep(
    table: NDArray[np.void],
    bodies: NDArray[np.float64],
    ids: NDArray[np.int64],
    now: float,
    most_time: float,
) -> NDArray[np.float64]:
    """Mark what every body covers and return those that came close after another, (p, 3)."""
    found = np.empty((64, 3))
    count, mask = 0, len(table) - 1
    for place in range(len(bodies)):
        body = bodies[place]
        x, y, heading, length, speed = body[0], body[1], body[2], body[3], body[4]
        if speed < _LEAST_PACE:
            continue
        steps = max(int(length / CELL), 1)
        least, whose = math.inf, -1
        for step in range(steps + 1):
            along = (step / steps - 0.5) * length
            column = math.floor((x + along * math.sin(heading)) / CELL)
            line = math.floor((y + along * math.cos(heading)) / CELL)
            key = (line << 24) + column
            slot = table[(key * 0x9E3779B1 >> 8) & mask]
            if slot["key"] == key and slot["track"] != ids[place]:
                gap = now - slot["time"]
                turn = abs((heading - slot["heading"] + math.pi) % (2 * math.pi) - math.pi)
                crosses = _LEAST_ANGLE < turn < _MOST_ANGLE
                if _LEAST_GAP < gap < least and crosses and min(speed, slot["speed"]) >= 1.0:
                    least, whose = gap, int(slot["track"])
            slot["key"], slot["time"], slot["track"] = key, now, ids[place]
            slot["heading"], slot["speed"] = heading, speed
        if least < most_time and count < len(found):
            found[count, 0], found[count, 1], found[count, 2] = float(place), float(whose), least
            count += 1
    return found[:count]
