"""Shuttle buses (接驳公交) and the trunk line they feed: when to leave, and whether to wait for a late train.

A schedule is the choice of departures with the least waiting of all riders (dynamic programming over the trains). A bus
waits for a train where those who would miss it lose more than those on board and farther on lose by waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

TRANSFER = 60.0
"""From train to bus, s."""
LONGEST_WAIT = 120.0
"""No bus waits longer, s."""


@dataclass(frozen=True)
class Train:
    """A run of the trunk line at the station."""

    trunk: str
    arrival: float
    """UTC epoch, s; as expected now."""
    riders: float
    """How many change to the shuttle."""


@dataclass(frozen=True)
class Decision:
    """Whether a bus waits for a train."""

    train: Train
    wait: float
    """s; 0 where it leaves on time."""
    gained: float
    """Rider seconds that waiting saves; below 0 where it costs."""

    @property
    def waits(self) -> bool:
        """Whether it waits."""
        return self.wait > 0.0


def schedule(trains: Sequence[Train], departures: int, spacing: float = 0.0) -> list[float]:
    """Choose departures, each when the riders of a train are on board, so that all riders wait least in all.

    Args:
        trains: Runs of the trunk line.
        departures: Buses that can leave; fewer are used where there are fewer trains.
        spacing: Least time between two of them, s.
    """
    found = sorted(trains, key=lambda train: train.arrival)
    count, most = len(found), min(departures, len(found))
    if not most:
        return []
    ready = [train.arrival + TRANSFER for train in found]
    cost = [[float("inf")] * (count + 1) for _ in range(most + 1)]
    before = [[0] * (count + 1) for _ in range(most + 1)]
    cost[0][0] = 0.0
    for used in range(1, most + 1):
        for last in range(1, count + 1):
            for first in range(last):
                if first and ready[last - 1] - ready[first - 1] < spacing:
                    continue
                waits = sum(found[at].riders * (ready[last - 1] - ready[at]) for at in range(first, last))
                if cost[used - 1][first] + waits < cost[used][last]:
                    cost[used][last], before[used][last] = cost[used - 1][first] + waits, first
    used, last = min(range(1, most + 1), key=lambda number: cost[number][count]), count
    times = []
    while last:
        times.append(ready[last - 1])
        used, last = used - 1, before[used][last]
    return times[::-1]


def wait_or_leave(
    trains: Sequence[Train], planned: float, following: float, aboard: float, farther: float
) -> Decision | None:
    """Decide for one bus at the station.

    Args:
        trains: Runs from which people change; those that are in time anyway need no wait.
        planned: When the bus is to leave, UTC epoch s.
        following: Time to the next bus, s: what those who miss this one lose.
        aboard: Riders on board.
        farther: Riders who wait at its stops farther on.

    Returns:
        The best decision about a train that would be missed, None where there is no such train.
    """
    late = [train for train in trains if 0.0 < train.arrival + TRANSFER - planned <= LONGEST_WAIT]
    best: Decision | None = None
    for train in sorted(late, key=lambda each: each.arrival):
        wait = train.arrival + TRANSFER - planned
        caught = [each for each in late if each.arrival <= train.arrival]
        saved = sum(each.riders * max(following - (each.arrival + TRANSFER - planned), 0.0) for each in caught)
        # those who catch it wait for later trains, too
        lost = (aboard + farther) * wait + sum(each.riders * (train.arrival - each.arrival) for each in caught)
        gained = saved - lost
        if best is None or gained > best.gained:
            best = Decision(train, wait if gained > 0.0 else 0.0, gained)
    return best
