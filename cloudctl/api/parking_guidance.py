"""Which lots a driver may go to, from the gateway: by drive, walk, price and the chance of a place on arrival.

An answer alone sends nobody: cars with a terminal are sent by the engine, which shares them out over the lots, and
those it sent count here as under way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.parking import BLIND_CHANCE, FULL_COST, PRICE_WEIGHT, WALK_DETOUR, WALK_SPEED, WALK_WEIGHT
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import as_time
from cloudctl.api.parking_models import GuidanceItem
from cloudctl.api.parking_roads import LiveRoads
from cloudctl.api.parking_view import ParkingView

CANDIDATES = 30
"""Lots whose chance is worked out."""


@dataclass(frozen=True)
class Wish:
    """What a driver wants; deg."""

    start: tuple[float, float]
    goal: tuple[float, float]
    stay: float
    """min"""
    limit: int


def rank(view: ParkingView, roads: LiveRoads, wish: Wish) -> list[GuidanceItem]:
    """Order the open lots that can be reached; ProblemError where the driver is on no road."""
    roads.refresh()
    start = roads.find_link(*wish.start)
    if start is None:
        raise ProblemError(422, "No road", f"no road for cars within 500 m of {wish.start[0]}, {wish.start[1]}")
    table = view.table
    drive, entrance = table.best_entrances(roads.times_from(start))
    x, y = roads.network.plane.forward(*wish.goal)
    walk = WALK_DETOUR * np.hypot(table.x - float(x), table.y - float(y))
    price = np.array([lot.price.of(wish.stay) if lot.price else 0.0 for lot in table.lots])
    is_open = np.array([lot.open_at(view.now, view.zone) for lot in table.lots], bool)
    base = np.where(is_open, drive + WALK_WEIGHT * walk / WALK_SPEED + PRICE_WEIGHT * price, np.inf)
    rows = [row for row in np.argsort(base, kind="stable")[:CANDIDATES].tolist() if np.isfinite(base[row])]
    chances = {row: chance_at(view, row, view.now + float(drive[row])) for row in rows}
    costs = {row: float(base[row]) + (1.0 - chances[row]) * FULL_COST for row in rows}
    best = sorted(rows, key=costs.__getitem__)[: wish.limit]
    return [_item(view, roads, (row, start, int(entrance[row])), (drive, walk, price), chances, costs) for row in best]


def chance_at(view: ParkingView, row: int, moment: float) -> float:
    """Chance of a free place in a lot at a UTC epoch s, with those under way counted."""
    lot = view.table.lots[row].id
    now = view.status.get(lot)
    if now is None or not now.fresh(view.now):
        return BLIND_CHANCE
    return now.at(moment, view.profile(lot), view.zone).chance(now.under_way)


def _item(
    view: ParkingView,
    roads: LiveRoads,
    way: tuple[int, int, int],
    parts: tuple[NDArray[np.float64], ...],
    chances: dict[int, float],
    costs: dict[int, float],
) -> GuidanceItem:
    row, start, entrance = way
    lot, now = view.table.lots[row], view.status.get(view.table.lots[row].id)
    drive, walk, price = (float(part[row]) for part in parts)
    route = roads.find_route(start, entrance)
    arrival = as_time(view.now + drive)
    if arrival is None:
        raise ValueError(drive)
    return GuidanceItem(
        lot=lot.id,
        name_zh=lot.name_zh,
        name_en=lot.name_en,
        lon=lot.lon,
        lat=lot.lat,
        probability=round(chances[row], 4),
        free=max(0, now.capacity - now.occupied) if now else None,
        under_way=now.under_way if now else 0,
        drive_s=round(drive, 1),
        walk_m=round(walk, 1),
        price=price if lot.price else None,
        arrival=arrival,
        cost=round(costs[row], 1),
        links=[str(roads.network.links.id[link]) for link in route.links] if route else [],
        line=[(point[0], point[1]) for point in roads.router.line(route)] if route else [],
    )
