"""Vehicles that come back into view get the id they had: on the stretches that nobody sees, most drive on as before.

Who left the view of all devices on a lane and who turns up on a lane are compared by the way between the two places
along the links, which at the mean of both speeds takes about as long as they are apart in time; by lane, size and kind.
One of those who left is taken for the newcomer only where all others, and somebody who was never seen, are unlikely
(vehicle re-identification by travel time; Coifman 1998, Transportation Research Record 1643). How far ways
and lengths differ is learnt from those known again.
"""

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from fusion.track_memory import Alignment
from fusion.tracks import TrackTable
from fusion.way_lengths import WayLengths
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

LEFT = np.dtype(
    [
        ("id", np.uint32),
        ("kind", np.uint8),
        ("lane", np.int32),  # -1 where it is of no use
        ("offset", np.float64),
        ("speed", np.float64),
        ("doubt", np.float64),  # variance of the speed, (m/s)2
        ("time", np.float64),
        ("born", np.float64),
        ("length", np.float64),
    ]
)
"""What is known of a track when it was reported last."""


@dataclass(frozen=True)
class ReidentificationParameters:
    """Tuning of who is known again; SI units."""

    longest_gap: float = 120.0
    """Who was unseen for longer is forgotten, s."""
    longest_way: float = 1600.0
    """Who has driven farther unseen is not known again, m."""
    least_life: float = 1.0
    """Who was tracked for less before is not known again, s."""
    least_speed: float = 2.0
    """Nor who drives slower than this before or after, m/s."""
    covered: float = 0.9
    """Nobody drives unseen over a link of which this share is seen."""
    fresh: float = 0.3
    """A place is noted while the newest report is no older, s."""
    sure: float = 0.7
    """Least probability that it is the same vehicle."""
    comes_back: float = 0.7
    """Probability that one who left turns up on a given way, and does not turn off."""
    newcomers: float = 1.0 / 1500.0
    """Density of those who were never seen, in m of the way at which one who left would be expected, 1/m."""
    place_doubt: float = 2.0
    """1-sigma error of the length of a way, m."""
    spread: float = 0.03
    """1-sigma of the way driven over that at the mean of both speeds, as a share of it."""
    same_lane: float = 0.6
    """Share of vehicles that come back on the lane that they left."""
    length_doubt: float = 0.4
    """1-sigma difference of two estimates of a vehicle's length, m."""
    learning_rate: float = 0.05
    """Relative change of what is learnt by one vehicle."""
    least_share: float = 0.25
    """The doubts above are lowered to no less than this share of them by what is learnt, and raised to no more than its
    inverse."""
    length_variety: float = 0.1
    """Least density of the lengths of vehicles, 1/m."""
    other_kind: float = 0.1
    """Weight of one who left as another kind."""


class Reidentification:
    """Remembers who went out of view on one network."""

    def __init__(self, network: RoadNetwork, parameters: ReidentificationParameters | None = None) -> None:
        self._parameters = parameters or ReidentificationParameters()
        self._ways = WayLengths(network, self._parameters.longest_way)
        self._index = network.lanes.index.astype(np.int64)
        self._beside = network.links.lane_count[network.lanes.link].astype(np.int64)
        self._shown, self._gone = np.zeros(0, LEFT), np.zeros(0, LEFT)
        self.way_share = self.length_share = 1.0
        """What the doubts of ways and of lengths turned out to be, as shares of those in the parameters."""

    def find(
        self, tracks: TrackTable, held: NDArray[np.int64], coverage: NDArray[np.float32], now: float
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the ids of tracks shown for the first time, and the ids that their vehicles had before.

        `tracks` are matched to lanes and come in the order of their ids; `held` are the ids that the tracker still
        keeps, shown or not. `coverage` (links,) is the share of each link that is seen: nobody passes
        unseen where all is.
        """
        before, shown = self._shown, self._note(tracks, now)
        both = Alignment.of(before["id"], shown["id"])
        stale = now - tracks.updated > self._parameters.fresh
        shown["lane"][stale] = -1
        kept = stale[both.known]
        shown[np.flatnonzero(both.known)[kept]] = before[both.place[kept]]
        gone = np.ones(len(before), np.bool_)
        gone[both.place] = False
        self._shown = shown
        was_away = Alignment.of(self._gone["id"], shown["id"]).known
        self._remember(before[gone], shown["id"], now)
        new = np.flatnonzero(~both.known & ~was_away & self._useful(shown))
        left = self._candidates(held) if len(new) else self._gone[:0]
        self._ways.close(coverage >= self._parameters.covered)
        back, who = self._match(shown[new], left, now)
        found, former = shown["id"][new[back]], left["id"][who]
        if len(found):
            shown["id"] = renamed(shown["id"], found, former)
            self._shown = shown[np.argsort(shown["id"])]
        return found, former

    def _note(self, tracks: TrackTable, now: float) -> NDArray[np.void]:
        noted = np.zeros(len(tracks), LEFT)
        useful = (tracks.kind >= ParticipantKind.CAR) & (tracks.kind <= ParticipantKind.CYCLIST)
        noted["id"], noted["kind"], noted["born"], noted["time"] = tracks.track_id, tracks.kind, tracks.born, now
        noted["lane"] = np.where(useful & (tracks.self_device < 0), tracks.lane, -1)
        noted["offset"], noted["speed"], noted["length"] = tracks.lane_offset, tracks.speed, tracks.length
        noted["doubt"] = (tracks.covariance[:, 2, 2] + tracks.covariance[:, 3, 3]) / 2
        return noted

    def _useful(self, rows: NDArray[np.void]) -> NDArray[np.bool_]:
        useful: NDArray[np.bool_] = (rows["lane"] >= 0) & (rows["speed"] >= self._parameters.least_speed)
        return useful

    def _candidates(self, held: NDArray[np.int64]) -> NDArray[np.void]:
        """Return those who left that may be known again."""
        gone = self._gone
        lived = gone["time"] - gone["born"] >= self._parameters.least_life
        candidates: NDArray[np.void] = gone[self._useful(gone) & lived & ~np.isin(gone["id"], held)]
        return candidates

    def _remember(self, gone: NDArray[np.void], ids: NDArray[np.uint32], now: float) -> None:
        """Keep those who went out of view, in the order of ids, until they are shown again or for too long away."""
        away = np.concatenate((self._gone, gone))
        away = away[(now - away["time"] <= self._parameters.longest_gap) & ~Alignment.of(ids, away["id"]).known]
        self._gone = away[np.argsort(away["id"])]

    def _match(
        self, new: NDArray[np.void], left: NDArray[np.void], now: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return who of the newcomers is who of those that left, as rows of both."""
        if not len(new) or not len(left):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        ways = self._ways.between(left["lane"], left["offset"], new["lane"], new["offset"])
        rest, doubt = self._residual(new, left, ways, now)
        weight = self._weights(new, left, rest, doubt)
        chance = weight / (self._parameters.newcomers + weight.sum(axis=1, keepdims=True))
        best = chance.argmax(axis=1)
        sure = np.flatnonzero(chance[np.arange(len(new)), best] >= self._parameters.sure)
        order = sure[np.argsort(-chance[sure, best[sure]], kind="stable")]
        _, first = np.unique(best[order], return_index=True)
        back = order[first]
        who = best[back]
        self._learn(rest[back, who] / np.sqrt(doubt[back, who]), new["length"][back] - left["length"][who])
        return back, who

    def _residual(
        self, new: NDArray[np.void], left: NDArray[np.void], ways: NDArray[np.float64], now: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return by how much each way differs from that at the mean of both speeds, m, and the variance of that, m2."""
        away = now - left["time"]
        rest = ways - away * (left["speed"] + new["speed"][:, None]) / 2
        reach = np.where(np.isfinite(ways), ways, 0.0)
        doubt = self._parameters.place_doubt**2 + (self._parameters.spread * reach) ** 2
        doubt += away**2 * (left["doubt"] + new["doubt"][:, None]) / 4
        return rest, self.way_share**2 * doubt

    def _weights(
        self, new: NDArray[np.void], left: NDArray[np.void], rest: NDArray[np.float64], doubt: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how likely each newcomer (m,) is each of those who left (n,), in the density of newcomers; (m, n)."""
        parameters = self._parameters
        weight = parameters.comes_back * np.exp(-np.minimum(rest**2 / (2 * doubt), 300.0))
        weight /= np.sqrt(2 * math.pi * doubt)
        lanes = self._beside[new["lane"]][:, None]
        comparable = lanes == self._beside[left["lane"]]
        same = self._index[new["lane"]][:, None] == self._index[left["lane"]]
        share = np.where(same, parameters.same_lane, (1 - parameters.same_lane) / np.maximum(lanes - 1, 1))
        weight *= np.where(comparable & (lanes > 1), lanes * share, 1.0)
        usual = self._length_density(new, self._shown).mean(axis=1, keepdims=True)
        weight *= self._length_density(new, left) / np.maximum(usual, parameters.length_variety)
        weight *= np.where(new["kind"][:, None] == left["kind"], 1.0, parameters.other_kind)
        return weight

    def _length_density(self, new: NDArray[np.void], others: NDArray[np.void]) -> NDArray[np.float64]:
        """Return the densities of lengths of newcomers (m,) if they are each of the others (n,), 1/m; (m, n)."""
        doubt = self.length_share * self._parameters.length_doubt
        longer = (new["length"][:, None] - others["length"]) / doubt
        density: NDArray[np.float64] = np.exp(-np.minimum(longer**2 / 2, 8.0)) / (doubt * math.sqrt(2 * math.pi))
        return density

    def _learn(self, ways: NDArray[np.float64], lengths: NDArray[np.float64]) -> None:
        """Learn from those known again: differences of ways, normalised, and of lengths, m.

        About 0.68 of them are to lie within 1-sigma (stochastic approximation; Robbins and Monro 1951).
        """
        parameters, least = self._parameters, self._parameters.least_share
        for way, length in zip(np.abs(ways), np.abs(lengths), strict=True):
            rate = parameters.learning_rate
            self.way_share *= math.exp(rate * (float(way > 1.0) - 0.32))
            self.length_share *= math.exp(rate * (float(length > self.length_share * parameters.length_doubt) - 0.32))
        self.way_share = min(max(self.way_share, least), 1.0 / least)
        self.length_share = min(max(self.length_share, least), 1.0 / least)


def renamed(ids: NDArray[np.uint32], found: NDArray[np.uint32], former: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return ascending ids (n,) in which each of `found` is replaced by its `former`."""
    changed = ids.copy()
    changed[np.searchsorted(ids, found)] = former
    return changed


def with_former_ids(
    tracks: TrackTable, found: NDArray[np.uint32], former: NDArray[np.uint32]
) -> tuple[TrackTable, NDArray[np.int64]]:
    """Return the tracks with former ids in the order of ids, and the rows that they had."""
    ids = renamed(tracks.track_id, found, former)
    order = np.argsort(ids)
    columns = {field.name: getattr(tracks, field.name)[order] for field in fields(tracks)}
    return replace(tracks, **{**columns, "track_id": ids[order]}), order
