"""Traces and tracks that SUMO drove are matched to the links and lanes they were driven on."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from maps_city import city, imported

from cloudctl.trace_truth import Truth, drive
from maps.lane_index import LaneIndex
from maps.lane_tracking import LaneTracker
from maps.trace_matching import TraceMatcher

VEHICLES = 60


@cache
def _truth() -> Truth:
    with TemporaryDirectory() as folder:
        return drive(city().net, imported().network, Path(folder), vehicles=VEHICLES, seconds=240, seed=3)


def _link_share(noise: float, gap: int) -> float:
    truth, matcher, rng = _truth(), TraceMatcher(imported().network), np.random.default_rng(8)
    good = total = 0
    for vehicle in range(VEHICLES):
        rows = np.arange(len(truth.vehicle))[truth.of(vehicle)][::gap]
        x, y = (column[rows] + rng.normal(0, noise, len(rows)) for column in (truth.x, truth.y))
        found = matcher.match(x, y, truth.time[rows], sigma=noise)
        counted = truth.lane[rows] >= 0
        good += int((found.link == truth.link[rows])[counted].sum())
        total += int(counted.sum())
    assert total > 250
    return good / total


@pytest.mark.parametrize(("noise", "gap", "share"), [(3, 1, 0.97), (3, 30, 0.97), (10, 1, 0.95), (10, 30, 0.9)])
def test_traces_are_matched_to_their_links(noise: float, gap: int, share: float) -> None:
    assert _link_share(noise, gap) >= share


@pytest.mark.parametrize(("noise", "links"), [(3.0, 0.97), (10.0, 0.9)])
def test_moving_tracks_are_matched_to_links_and_better_to_lanes_than_single_positions(
    noise: float, links: float
) -> None:
    truth, network, rng = _truth(), imported().network, np.random.default_rng(9)
    tracker, index = LaneTracker(network), LaneIndex(network)
    right = np.zeros((2, 2), int)
    total = 0
    for time in np.unique(truth.time):
        rows = rng.permutation(np.flatnonzero(truth.time == time))
        x, y = (column[rows] + rng.normal(0, noise, len(rows)) for column in (truth.x, truth.y))
        kinds = np.ones(len(rows))
        counted = truth.lane[rows] >= 0
        followed = tracker.update(truth.vehicle[rows], time, x, y, truth.heading[rows], kinds, sigma=noise)
        single = index.match(x, y, truth.heading[rows], kinds, sigma=noise, max_distance=15)
        for way, found in enumerate((followed, single)):
            near = counted & (found.lane >= 0)
            right[way, 0] += (near & (network.lanes.link[found.lane] == truth.link[rows])).sum()
            right[way, 1] += (near & (found.lane == truth.lane[rows])).sum()
        total += int(counted.sum())
    share = right / total
    assert share[0, 0] >= links
    assert share[0, 1] >= share[1, 1] + 0.1
