"""What a roadside unit says of itself: OpenV2X topics HB, INFO and RunningInfo (RSU and centre interface, T/ITS 0180).

| message | fields |
|---|---|
| HB | rsuEsn, seqNum, timestamp |
| INFO | rsuId, rsuEsn, rsuName, rsuStatus, version, location {lon, lat} in deg, config (not read), region, nodeId, |
| | coverageRadius (m), signalControl ("stages": its controller takes stages, see RSC) |
| RunningInfo | rsuEsn, runningInfo {cpu {load, uti}, mem {total, used}, ...} |
| BaseINFO | rsuEsn, rsuId, protocolVersion, softwareVersion, hardwareVersion, communicationType, imei, iccid |
"""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import DeviceId, Timestamp, UnsignedShort, Wire

Name = Annotated[str, Meta(max_length=128)]
Number = Annotated[float, Meta(ge=0)]


class Heartbeat(Wire, frozen=True):
    """V2X/RSU/HB/UP."""

    rsu_esn: DeviceId
    seq_num: str | int | None = None
    timestamp: Timestamp | None = None


class Location(Wire, frozen=True):
    """Where a device stands, deg WGS-84."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]


class RsuInfo(Wire, frozen=True):
    """V2X/RSU/INFO/UP."""

    rsu_esn: DeviceId
    rsu_id: Name | int | None = None
    rsu_name: Name | None = None
    rsu_status: bool | int | str | None = None
    version: Name | None = None
    location: Location | None = None
    region: UnsignedShort | None = None
    node_id: UnsignedShort | None = None
    coverage_radius: Annotated[float, Meta(gt=0, le=5000)] | None = None
    signal_control: Name | None = None
    timestamp: Timestamp | None = None


class ProcessorLoad(Wire, frozen=True):
    """Load average and use in percent."""

    load: Number | None = None
    uti: Number | None = None


class MemoryUse(Wire, frozen=True):
    """Memory in the unit the device counts in."""

    total: Number | None = None
    used: Number | None = None


class RunningState(Wire, frozen=True):
    """The parts of runningInfo that we read."""

    cpu: ProcessorLoad | None = None
    mem: MemoryUse | None = None


class RunningInfo(Wire, frozen=True):
    """V2X/RSU/RunningInfo/UP."""

    rsu_esn: DeviceId
    running_info: RunningState
    timestamp: Timestamp | None = None


class BaseInfo(Wire, frozen=True):
    """V2X/RSU/BaseINFO/UP."""

    rsu_esn: DeviceId
    rsu_id: Name | int | None = None
    protocol_version: Name | None = None
    software_version: Name | None = None
    hardware_version: Name | None = None
    communication_type: Name | int | None = None
    imei: Name | None = None
    iccid: Name | None = None
    timestamp: Timestamp | None = None
