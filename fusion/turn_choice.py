"""Which movement each vehicle will take at the end of its link, with probability, and how far its stop line is.

Every connection of the vehicle's lane is weighed by the turning ratio of its movement; the lane itself is uncertain,
so the lanes beside it count by how well they fit the lateral position. A green light speaks against the movement of a
vehicle that stands first in line, and a red one against that of a vehicle that enters fast. Who is known to follow a
route takes it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fusion.movements import Movements
from fusion.picture import MovementStates, SignalStates, TurnChoice
from fusion.queues import LaneOrder
from fusion.signal_state import GREEN, RED
from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.network import RoadNetwork

WAYS = 4
"""Movements told per vehicle, the likeliest first."""
LANE_SPREAD = 0.9
"""1-sigma of drivers and of the map about a lane's middle, m."""
CHANGES = 60.0
"""Distance in which a vehicle far from its stop line may still change lanes, m."""
CHANGE_SHARE = 0.3
"""Weight of the lanes beside for a vehicle far from the stop line."""
AGAINST_LIGHT = 0.15
"""Weight of a movement whose light is red for a vehicle that will not stop."""
HESITATES = 0.5
"""Weight of a movement whose light is green for a vehicle that stands first in line."""
_CLOSE, _ENTERS = 25.0, 7.0
"""Nearer to the stop line than this, m, and faster than this, m/s, a vehicle will not stop any more."""
_STANDING_GAP = 2.0
"""Between vehicles that stand one behind another, m."""
_FIRST, _STANDS = 8.0, 0.5
"""Nearer than this, m, and slower than this, m/s, it stands first in line."""


class TurnChooser:
    """Weighs the movements of one network."""

    def __init__(self, network: RoadNetwork, movements: Movements) -> None:
        self._network, self._movements = network, movements
        table = network.connections
        known = np.flatnonzero((table.from_lane >= 0) & (table.to_lane >= 0))
        order = known[np.argsort(table.from_lane[known], kind="stable")]
        self._start = np.searchsorted(table.from_lane[order], np.arange(len(network.lanes.id) + 1))
        self._of = movements.of_connection[order]
        self._group = table.group[order].astype(np.int64)
        self._leads = np.flatnonzero(np.diff(self._start))

    def choose(
        self,
        tracks: TrackTable,
        lateral: NDArray[np.float32],
        order: LaneOrder,
        states: MovementStates,
        signals: SignalStates,
        routes: Mapping[int, tuple[int, ...]] | None = None,
    ) -> TurnChoice:
        """Weigh the movements of all tracks; `routes` are the links that terminals, by row, are known to follow."""
        count, lanes = len(tracks), self._network.lanes
        share = states.share.astype(np.float64) if len(states.share) else self._movements.prior
        light = np.append(signals.state.astype(np.int64), 0)[self._group]
        stop_line = np.full(count, np.nan)
        on = np.flatnonzero(tracks.lane >= 0)
        stop_line[on] = lanes.length[tracks.lane[on]] - tracks.lane_offset[on] - tracks.length[on] / 2
        movement = np.full((count, WAYS), -1, np.int32)
        probability = np.zeros((count, WAYS), np.float32)
        wanted = self._known_turns(tracks, routes or {})
        sigma = np.hypot(tracks.sigma.astype(np.float64), LANE_SPREAD)
        weigh_turns(
            (
                tracks.lane.astype(np.int64),
                lateral.astype(np.float64),
                sigma,
                stop_line,
                tracks.speed.astype(np.float64),
            ),
            wanted,
            (lanes.link.astype(np.int64), lanes.width.astype(np.float64)),
            (self._start, self._of, light),
            share,
            movement,
            probability,
        )
        red = np.append(self._all_red(light), False)[tracks.lane]
        free = np.where(red & (stop_line > -1.0), np.maximum(stop_line, 0.0), np.inf)
        free[order.row] = np.minimum(free[order.row], standing_ahead(order.lane, order.gap, order.speed))
        return TurnChoice(movement, probability, free.astype(np.float32), stop_line.astype(np.float32))

    def _all_red(self, light: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for which lanes every light is red, given that of each connection in the order of its lane."""
        red: NDArray[np.bool_] = np.zeros(len(self._start) - 1, np.bool_)
        if len(self._leads):
            red[self._leads] = np.logical_and.reduceat(light == RED, self._start[self._leads])
        return red

    def _known_turns(self, tracks: TrackTable, routes: Mapping[int, tuple[int, ...]]) -> NDArray[np.int64]:
        """Return the movement (n,) that follows from a known route, -1 where there is none."""
        link = np.append(self._network.lanes.link, -1)[tracks.lane].astype(np.int64)
        following = np.full(len(tracks), -1, np.int64)
        for row in np.flatnonzero(np.isin(tracks.self_device, list(routes)) & (link >= 0)).tolist():
            route = routes[int(tracks.self_device[row])]
            place = route.index(int(link[row])) if int(link[row]) in route else -1
            if 0 <= place < len(route) - 1:
                following[row] = route[place + 1]
        return self._movements.find(link, following)


Vehicles = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def standing_ahead(
    lane: NDArray[np.int32], gap: NDArray[np.float64], speed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the way (m,) of vehicles, sorted from the stop line back, to one that stands right before them, m."""
    free = np.full(len(lane), np.inf)
    stands = (lane[1:] == lane[:-1]) & (speed[:-1] < _STANDS)
    free[1:][stands] = np.maximum(gap[1:][stands] - _STANDING_GAP, 0.0)
    return free


@compiled
def weight_of(share: float, fits: float, light: int, stop_line: float, speed: float) -> float:
    """Weigh one connection by turning ratio, fit of the lane and what its light says."""
    weight = fits * share
    if light == RED and stop_line < _CLOSE and speed > _ENTERS:
        weight *= AGAINST_LIGHT
    if GREEN[0] < light <= GREEN[-1] and stop_line < _FIRST and speed < _STANDS:
        weight *= HESITATES
    return weight


@compiled
def add_way(found: NDArray[np.int64], weight: NDArray[np.float64], count: int, way: int, value: float) -> int:
    """Keep the largest weight of each movement; return how many movements there are now."""
    place = 0
    while place < count and found[place] != way:
        place += 1
    if place == len(found):
        return count
    if place == count:
        found[place], weight[place] = way, 0.0
        count += 1
    weight[place] = max(weight[place], value)
    return count


@compiled
def write_best(
    found: NDArray[np.int64],
    weight: NDArray[np.float64],
    count: int,
    movement: NDArray[np.int32],
    probability: NDArray[np.float32],
) -> None:
    """Write the heaviest movements (w,) and their shares of the whole weight."""
    total = weight[:count].sum()
    if total <= 0.0:
        return
    for way in range(min(count, len(movement))):
        best = np.argmax(weight[:count])
        movement[way], probability[way] = found[best], weight[best] / total
        weight[best] = -1.0


@compiled
def weigh_turns(
    vehicles: Vehicles,
    wanted: NDArray[np.int64],
    lanes: tuple[NDArray[np.int64], NDArray[np.float64]],
    ways: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    share: NDArray[np.float64],
    movement: NDArray[np.int32],
    probability: NDArray[np.float32],
) -> None:
    """Write the likeliest movements (n, w) of vehicles (n,) and their probabilities."""
    lane, lateral, sigma, stop_line, speed = vehicles
    link, width = lanes
    start, of, light = ways
    found, weight = np.empty(16, np.int64), np.empty(16)
    for row in range(len(lane)):
        if lane[row] < 0:
            continue
        if wanted[row] >= 0:
            movement[row, 0], probability[row, 0] = wanted[row], 1.0
            continue
        count, strays = 0, CHANGE_SHARE * (1.0 - np.exp(-max(stop_line[row], 0.0) / CHANGES))
        for side in (0, -1, 1):
            other = lane[row] + side
            if other < 0 or other >= len(link) or link[other] != link[lane[row]]:
                continue
            away = (lateral[row] - side * width[other]) / sigma[row]
            fits = np.exp(-0.5 * away * away) + (strays if side else 0.0)
            for at in range(start[other], start[other + 1]):
                value = weight_of(share[of[at]], fits, light[at], stop_line[row], speed[row])
                count = add_way(found, weight, count, of[at], value)
        write_best(found, weight, count, movement[row], probability[row])
