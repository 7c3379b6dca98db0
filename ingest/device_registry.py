"""Every device we heard of, by kind and id, with the row number that columns carry instead of its name."""

from dataclasses import dataclass, field

from ingest.device_kinds import DeviceKind
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.status import RsuInfo
from ingest.uper.schema import Profile
from maps.coordinates import Crs

__all__ = ["KIND_OF_TOPIC", "MAX_DEVICES", "MAX_ID_LENGTH", "Device", "DeviceKind", "DeviceRegistry"]

MAX_DEVICES = 200_000
MAX_ID_LENGTH = 64


KIND_OF_TOPIC = {"RSU": DeviceKind.RSU, "OBU": DeviceKind.OBU, "PARKING": DeviceKind.LOT, "RADAR": DeviceKind.RADAR}
"""Kind by the second level of a topic."""


@dataclass(slots=True)
class Device:
    """One device; what it has not told is None."""

    row: int
    id: str
    kind: DeviceKind
    lon: float | None = None
    lat: float | None = None
    name: str | None = None
    region: int | None = None
    node_id: int | None = None
    coverage_radius: float | None = None
    profile: Profile = Profile.V4
    """Edition of the message layer that it encodes with."""
    crs: Crs = Crs.WGS84
    """Reference system of the positions that it sends and reads."""
    dialect: str = ""
    """Dialect that it is spoken to in, see `ingest.dialects`; empty: the standard's JSON."""
    live: bool = True
    """Whether what it reports enters the picture; a device that waits for approval or is blocked does not."""
    nominal_rates: dict[str, float] = field(default_factory=dict)
    """Hz by name of the stream, where the device's differ from the table of streams."""


class DeviceRegistry:
    """Devices by row; a device keeps its row for the life of the process."""

    def __init__(
        self, capacity: int = MAX_DEVICES, profile: Profile = Profile.V4, *, hold_unknown: bool = False
    ) -> None:
        """Hold at most `capacity` devices; new ones are taken to encode with `profile`.

        With `hold_unknown`, devices that nobody decided on are not live. Vehicle terminals are, all the same.
        """
        self._capacity = capacity
        self._profile = profile
        self._devices: list[Device] = []
        self._rows: dict[tuple[DeviceKind, str], int] = {}
        self._hold_unknown = hold_unknown
        self._decided: dict[tuple[bool, str], bool] = {}
        self.held: set[int] = set()
        """Rows of the devices that are not live."""
        self.shifted: dict[int, Crs] = {}
        """Reference system of the devices, by row, whose positions have to be converted."""

    def __len__(self) -> int:
        return len(self._devices)

    def row_of(self, kind: DeviceKind, device_id: str) -> int:
        """Get the row of a device, a new one for a device never heard of.

        Raises RefusedError where the id cannot be one or the registry is full.
        """
        row = self._rows.get((kind, device_id))
        if row is not None:
            return row
        if not (0 < len(device_id) <= MAX_ID_LENGTH and device_id.isprintable() and "/" not in device_id):
            raise RefusedError(RefusalReason.UNKNOWN_DEVICE, "id", device_id[:MAX_ID_LENGTH], "device id cannot be one")
        if len(self._devices) >= self._capacity:
            raise RefusedError(
                RefusalReason.TOO_MANY_DEVICES,
                "id",
                device_id,
                f"more than {self._capacity} devices, {device_id!r} new",
            )
        row = len(self._devices)
        self._devices.append(Device(row, device_id, kind, profile=self._profile))
        self._rows[kind, device_id] = row
        vehicle = kind is DeviceKind.OBU
        self._set_live(row, live=self._decided.get((vehicle, device_id), vehicle or not self._hold_unknown))
        return row

    def decide(self, device_id: str, *, vehicle: bool, live: bool) -> list[Device]:
        """Decide whether a vehicle terminal, or the roadside devices, of an id are live; gives those known already."""
        self._decided[vehicle, device_id] = live
        found = [self.find(kind, device_id) for kind in DeviceKind if (kind is DeviceKind.OBU) == vehicle]
        devices = [device for device in found if device is not None]
        for device in devices:
            self._set_live(device.row, live=live)
        return devices

    def _set_live(self, row: int, *, live: bool) -> None:
        self._devices[row].live = live
        if live:
            self.held.discard(row)
        else:
            self.held.add(row)

    def get(self, row: int) -> Device:
        """Get a device by its row; IndexError where there is none."""
        return self._devices[row]

    def find(self, kind: DeviceKind, device_id: str) -> Device | None:
        """Find a device by its id."""
        row = self._rows.get((kind, device_id))
        return None if row is None else self._devices[row]

    def list_all(self) -> list[Device]:
        """List all devices by row."""
        return list(self._devices)

    def describe(self, row: int, info: RsuInfo) -> None:
        """Take over what a roadside unit said of itself."""
        device = self._devices[row]
        if info.location is not None:
            device.lon, device.lat = info.location.lon, info.location.lat
        device.name = info.rsu_name or device.name
        device.region = device.region if info.region is None else info.region
        device.node_id = device.node_id if info.node_id is None else info.node_id
        device.coverage_radius = info.coverage_radius or device.coverage_radius

    def set_profile(self, row: int, profile: Profile) -> None:
        """Set the edition of the message layer that a device encodes with."""
        self._devices[row].profile = profile

    def set_crs(self, row: int, crs: Crs) -> None:
        """Set the reference system of the positions that a device sends; CGCS2000 is WGS-84 within centimetres."""
        self._devices[row].crs = crs
        if crs in {Crs.WGS84, Crs.CGCS2000}:
            self.shifted.pop(row, None)
        else:
            self.shifted[row] = crs

    def note_dialect(self, row: int, dialect: str) -> None:
        """Note in which dialect a device writes; what was noted or set before stays."""
        device = self._devices[row]
        device.dialect = device.dialect or dialect

    def set_dialect(self, row: int, dialect: str) -> None:
        """Set the dialect in which a device is spoken to, empty to learn it from its messages."""
        self._devices[row].dialect = dialect

    def place(self, row: int, lon: float, lat: float) -> None:
        """Set the position (deg) of a device that has not told it otherwise."""
        device = self._devices[row]
        if device.lon is None:
            device.lon, device.lat = lon, lat
