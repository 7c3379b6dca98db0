"""Which devices take part, and how each writes: what the register says, taken over into the registry of the engine.

Records come retained on `V2X/CLOUD/REGISTER/{id}`, so that the engine knows them again after a restart.
"""

from collections import Counter
from collections.abc import Callable

import msgspec
import structlog

from cloudctl.devices.record import LEARNT, CoordinateSystem, DeviceRecord, DeviceStatus, DeviceType
from ingest.device_registry import Device, DeviceKind, DeviceRegistry
from ingest.errors import RefusedError
from maps.coordinates import Crs

_KINDS = {
    DeviceType.RSU: DeviceKind.RSU,
    DeviceType.LIGHT_POLE: DeviceKind.RSU,
    DeviceType.CAMERA: DeviceKind.RSU,
    DeviceType.OBU: DeviceKind.OBU,
    DeviceType.RADAR: DeviceKind.RADAR,
    DeviceType.PARKING_SENSOR: DeviceKind.LOT,
    DeviceType.SIGNAL_CONTROLLER: DeviceKind.SIGNAL_CONTROLLER,
}
"""On whose topics a device speaks; what is not here speaks through its light pole."""
_CRS = {
    CoordinateSystem.WGS84: Crs.WGS84,
    CoordinateSystem.CGCS2000: Crs.CGCS2000,
    CoordinateSystem.GCJ02: Crs.GCJ02,
}
_LOG = structlog.get_logger("engine.admission")


class Admission:
    """Applies records of the register."""

    def __init__(self, registry: DeviceRegistry, announce: Callable[[str, str], None] | None = None) -> None:
        """`announce` is told of units (id) what the register knows of their signal controllers."""
        self._registry, self._announce = registry, announce
        self.counts: Counter[str] = Counter()
        """records, unreadable."""

    def take(self, payload: bytes) -> None:
        """Take over one record; bytes that are none change nothing and are counted."""
        if not payload:
            return
        try:
            record = msgspec.json.decode(payload, type=DeviceRecord)
        except msgspec.MsgspecError as error:
            self.counts["unreadable"] += 1
            _LOG.warning("record_unreadable", error=str(error), head=payload[:64].hex())
            return
        self.counts["records"] += 1
        vehicle = record.kind is DeviceType.OBU
        live = record.status is DeviceStatus.APPROVED or (vehicle and record.status is DeviceStatus.PENDING)
        self._registry.decide(record.id, vehicle=vehicle, live=live)
        kind = _KINDS.get(record.kind)
        if kind is None:
            return
        try:
            row = self._registry.row_of(kind, record.id)
        except RefusedError as error:
            _LOG.warning("record_refused", device=record.id, error=str(error))
            return
        self._describe(self._registry.get(row), record)
        if self._announce is not None and record.signal_control is not None:
            self._announce(record.id, record.signal_control)

    def _describe(self, device: Device, record: DeviceRecord) -> None:
        registry, row = self._registry, device.row
        if record.lon is not None and record.lat is not None:
            device.lon, device.lat = record.lon, record.lat
        device.name = record.name or device.name
        device.nominal_rates = record.nominal_rates
        registry.set_crs(row, _CRS[record.coordinate_system])
        registry.set_profile(row, record.profile)
        if record.dialect and record.dialect != LEARNT:  # what was learnt from its messages stays otherwise
            registry.set_dialect(row, record.dialect)
