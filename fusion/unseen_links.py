"""Links that nobody sees: what flows into and out of their neighbours tells what they carry.

Vehicles are conserved: the flow of a link is what its upstream links send by their turning ratios, and what its
downstream links receive from it. Each look carries the estimate one link further; trust falls with every step, so that
what lies far from every measurement keeps the usual state of the time of day, or free flow.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.movements import Movements
from maps.network import RoadNetwork
from maps.travel_profile import TravelProfile

STEP_TRUST = 0.6
"""Share of the trust that is left one link further."""
MOST_TRUST = 0.3
LEAST_TRUST = 0.03
"""Less than this is no knowledge."""
PROFILE_TRUST = 0.15


class Estimate(NamedTuple):
    """Of all links (links,)."""

    flow: NDArray[np.float64]
    """Vehicles an hour, NaN where nothing is known."""
    pace: NDArray[np.float64]
    """Speed as a share of the limit."""
    trust: NDArray[np.float64]
    """0 where free flow is assumed."""


class UnseenLinks:
    """Carries estimates from link to link."""

    def __init__(self, network: RoadNetwork, movements: Movements, profile: TravelProfile | None = None) -> None:
        self._movements, self._profile = movements, profile
        self._free = np.asarray(network.links.length / network.links.speed, np.float64)
        count = len(network.links.id)
        self._flow, self._trust = np.zeros(count), np.zeros(count)
        self._pace = np.ones(count)

    def update(
        self,
        flow: NDArray[np.float64],
        pace: NDArray[np.float64],
        trust: NDArray[np.float64],
        shares: NDArray[np.float64],
        now: float,
    ) -> Estimate:
        """Take what is measured (links,), trust 0 where nothing is, and the turning ratios (movements,).

        `now` is UTC epoch s, NaN where the time of day is not known.
        """
        seen = trust > 0
        own = np.where(seen, trust, self._trust)
        carried = np.where(seen, np.nan_to_num(flow), self._flow)
        speed = np.where(seen, np.nan_to_num(pace, nan=1.0), self._pace)
        sides = self._from_upstream(carried, speed, own, shares), self._from_downstream(carried, speed, own, shares)
        weight = sides[0].trust + sides[1].trust
        ground = np.maximum(weight, 1e-12)
        mixed = [sum(side.trust * side[c] for side in sides) / ground for c in range(2)]
        usual, usual_trust = self._usual(now)
        found = np.minimum(STEP_TRUST * np.maximum(sides[0].trust, sides[1].trust), MOST_TRUST)
        found = np.where(found >= LEAST_TRUST, found, 0.0)
        self._flow = np.where(found > 0, mixed[0], 0.0)
        both = np.maximum(found + usual_trust, 1e-12)
        self._pace = np.where(found + usual_trust > 0, (found * mixed[1] + usual_trust * usual) / both, 1.0)
        self._trust = np.maximum(found, usual_trust)
        return Estimate(
            np.where(seen, flow, np.where(found > 0, self._flow, np.nan)),
            np.where(seen, pace, self._pace),
            np.where(seen, trust, self._trust),
        )

    def _from_upstream(
        self,
        flow: NDArray[np.float64],
        pace: NDArray[np.float64],
        trust: NDArray[np.float64],
        shares: NDArray[np.float64],
    ) -> Estimate:
        """What the links before send."""
        table, count = self._movements, len(flow)
        sent = flow[table.from_link] * shares
        weight = shares * trust[table.from_link]
        return _gathered(table.to_link, sent, pace[table.from_link], weight, shares, count)

    def _from_downstream(
        self,
        flow: NDArray[np.float64],
        pace: NDArray[np.float64],
        trust: NDArray[np.float64],
        shares: NDArray[np.float64],
    ) -> Estimate:
        """What the links behind receive; a link's inflow is split as its upstream links would send."""
        table, count = self._movements, len(flow)
        sends = np.maximum(flow[table.from_link], 1.0) * shares
        part = sends / np.maximum(np.bincount(table.to_link, sends, count)[table.to_link], 1e-9)
        received = flow[table.to_link] * part
        weight = shares * trust[table.to_link]
        return _gathered(table.from_link, received, pace[table.to_link], weight, shares, count)

    def _usual(self, now: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the usual pace of this time of day and how far it is trusted."""
        count = len(self._free)
        if self._profile is None or math.isnan(now):
            return np.ones(count), np.zeros(count)
        times, slot = self._profile.times, self._profile.slot
        place = now / slot % len(times)
        row = int(place)
        share = place - row
        usual = (1 - share) * times[row] + share * times[(row + 1) % len(times)]
        return np.minimum(self._free / usual, 1.0), np.full(count, PROFILE_TRUST)


def _gathered(
    link: NDArray[np.int32],
    flow: NDArray[np.float64],
    pace: NDArray[np.float64],
    weight: NDArray[np.float64],
    shares: NDArray[np.float64],
    count: int,
) -> Estimate:
    """Sum flows and average paces (movements,) by link."""
    total = np.bincount(link, weight, count)
    ways = np.bincount(link, shares, count)
    mean = np.bincount(link, weight * pace, count) / np.maximum(total, 1e-12)
    summed = np.bincount(link, flow, count).astype(np.float64)
    return Estimate(summed, mean, total / np.maximum(ways, 1e-9))
