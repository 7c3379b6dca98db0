"""What is known of lots that does not change by the minute: places, price, hours, entrances; deg, m, local times.

The register travels retained on `V2X/CLOUD/PARKING/REGISTER` from the gateway, which keeps it, to the engine. A lot of
the register takes the place of the map's lot with the same id.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from cloudctl.parking.errors import RegisterError

CAR_PARK, KERB = "car_park", "kerb"
KINDS = (CAR_PARK, KERB)
MOST_PLACES = 100_000
MINUTES_A_DAY = 24 * 60
ZONE = "Asia/Shanghai"
"""Zone of opening hours and profiles where nothing says one."""


class Entrance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where cars drive in; deg."""

    lon: float
    lat: float
    name: str = ""


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What parking costs."""

    per_hour: float
    currency: str = "CNY"
    free_minutes: int = 0
    day_most: float | None = None

    def of(self, minutes: float) -> float:
        """Price of a stay: each hour begun counts after the free minutes, and no day costs more than `day_most`."""
        if minutes <= self.free_minutes:
            return 0.0
        days, rest = divmod(minutes, MINUTES_A_DAY)
        most = self.day_most if self.day_most is not None else math.inf
        return round(days * min(24 * self.per_hour, most) + min(math.ceil(rest / 60) * self.per_hour, most), 2)


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open on some weekdays from one time to another; `until` up to 24:00, or before `since` for the next day."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """0 is Monday."""
    since: str = "00:00"
    until: str = "24:00"


class CarPark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A car park (停车场) or a kerb section (路侧泊位)."""

    id: str
    lon: float
    lat: float
    capacity: int
    kind: str = CAR_PARK
    name_zh: str = ""
    name_en: str = ""
    entrances: tuple[Entrance, ...] = ()
    """Empty where cars drive in at the place itself."""
    price: Price | None = None
    opening: tuple[Hours, ...] = ()
    """Empty where it is always open."""
    accessible: int = 0
    """Places for disabled people."""
    charging: int = 0
    """Places with a charger."""
    height_m: float | None = None

    def open_at(self, moment: float, zone: ZoneInfo) -> bool:
        """Whether cars get in at a UTC epoch, s."""
        if not self.opening:
            return True
        local = dt.datetime.fromtimestamp(moment, zone)
        minute = 60 * local.hour + local.minute
        return any(_open(hours, local.weekday(), minute) for hours in self.opening)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of a lot by half-hours of a working day, then of a day off; (96,) each."""

    lot: str
    arrivals: tuple[float, ...]
    """Cars an hour."""
    departures: tuple[float, ...]
    """Share of the parked cars that leaves an hour."""


class ParkingRegister(msgspec.Struct, frozen=True, kw_only=True):
    """The message: lots and profiles."""

    zone: str = ZONE
    lots: tuple[CarPark, ...] = ()
    profiles: tuple[Profile, ...] = ()


def check(lot: CarPark) -> CarPark:
    """Give a lot back; RegisterError names the field that cannot be."""
    _check_places(lot)
    for lon, lat in ((lot.lon, lot.lat), *((each.lon, each.lat) for each in lot.entrances)):
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            raise RegisterError(lot.id, f"lon {lon}, lat {lat} is no place on Earth")
    if lot.price is not None and (lot.price.per_hour < 0.0 or lot.price.free_minutes < 0):
        raise RegisterError(lot.id, f"price {lot.price.per_hour} an hour, {lot.price.free_minutes} min free: below 0")
    for hours in lot.opening:
        if not hours.days or not set(hours.days) <= set(range(7)):
            raise RegisterError(lot.id, f"days {list(hours.days)} are not from 0 (Monday) to 6")
        for text in (hours.since, hours.until):
            try:
                minute_of(text)
            except ValueError as fault:
                raise RegisterError(lot.id, str(fault)) from None
    return lot


def _check_places(lot: CarPark) -> None:
    if not lot.id or len(lot.id) > 64 or not lot.id.isprintable() or set(lot.id) & set("/+#"):
        raise RegisterError(lot.id, "an id has 1 to 64 characters without / + #")
    if lot.kind not in KINDS:
        raise RegisterError(lot.id, f"kind {lot.kind!r} is none of {', '.join(KINDS)}")
    if not 1 <= lot.capacity <= MOST_PLACES:
        raise RegisterError(lot.id, f"capacity {lot.capacity} is not from 1 to {MOST_PLACES}")
    for name, part in (("accessible", lot.accessible), ("charging", lot.charging)):
        if not 0 <= part <= lot.capacity:
            raise RegisterError(lot.id, f"{name} {part} is not from 0 to the capacity {lot.capacity}")


def minute_of(text: str) -> int:
    """Minute of the day of HH:MM up to 24:00; ValueError names the text."""
    hours, colon, minutes = text.partition(":")
    if colon and len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit():
        found = 60 * int(hours) + int(minutes)
        if int(minutes) < 60 and found <= MINUTES_A_DAY:
            return found
    raise ValueError(f"{text!r} is no time HH:MM up to 24:00")


def merged(of_map: Sequence[CarPark], register: Iterable[CarPark]) -> tuple[CarPark, ...]:
    """Lots of the map, each as the register has it where it does, then the register's others."""
    known: Mapping[str, CarPark] = {lot.id: lot for lot in register}
    ids = {lot.id for lot in of_map}
    return (*(known.get(lot.id, lot) for lot in of_map), *(lot for lot in known.values() if lot.id not in ids))


def _open(hours: Hours, weekday: int, minute: int) -> bool:
    since, until = minute_of(hours.since), minute_of(hours.until)
    if since < until:
        return weekday in hours.days and since <= minute < until
    return (weekday in hours.days and minute >= since) or ((weekday - 1) % 7 in hours.days and minute < until)
