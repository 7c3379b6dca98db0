"""Retained states as JSON: car parks and devices, whole each time, so that a reader needs no history."""

import base64
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from cloudctl.advice.scene import Lot
from ingest.device_health import DeviceReport, StreamReport
from ingest.verdicts import DeadLetter
from maps.network import RoadNetwork


class LotNow(msgspec.Struct, frozen=True):
    """One car park; `updated` is UTC epoch s."""

    id: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    capacity: int
    occupied: int | None = None
    updated: float | None = None


class LotsNow(msgspec.Struct, frozen=True):
    """All car parks of the map."""

    lots: list[LotNow]


class DeviceNow(msgspec.Struct, frozen=True):
    """One device, see `ingest.device_health.DeviceReport`."""

    id: str
    kind: str
    row: int
    lon: float | None
    lat: float | None
    online: bool
    last_seen: float | None
    rates: dict[str, float]
    refused: dict[str, int]
    slow: tuple[str, ...]
    missing: int
    shed: int
    clock_offset_ms: float
    clock_wrong: bool
    latency_ms_p50: float | None
    live: bool = True
    """False where what it reports is kept out of the picture."""
    heartbeat: bool | None = None
    nominal: dict[str, float] = {}
    """Hz by stream."""
    latency_ms_p99: float | None = None
    streams: dict[str, StreamReport] = {}
    profile: str = ""
    dialect: str = ""
    crs: str = ""
    connection_abnormal: float | None = None
    """Since when it has not answered to messages (UTC epoch s), None while it does."""


class DevicesNow(msgspec.Struct, frozen=True):
    """All devices; `epoch` is the life of the engine that the rows belong to."""

    devices: list[DeviceNow]
    epoch: int


class LetterNow(msgspec.Struct, frozen=True):
    """One refused message."""

    received: float
    topic: str
    reason: str
    detail: str
    payload_b64: str


def parking_state(network: RoadNetwork, lots: dict[int, Lot]) -> bytes:
    """Encode all car parks, with their occupancy where it is known."""
    parks = network.car_parks
    lon, lat = network.plane.inverse(parks.x, parks.y)
    rows = [
        LotNow(
            id=str(parks.id[row]),
            name_zh=str(parks.name_zh[row]),
            name_en=str(parks.name_en[row]),
            lon=round(float(lon[row]), 7),
            lat=round(float(lat[row]), 7),
            capacity=lots[row].capacity if row in lots else int(parks.capacity[row]),
            occupied=lots[row].occupied if row in lots else None,
            updated=lots[row].updated if row in lots else None,
        )
        for row in range(len(parks.id))
    ]
    return msgspec.json.encode(LotsNow(rows))


def devices_state(
    reports: list[DeviceReport], epoch: int, abnormal: Mapping[str, float] = MappingProxyType({})
) -> bytes:
    """Encode all devices that have sent something; `abnormal` is since when a device has not answered, by its id."""
    return msgspec.json.encode(DevicesNow([_device(report, abnormal) for report in reports], epoch))


def _device(report: DeviceReport, abnormal: Mapping[str, float]) -> DeviceNow:
    device, latency = report.device, report.latency_ms_p50
    return DeviceNow(
        id=device.id,
        kind=device.kind.name.lower(),
        row=device.row,
        lon=device.lon,
        lat=device.lat,
        online=report.online,
        last_seen=report.last_seen,
        rates={name: round(rate, 2) for name, rate in report.rates.items()},
        refused=report.refused,
        slow=report.slow,
        missing=report.missing,
        shed=report.shed,
        clock_offset_ms=round(report.clock_offset_ms, 1),
        clock_wrong=report.clock_wrong,
        latency_ms_p50=None if latency is None else round(latency, 1),
        live=device.live,
        heartbeat=report.heartbeat,
        nominal={name: round(rate, 4) for name, rate in report.nominal.items()},
        latency_ms_p99=None if report.latency_ms_p99 is None else round(report.latency_ms_p99, 1),
        streams=report.streams,
        profile=device.profile.value,
        dialect=device.dialect,
        crs=device.crs.value,
        connection_abnormal=abnormal.get(device.id),
    )


def dead_letter(letter: DeadLetter) -> bytes:
    """Encode one refused message for the dead-letter store."""
    text = base64.b64encode(letter.payload).decode()
    return msgspec.json.encode(LetterNow(letter.received, letter.topic, letter.reason, letter.detail, text))
