"""Lots by row, with the links at which cars drive in: those of the map first, in its order, then the register's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cloudctl.parking.register import CarPark, merged
from maps.errors import OffMapError
from maps.network import RoadNetwork
from maps.routing import Router

FAR = 300.0
"""An entrance farther than this from any road for cars cannot be reached, m."""


@dataclass(frozen=True)
class LotTable:
    """Lots on one network."""

    lots: tuple[CarPark, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    """m in the local plane."""
    links: tuple[tuple[int, ...], ...]
    """Rows of the links at the entrances of each lot; empty where no road is near."""

    @classmethod
    def of(cls, network: RoadNetwork, register: Sequence[CarPark] = (), router: Router | None = None) -> Self:
        """Make the table; `router` finds the links of the register's entrances, one of its own by default."""
        from_map = lots_of_map(network)
        of_lane = dict(zip(network.car_parks.id.tolist(), network.lanes.link[network.car_parks.lane], strict=True))
        lots = merged(from_map, register)
        listed = {lot.id for lot in register}
        finder = router or (Router(network) if register and len(network.links.id) else None)
        links: list[tuple[int, ...]] = []
        for lot in lots:
            places = [(each.lon, each.lat) for each in lot.entrances]
            if lot.id in of_lane and (lot.id not in listed or not places):
                links.append((int(of_lane[lot.id]),))
            else:
                links.append(_nearest(finder, places or [(lot.lon, lot.lat)]))
        x, y = network.plane.forward(np.array([lot.lon for lot in lots]), np.array([lot.lat for lot in lots]))
        return cls(lots, np.atleast_1d(x).astype(float), np.atleast_1d(y).astype(float), tuple(links))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each lot by its id."""
        return {lot.id: row for row, lot in enumerate(self.lots)}

    @cached_property
    def entrance_rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lot and link of every entrance, (e,) each."""
        pairs = [(row, link) for row, links in enumerate(self.links) for link in links]
        table = np.array(pairs, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def best_entrances(self, times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Quickest entrance of each lot by the time (n,) to every link, s: (time, link); inf and -1 where none is."""
        lots, links = self.entrance_rows
        best, at = np.full(len(self.lots), np.inf), np.full(len(self.lots), -1, np.int64)
        for lot, link in zip(lots.tolist(), links.tolist(), strict=True):
            if times[link] < best[lot]:
                best[lot], at[lot] = times[link], link
        return best, at


def lots_of_map(network: RoadNetwork) -> list[CarPark]:
    """Car parks as the map has them."""
    parks = network.car_parks
    if not len(parks.id):
        return []
    lon, lat = network.plane.inverse(parks.x, parks.y)
    return [
        CarPark(
            id=str(parks.id[row]),
            name_zh=str(parks.name_zh[row]),
            name_en=str(parks.name_en[row]),
            lon=round(float(lon[row]), 7),
            lat=round(float(lat[row]), 7),
            capacity=int(parks.capacity[row]),
        )
        for row in range(len(parks.id))
    ]


def _nearest(router: Router | None, places: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for lon, lat in places:
        try:
            if router is not None:
                found[router.nearest_link(lon, lat, max_distance=FAR)] = None
        except OffMapError:
            continue
    return tuple(found)
