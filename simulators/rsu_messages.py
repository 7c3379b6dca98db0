"""Messages of a roadside unit as JSON bytes: RSM, heartbeat, registration, status.

RSM is the bulk of the fleet's traffic, so it is formatted from a template; `ingest.messages` is the judge of its shape.
"""

import math
from collections.abc import Iterator

import numpy as np
import orjson

from maps.participants import ParticipantKind as Kind
from simulators.fleet_units import (
    VEHICLE_CLASS,
    Ints,
    centimetres,
    degrees_e7,
    heading_raw,
    height_raw,
    speed_raw,
)
from simulators.rsu_sensor import Detections

PARTICIPANTS = 16
"""Most participants of one RSM (T/CSAE 53-2020, ParticipantList)."""

_TYPE_OF = {
    Kind.UNKNOWN: b"unknown",
    Kind.CYCLIST: b"non-motor",
    Kind.PEDESTRIAN: b"pedestrian",
}
_TYPES = [_TYPE_OF.get(kind, b"motor") for kind in Kind]
_CLASSES = [
    b',"vehicleClass":{"classification":%d}' % code if code else b"" for code in VEHICLE_CLASS[list(Kind)].tolist()
]
_PARTICIPANT = (
    b'{"ptcType":"%b","ptcId":%d,"source":"integrated","secMark":%d,'
    b'"pos":{"offsetLL":{"position-LatLon":{"lon":%d,"lat":%d}}},"posConfidence":{"pos":"%b"},'
    b'"speed":%d,"heading":%d,"size":{"width":%d,"length":%d,"height":%d}%b}'
)
_RSM = b'{"msgCnt":%d,"id":"%b","timestamp":%d,"refPos":{"lat":%d,"long":%d,"elevation":0},"participants":[%b]}'


class RsmWriter:
    """Formats the RSM of one unit."""

    def __init__(self, esn: str, lon: float, lat: float, first_count: int) -> None:
        self._esn = esn.encode()
        self._lon, self._lat = round(lon * 1e7), round(lat * 1e7)
        self._count = first_count % 128

    def move(self, lon: float, lat: float) -> None:
        """Take a new place (deg) for the messages to come: the unit stands on a vehicle."""
        self._lon, self._lat = round(lon * 1e7), round(lat * 1e7)

    def write(self, participants: list[bytes], published_ms: int) -> Iterator[bytes]:
        """Messages that carry all participants, at least one, at most 16 participants each."""
        for part in range(max(1, math.ceil(len(participants) / PARTICIPANTS))):
            chosen = participants[part * PARTICIPANTS : (part + 1) * PARTICIPANTS]
            yield _RSM % (self._count, self._esn, published_ms, self._lat, self._lon, b",".join(chosen))
            self._count = (self._count + 1) % 128


def participant_texts(found: Detections, marks: Ints, confidence: bytes) -> list[bytes]:
    """One JSON object a detection; `marks` is the DSecond at which the unit says it sampled, one a detection."""
    columns = (
        marks,
        found.kind,
        found.ptc_id,
        degrees_e7(found.lon),
        degrees_e7(found.lat),
        speed_raw(found.speed),
        heading_raw(found.heading),
        centimetres(found.width, 1023),
        centimetres(found.length, 4095),
        height_raw(found.height),
    )
    return [
        _PARTICIPANT
        % (_TYPES[kind], ptc, mark, lon, lat, confidence, speed, heading, width, length, height, _CLASSES[kind])
        for mark, kind, ptc, lon, lat, speed, heading, width, length, height in zip(
            *(np.asarray(column).tolist() for column in columns), strict=True
        )
    ]


def heartbeat(esn: str, sequence: int, published_ms: int) -> bytes:
    """HB in OpenV2X's shape."""
    return orjson.dumps({"rsuEsn": esn, "seqNum": str(sequence), "timestamp": published_ms})


def registration(
    esn: str,
    number: int,
    name: str,
    place: tuple[float, float],
    signal: tuple[int, int],
    *,
    reach: float,
    published_ms: int,
    takes_stages: bool = False,
) -> bytes:
    """INFO: who the unit is, where it stands (lon, lat in deg) and which signal (region, node id) it speaks for.

    `takes_stages`: its controller goes to the stages that the platform commands.
    """
    capability = {"signalControl": "stages"} if takes_stages else {}
    return orjson.dumps(
        {
            "rsuId": str(number),
            "rsuEsn": esn,
            "rsuName": name,
            "rsuStatus": True,
            "version": "v1",
            "location": {"lon": round(place[0], 7), "lat": round(place[1], 7)},
            "config": {},
            "region": signal[0],
            "nodeId": signal[1],
            "coverageRadius": reach,
            "timestamp": published_ms,
            **capability,
        }
    )


def running_info(esn: str, load: float, used: float) -> bytes:
    """RunningInfo: load of the processor (0..1) and memory in use (MB of 2048)."""
    return orjson.dumps(
        {
            "rsuEsn": esn,
            "runningInfo": {
                "cpu": {"load": round(load, 2), "uti": round(load * 100)},
                "mem": {"total": 2048, "used": round(used)},
            },
        }
    )
