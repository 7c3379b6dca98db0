"""What an experiment compares: an area, two periods, measures."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from cloudctl.experiments.errors import UnusableExperimentError
from maps.network import RoadNetwork

MOST_LINKS = 2000
LONGEST = 62 * 86400.0
"""s"""


class Measure(StrEnum):
    """What is compared over the area."""

    TRAVEL_TIME = "travel_time"
    """Time to drive every link of the area once, s."""
    DELAY = "delay"
    """Control delay, s a vehicle, weighted by flow."""
    STOPS = "stops"
    """Stops a vehicle, weighted by flow."""
    FLOW = "flow"
    """Vehicles an hour, mean of the links weighted by length."""
    SPEED = "speed"
    """Space-mean speed, m/s, weighted by length."""


BETTER_LOW = frozenset({Measure.TRAVEL_TIME, Measure.DELAY, Measure.STOPS})
UNITS = {
    Measure.TRAVEL_TIME: "s",
    Measure.DELAY: "s/veh",
    Measure.STOPS: "1/veh",
    Measure.FLOW: "veh/h",
    Measure.SPEED: "m/s",
}


class Period(NamedTuple):
    """From, up to and without; UTC epoch s."""

    start: float
    end: float


class Experiment(NamedTuple):
    """One experiment; times are UTC epoch s."""

    id: str
    name: str
    note: str
    links: tuple[str, ...]
    polygon: list[list[float]] | None
    """[[lon, lat], ...] deg, where the area was drawn."""
    before: Period
    after: Period
    measures: tuple[Measure, ...]
    bin_s: int
    """Length of the intervals whose means are compared, s."""
    created: float
    created_by: str
    created_name: str
    result: dict[str, object] | None = None
    computed: float | None = None


def links_within(network: RoadNetwork, polygon: Sequence[tuple[float, float]]) -> list[str]:
    """Ids of the links whose middle lies in a polygon of (lon, lat), deg; even-odd rule.

    Raises:
        UnusableExperimentError: there is none.
    """
    links = network.links
    middle = network.points[links.shape_start + np.maximum(links.shape_count // 2, 0)]
    if len(links.id) and bool((links.shape_count == 2).any()):
        two = links.shape_count == 2
        middle = middle.copy()
        middle[two] = (network.points[links.shape_start[two]] + network.points[links.shape_start[two] + 1]) / 2
    corners = np.array([[float(c) for c in network.plane.forward(lon, lat)] for lon, lat in polygon])
    inside = np.zeros(len(middle), bool)
    for (x0, y0), (x1, y1) in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
        spans = (y0 > middle[:, 1]) != (y1 > middle[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = x0 + (middle[:, 1] - y0) * (x1 - x0) / (y1 - y0)
        inside ^= spans & (middle[:, 0] < crossing)
    found = [str(name) for name in links.id[inside]]
    if not found:
        raise UnusableExperimentError("no link has its middle in the polygon")
    return check_links(network, found)


def check_links(network: RoadNetwork, links: Sequence[str]) -> list[str]:
    """Give links by id, each once.

    Raises:
        UnusableExperimentError: one is unknown, or there are too many.
    """
    unknown = [link for link in links if link not in network.link_rows]
    if unknown:
        raise UnusableExperimentError(f"links {unknown[:5]} are not on the map")
    if not 0 < len(set(links)) <= MOST_LINKS:
        raise UnusableExperimentError(f"{len(set(links))} links; an area has 1 to {MOST_LINKS}")
    return list(dict.fromkeys(links))


def check_periods(before: Period, after: Period, bin_s: int) -> None:
    """Raise UnusableExperimentError where the periods overlap, are too short for their intervals, or too long."""
    for name, period in (("before", before), ("after", after)):
        if period.end <= period.start:
            raise UnusableExperimentError(f"the period {name} ends before it begins")
        if not 3 * bin_s <= period.end - period.start <= LONGEST:
            raise UnusableExperimentError(
                f"the period {name} lasts {period.end - period.start:.0f} s; "
                f"three intervals ({3 * bin_s} s) to {LONGEST / 86400:.0f} days are compared"
            )
    if before.end > after.start:
        raise UnusableExperimentError("the period after begins before the period before has ended")
