"""Lots as the routes show them: register, newest status, prediction."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from cloudctl.api.errors import ProblemError
from cloudctl.api.models import as_time
from cloudctl.api.parking_models import (
    EntranceItem,
    HoursItem,
    OutlookItem,
    ParkingDetail,
    ParkingItem,
    ParkingSummary,
    PriceItem,
)
from cloudctl.api.services import Services
from cloudctl.api.state_messages import LotState
from cloudctl.parking.datex import LotRecord
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.outlook import LotNow
from cloudctl.parking.register import ZONE, CarPark, Profile

HORIZONS = (300.0, 600.0, 900.0, 1800.0, 3600.0)
"""s"""


@dataclass(frozen=True)
class ParkingView:
    """All lots at one moment."""

    services: Services
    now: float
    """UTC epoch, s."""

    @cached_property
    def table(self) -> LotTable:
        """Lots by row."""
        office = self.services.parking
        return office.table if office is not None else LotTable.of(self.services.tables.network)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Zone of hours and profiles."""
        return ZoneInfo(self.services.parking.zone if self.services.parking else ZONE)

    @cached_property
    def status(self) -> dict[str, LotNow]:
        """Newest status by lot, of those that have one."""
        return {
            lot.id: LotNow(lot.occupied, lot.capacity, lot.updated, lot.trend, lot.under_way)
            for lot in self.services.state.lots
            if lot.occupied is not None and lot.capacity is not None and lot.updated is not None
        }

    @cached_property
    def lots(self) -> tuple[CarPark, ...]:
        """Lots of register and map, then those that the engine alone knows."""
        known = self.table.rows
        return (*self.table.lots, *(_told(lot) for lot in self.services.state.lots if lot.id not in known))

    def profile(self, lot: str) -> Profile | None:
        """What was learned of a lot."""
        return self.services.parking.profiles.get(lot) if self.services.parking else None

    def find(self, name: str) -> CarPark:
        """Give a lot; ProblemError where there is none of this id."""
        for lot in self.lots:
            if lot.id == name:
                return lot
        raise ProblemError(404, "Unknown lot", f"no lot {name!r}")

    def item(self, lot: CarPark) -> ParkingItem:
        """Describe a lot."""
        return ParkingItem.model_validate(self._fields(lot))

    def detail(self, lot: CarPark) -> ParkingDetail:
        """Describe a lot with its register entry and outlook."""
        row = self.table.rows.get(lot.id)
        return ParkingDetail.model_validate(
            {
                **self._fields(lot),
                "entrances": [EntranceItem.model_validate(msgspec.to_builtins(each)) for each in lot.entrances],
                "opening": [HoursItem.model_validate(msgspec.to_builtins(each)) for each in lot.opening],
                "accessible": lot.accessible,
                "charging": lot.charging,
                "height_m": lot.height_m,
                "reachable": row is not None and bool(self.table.links[row]),
                "outlook": self.outlook(lot.id),
            }
        )

    def outlook(self, lot: str) -> list[OutlookItem]:
        """Say what a lot will be like; empty where its status is not fresh."""
        now = self.status.get(lot)
        if now is None or not now.fresh(self.now):
            return []
        found = []
        for horizon in HORIZONS:
            ahead = now.at(self.now + horizon, self.profile(lot), self.zone)
            mean, low, high = ahead.free(now.under_way)
            chance = ahead.chance(now.under_way)
            found.append(_outlook(self.now + horizon, chance, mean, low, high))
        return found

    def summary(self) -> ParkingSummary:
        """Sum up the city; spreads of lots that know nothing of each other add up by their squares."""
        fresh = {name: now for name, now in self.status.items() if now.fresh(self.now)}
        outlooks = [self.outlook(name) for name in fresh]
        ahead = []
        for number, horizon in enumerate(HORIZONS if outlooks else ()):
            each = [outlook[number] for outlook in outlooks]
            mean = sum(one.free for one in each)
            down, up = (
                float(np.sqrt(sum((getattr(one, name) - one.free) ** 2 for one in each)))
                for name in ("free_low", "free_high")
            )
            best = max(one.probability for one in each)
            ahead.append(_outlook(self.now + horizon, best, mean, max(round(mean - down), 0), round(mean + up)))
        places, cars = (sum(getattr(now, name) for now in fresh.values()) for name in ("capacity", "occupied"))
        return ParkingSummary(
            lots=len(self.lots),
            known=len(fresh),
            full=sum(now.occupied >= now.capacity for now in fresh.values()),
            places=places,
            occupied=cars,
            free=max(places - cars, 0),
            under_way=sum(now.under_way for now in self.status.values()),
            outlook=ahead,
        )

    def records(self) -> Iterable[LotRecord]:
        """Lots for the DATEX II status publication."""
        return [LotRecord(lot, self.status.get(lot.id), lot.open_at(self.now, self.zone)) for lot in self.lots]

    def _fields(self, lot: CarPark) -> dict[str, object]:
        now = self.status.get(lot.id)
        return {
            **{name: getattr(lot, name) for name in ("id", "name_zh", "name_en", "lon", "lat", "kind")},
            "capacity": now.capacity if now else lot.capacity,
            "occupied": now.occupied if now else None,
            "free": max(0, now.capacity - now.occupied) if now else None,
            "updated": as_time(now.updated if now else None),
            "open": lot.open_at(self.now, self.zone),
            "price": PriceItem.model_validate(msgspec.to_builtins(lot.price)) if lot.price else None,
            "under_way": now.under_way if now else 0,
            "trend": round(3600.0 * now.trend, 1) if now else 0.0,
        }


def _told(lot: LotState) -> CarPark:
    return CarPark(
        id=lot.id, lon=lot.lon, lat=lot.lat, capacity=max(lot.capacity or 1, 1), kind=lot.kind or "car_park",
        name_zh=lot.name_zh, name_en=lot.name_en,
    )  # fmt: skip


def _outlook(moment: float, chance: float, mean: float, low: int, high: int) -> OutlookItem:
    time = as_time(moment)
    if time is None:
        raise ValueError(moment)
    return OutlookItem(time=time, probability=round(chance, 4), free=round(mean, 2), free_low=low, free_high=high)
