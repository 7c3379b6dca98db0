"""What of the past may be seen in whose districts: the rules of the live picture, for what comes out of the store.

A point of a track is where it was; a link's history is that of the districts of both its ends, a movement's that of
the link that it leaves; incidents and advice have a place; lights are the city's. What cannot be placed (an incident
without coordinates, raw reports of a vehicle) is shown to nobody who is bound to districts.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from cloudctl.api.district_raster import Reals
from cloudctl.api.district_sight import DistrictSight, Flags
from cloudctl.api.errors import ProblemError
from cloudctl.store.track_columns import TrackColumns


class Placed(Protocol):
    """Something with a place (deg), if it is known."""

    @property
    def lon(self) -> float | None:
        """East."""
        ...

    @property
    def lat(self) -> float | None:
        """North."""
        ...


P = TypeVar("P", bound=Placed)


def seen_points(points: TrackColumns, sight: DistrictSight | None) -> Flags:
    """Which points of tracks may be seen."""
    return np.ones(len(points), bool) if sight is None else sight.places(points.lon, points.lat)


def cut_points(points: TrackColumns, sight: DistrictSight | None) -> TrackColumns:
    """Give the points that may be seen."""
    return points if sight is None else points.where(seen_points(points, sight))


def placed(found: Sequence[P], sight: DistrictSight | None) -> list[P]:
    """Give what has a place that may be seen."""
    if sight is None:
        return list(found)
    own = sight.places(_reals([each.lon for each in found]), _reals([each.lat for each in found]))
    known = [each.lon is not None and each.lat is not None for each in found]
    return [each for each, may, is_known in zip(found, own.tolist(), known, strict=True) if may and is_known]


def check_links(links: Sequence[int], names: Sequence[str], sight: DistrictSight | None) -> None:
    """Raise ProblemError (403) where a link (row) has neither end in the actor's districts."""
    _refuse(names, None if sight is None else sight.links(np.array(links, np.int64)))


def check_exit(link: int, name: str, sight: DistrictSight | None) -> None:
    """Raise ProblemError (403) where a link (row) does not end in the actor's districts."""
    _refuse([name], None if sight is None else sight.exits(np.array([link], np.int64)))


def _refuse(names: Sequence[str], own: Flags | None) -> None:
    if own is not None and not own.all():
        others = [name for name, is_own in zip(names, own.tolist(), strict=True) if not is_own]
        raise ProblemError(403, "Not your district", f"{', '.join(others)} lies in another one")


def _reals(values: Sequence[float | None]) -> Reals:
    return np.array([np.nan if value is None else value for value in values], np.float64)
