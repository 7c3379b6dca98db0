"""Answers and requests about devices: the register, live health, deliveries, frames, refused messages."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from cloudctl.api.models import Device
from cloudctl.devices.certificates import CertificateState
from cloudctl.devices.delivery import DeliveryKind, DeliveryStatus
from cloudctl.devices.record import LEARNT, CoordinateSystem, DeviceStatus, DeviceType
from ingest.uper.schema import Profile

ID_PATTERN = r"^[^/+#\x00-\x1f\x7f]{1,64}$"
Id = Annotated[str, Path(pattern=ID_PATTERN, description="Id, one level of a topic.")]
NewId = Annotated[str, Field(pattern=ID_PATTERN)]
Word = Annotated[str, Field(max_length=128, pattern=r"^[^\x00]*$")]
Rate = Annotated[float, Field(gt=0, le=1000)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Elevation = Annotated[float, Field(ge=-500, le=9000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeviceChanges(_Request):
    """Fields of a record; what is left out stays as it is, null clears."""

    name: Word | None = None
    kind: DeviceType = DeviceType.RSU
    parent: Word | None = Field(default=None, description="The light pole on which it stands.")
    lon: Longitude | None = None
    lat: Latitude | None = None
    elevation: Elevation | None = Field(default=None, description="m")
    coordinate_system: CoordinateSystem = Field(
        default=CoordinateSystem.WGS84, description="In which the device gives positions."
    )
    profile: Profile = Field(default=Profile.V4, description="Edition of the message layer (UPER).")
    dialect: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] = Field(
        default=LEARNT, description="In which it is spoken to; auto learns it from its messages."
    )
    organisation: Word | None = None
    district: Word | None = None
    lawful_basis: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None = None
    nominal_rates: Annotated[dict[Word, Rate], Field(max_length=64)] = Field(
        default_factory=dict, description="Stream to Hz, where it differs from the table of streams."
    )


class NewDevice(DeviceChanges):
    """A device to be registered."""

    id: NewId
    approved: bool = Field(default=True, description="False puts it into the pending list.")


class StreamHealth(BaseModel):
    """One stream of one device."""

    name: str
    rate: float = Field(description="Messages a second.")
    nominal: float | None = Field(description="Expected messages a second.")
    slow: bool = Field(description="Less than half of what is expected.")


class Health(BaseModel):
    """How a device does, from the engine, since its start."""

    online: bool
    heartbeat: bool | None = Field(description="Whether heartbeats come within two intervals; null: it never sent one.")
    in_picture: bool = Field(description="Whether what it reports enters the traffic picture.")
    last_seen: datetime | None
    streams: list[StreamHealth]
    missing: int = Field(description="Messages that msgCnt says were lost on the way.")
    shed: int = Field(description="Messages dropped under overload.")
    refused: dict[str, int] = Field(description="Reason to messages refused.")
    clock_offset: float | None = Field(description="s, device ahead is positive")
    clock_wrong: bool = Field(description="More than five minutes off.")
    latency: float | None = Field(description="Median from device to platform, s")


class DeviceItem(Device):
    """A device of the register, or a vehicle terminal or roadside device that is only heard."""

    registered: bool
    status: DeviceStatus | None = Field(description="null: not in the register.")
    name: str | None = None
    parent: str | None = None
    groups: list[str] = Field(default_factory=list)
    organisation: str | None = None
    district: str | None = None


class DevicePage(BaseModel):
    """One page of devices, by id."""

    items: list[DeviceItem]
    next: str | None = Field(default=None, description="Cursor of the next page; null on the last page.")
    time: datetime | None
    register_complete: bool = Field(description="False where the register's database did not answer.")


class SubDevice(BaseModel):
    """A part of a light pole: registered, or named in the pole's RunningInfo."""

    id: str
    kind: str | None
    registered: bool
    status: DeviceStatus | None
    readings: dict[str, object] = Field(description="What the pole's last RunningInfo said of it.")


class Said(BaseModel):
    """What a device last said of itself, as it sent it."""

    message: dict[str, object] | None
    received: datetime | None


class CertificateItem(BaseModel):
    """The certificate of a device; nulls where its file cannot be read."""

    state: CertificateState | Literal["unreadable"]
    subject: str | None = Field(default=None, description="RFC 4514")
    issuer: str | None = None
    serial: str | None = Field(default=None, description="hexadecimal")
    not_before: datetime | None = None
    not_after: datetime | None = None
    days_left: int | None = Field(default=None, description="whole days; negative once it has ended")


class DeviceDetail(DeviceItem):
    """One device: record, live health, and what it said of itself."""

    elevation: float | None = None
    coordinate_system: CoordinateSystem | None = None
    profile: Profile | None = None
    dialect: str | None = None
    lawful_basis: str | None = None
    nominal_rates: dict[str, float] = Field(default_factory=dict)
    map_etag: str | None = Field(default=None, description="eTag of the MAP that it has.")
    created: datetime | None = None
    updated: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    revision: int | None = None
    health: Health | None = Field(default=None, description="null: not heard since the start of the engine.")
    info: Said | None = None
    base_info: Said | None = None
    running_info: Said | None = None
    sub_devices: list[SubDevice] = Field(default_factory=list)
    certificates_known: bool = Field(default=False, description="The platform was told where certificates lie.")
    certificate: CertificateItem | None = None


class NewGroup(_Request):
    """A group to be made."""

    id: NewId
    name: Word
    description: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class GroupChanges(_Request):
    """What to change of a group; null leaves it."""

    name: Word | None = None
    description: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None = None


class GroupItem(BaseModel):
    """A group of devices."""

    id: str
    name: str
    description: str
    created: datetime | None
    created_by: str
    devices: list[str]


class DeliveryItem(BaseModel):
    """One revision on its way to one device."""

    id: int
    device: str
    revision: int
    kind: DeliveryKind
    etag: str | None
    status: DeliveryStatus
    detail: str
    created: datetime | None
    updated: datetime | None


class Ordered(BaseModel):
    """What was taken to be sent down."""

    revision: int
    etag: str | None
    deliveries: list[DeliveryItem]


class NewMap(_Request):
    """A MAP to be kept for sending down, in the standard's JSON."""

    content: dict[str, object] = Field(description="MapData of T/CSAE 53-2020.")
    map_slice: Word = Field(default="", description="Name of the part of the city.")


class MapItem(BaseModel):
    """A MAP that is kept."""

    revision: int
    etag: str
    map_slice: str
    created: datetime | None
    created_by: str


class MapChoice(_Request):
    """Which MAP to send."""

    etag: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class ReadingItem(BaseModel):
    """One way to read a payload."""

    way: str = Field(description="uper v4, json, dialect openv2x, ...")
    declared: bool = Field(description="Whether the device is registered to write so.")
    fits: bool = Field(description="Reads, writes back to the same bytes and lies in the city.")
    text: str | None = Field(description="JSON; null where it does not read so.")
    cut: bool
    error: str | None


class FrameItem(BaseModel):
    """One message as it came."""

    received: datetime | None
    topic: str
    size: int = Field(description="Bytes as it came.")
    payload_hex: str
    cut: bool = Field(description="True where only the first 4096 bytes are kept.")
    verdict: str
    reason: str | None
    detail: str
    readings: list[ReadingItem]


class Frames(BaseModel):
    """The newest messages of a device since somebody began to look."""

    watched_until: datetime | None
    items: list[FrameItem]


class LetterItem(BaseModel):
    """One refused message."""

    id: str
    received: datetime | None
    topic: str
    device: str | None = Field(description="null: the message names none.")
    reason: str
    detail: str
    size: int = Field(description="Bytes that are kept.")


class LetterDetail(LetterItem):
    """A refused message with its bytes and all ways to read it."""

    payload_hex: str
    cut: bool = Field(description="True where the message was longer than the 4096 bytes that are kept.")
    declared_profile: Profile
    readings: list[ReadingItem]


class LetterCount(BaseModel):
    """How many messages of a device were refused for a reason."""

    device: str | None
    reason: str
    count: int
