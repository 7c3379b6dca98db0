"""Retained states as JSON: car parks and devices, whole each time, so that a reader needs no history."""

import base64
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from cloudctl.advice.scene import Lot
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.register import CarPark
from ingest.device_health import DeviceReport, StreamReport
from ingest.verdicts import DeadLetter


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
    kind: str = ""
    trend: float = 0.0
    """Cars more a second."""
    under_way: int = 0
    """Cars that were sent there and are not there yet."""


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


def parking_state(table: LotTable, lots: Mapping[int, Lot], under_way: Mapping[str, int]) -> bytes:
    """Encode all lots, with their occupancy where it is known and how many cars were sent to each."""
    rows = [_lot(lot, lots.get(row), under_way.get(lot.id, 0)) for row, lot in enumerate(table.lots)]
    return msgspec.json.encode(LotsNow(rows))


def _lot(lot: CarPark, now: Lot | None, under_way: int) -> LotNow:
    return LotNow(
        id=lot.id,
        name_zh=lot.name_zh,
        name_en=lot.name_en,
        lon=lot.lon,
        lat=lot.lat,
        capacity=now.capacity if now else lot.capacity,
        occupied=now.occupied if now else None,
        updated=now.updated if now else None,
        kind=lot.kind,
        trend=round(now.trend, 5) if now else 0.0,
        under_way=under_way,
    )


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
