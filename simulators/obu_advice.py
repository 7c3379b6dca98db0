"""A driver who gets advice: what is followed, what is declined, and when a followed speed advice ends."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from simulators.commands import Command, HoldAtStop, ParkAt, SetRoute, SetSpeed

SLOWEST = 0.5
"""Share of the limit below which no driver follows a speed advice."""
SLOWEST_BUS = 0.35
"""Share of the limit below which no bus drives on advice."""
ANY_LINK = "*"
ON_DUTY = frozenset({"bus_hold", "bus_speed"})
"""What dispatch says to the driver of a bus on duty, who does it wherever it can be done."""


class Declined(StrEnum):
    """Why a driver does not follow an advice."""

    UNWILLING = "the driver follows no advice"
    LATE = "it came after its end"
    UNKNOWN = "this driver knows no such advice"
    IN_JUNCTION = "the vehicle is inside a junction"
    OFF_ROUTE = "the route does not lead over the vehicle's link"


class SpeedAdvice(msgspec.Struct, frozen=True):
    """Content of a green-wave speed."""

    speed_mps: float
    green_end: float = float("inf")


class HoldAdvice(msgspec.Struct, frozen=True):
    """Content of advice to hold at a stop."""

    until: float


class DiversionAdvice(msgspec.Struct, frozen=True):
    """Content of a diversion."""

    links: tuple[str, ...]


class ParkingAdvice(msgspec.Struct, frozen=True):
    """Content of parking guidance."""

    lot: str


class Advice(msgspec.Struct, frozen=True):
    """An advisory as it comes to a vehicle; other fields are for people."""

    id: str
    kind: str
    valid_until: float
    content: msgspec.Raw


class _Standing(msgspec.Struct, frozen=True):
    """How something stands that the vehicle was told of before."""

    ended: bool = False


@dataclass
class Drive:
    """What a driver follows at the moment."""

    willing: bool
    slow_until: float = 0.0
    """End of the followed speed advice, UTC epoch s; 0 when there is none."""
    slow_link: str = ""
    """Link for which the speed is followed."""


def is_willing(vehicle: str, compliance: float, seed: int) -> bool:
    """Whether this driver follows advice: the same answer for a vehicle in every run with the seed.

    A cryptographic digest, because a checksum answers alike for names that are alike, as those of one line's buses are.
    """
    digest = hashlib.blake2b(f"{seed}:{vehicle}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 < compliance


def is_news(advice: Advice) -> bool:
    """Whether it only tells what became of a request or of earlier advice: nothing to follow, nothing to decline.

    Raises:
        msgspec.ValidationError: the content is none.
    """
    return advice.kind == "bus_priority" or msgspec.json.decode(advice.content, type=_Standing).ended


def answer(advice: Advice, drive: Drive, vehicle: str, *, link: str, limit: float, now: float) -> Command | Declined:
    """The order by which a driver follows an advice, or why it is declined.

    Args:
        advice: What came.
        drive: The driver, changed where a speed advice is taken.
        vehicle: Name of the vehicle in the city.
        link: Link it is on, empty inside a junction.
        limit: Speed limit there, m/s.
        now: UTC epoch, s.

    Raises:
        msgspec.ValidationError: the content does not fit the kind.
    """
    if advice.valid_until < now:
        return Declined.LATE
    if not drive.willing and advice.kind not in ON_DUTY:
        return Declined.UNWILLING
    if advice.kind == "glosa":
        return _take_speed(advice, drive, vehicle, link, limit)
    if advice.kind == "diversion":
        return _take_route(advice, vehicle, link)
    if advice.kind == "bus_hold":
        return HoldAtStop(vehicle, msgspec.json.decode(advice.content, type=HoldAdvice).until)
    if advice.kind == "bus_speed":
        return _take_line_speed(advice, drive, vehicle, limit)
    if advice.kind == "parking":
        return ParkAt(vehicle, msgspec.json.decode(advice.content, type=ParkingAdvice).lot)
    return Declined.UNKNOWN


def _take_speed(advice: Advice, drive: Drive, vehicle: str, link: str, limit: float) -> Command | Declined:
    content = msgspec.json.decode(advice.content, type=SpeedAdvice)
    if not link:
        return Declined.IN_JUNCTION
    drive.slow_until = min(advice.valid_until, content.green_end)
    drive.slow_link = link
    return SetSpeed(vehicle, min(max(content.speed_mps, SLOWEST * limit), limit))


def _take_route(advice: Advice, vehicle: str, link: str) -> Command | Declined:
    """Follow a route from where it is; inside a junction the city knows which link comes next."""
    links = msgspec.json.decode(advice.content, type=DiversionAdvice).links
    if link and link not in links:
        return Declined.OFF_ROUTE
    return SetRoute(vehicle, links[links.index(link) :] if link else links)


def _take_line_speed(advice: Advice, drive: Drive, vehicle: str, limit: float) -> Command:
    """Follow a speed up to the next stop, over as many links as it takes."""
    speed = msgspec.json.decode(advice.content, type=SpeedAdvice).speed_mps
    drive.slow_until, drive.slow_link = advice.valid_until, ANY_LINK
    return SetSpeed(vehicle, min(max(speed, SLOWEST_BUS * limit), limit))


def end_of_speed(drive: Drive, vehicle: str, link: str, now: float) -> Command | None:
    """The order that ends a followed speed advice once its stop line is passed or it has expired, else None."""
    if drive.slow_until == 0.0 or (now < drive.slow_until and drive.slow_link in {link, ANY_LINK}):
        return None
    drive.slow_until = 0.0
    return SetSpeed(vehicle, None)
