"""Messages of a vehicle terminal as JSON bytes: BSM from a template, VIR and acknowledgements from structures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from simulators.fleet_motion import Values
from simulators.fleet_units import (
    VEHICLE_CLASS,
    Ints,
    centimetres,
    degrees_e7,
    heading_raw,
    height_raw,
    milliseconds,
    second_mark,
    speed_raw,
)

_BSM = (
    b'{"msgCnt":%d,"id":"%b","secMark":%d,"timestamp":%d,"pos":{"lat":%d,"long":%d,"elevation":0},'
    b'"posAccuracy":{"semiMajor":%d,"semiMinor":%d,"orientation":0},"transmission":"forwardGears","speed":%d,'
    b'"heading":%d,"accelSet":{"long":%d,"lat":0,"vert":0,"yaw":%d},"brakes":{},'
    b'"size":{"width":%d,"length":%d,"height":%d},"vehicleClass":{"classification":%d}}'
)


@dataclass(frozen=True)
class SelfReports:
    """What terminals say of their own vehicles at one moment; arrays of equal length."""

    count: Ints
    """msgCnt"""
    sampled: Values
    published: Values
    """UTC epoch by the terminal's own clock, s."""
    lon: Values
    lat: Values
    speed: Values
    heading: Values
    acceleration: Values
    yaw_rate: Values
    """rad/s, clockwise."""
    length: Values
    width: Values
    height: Values
    kind: NDArray[np.uint8]


def bsm_texts(vids: list[bytes], reports: SelfReports, accuracy: int) -> list[bytes]:
    """One BSM a terminal; `accuracy` is the stated standard deviation in 0.05 m."""
    columns = (
        reports.count,
        second_mark(reports.sampled),
        np.rint(reports.published * 1e3).astype(np.int64),
        degrees_e7(reports.lat),
        degrees_e7(reports.lon),
        speed_raw(reports.speed),
        heading_raw(reports.heading),
        np.clip(np.rint(reports.acceleration * 100.0), -2000, 2000).astype(np.int64),
        np.clip(np.rint(np.degrees(reports.yaw_rate) * 100.0), -32_767, 32_767).astype(np.int64),
        centimetres(reports.width, 1023),
        centimetres(reports.length, 4095),
        height_raw(reports.height),
        VEHICLE_CLASS[reports.kind],
    )
    return [
        _BSM % (count, vid, mark, sent, lat, lon, accuracy, accuracy, *rest)
        for vid, count, mark, sent, lat, lon, *rest in zip(vids, *(column.tolist() for column in columns), strict=True)
    ]


@dataclass(frozen=True)
class Request:
    """Frame of a VIR: who asks, where and when."""

    vid: str
    number: int
    """reqID, 0..255, also used as msgCnt."""
    lon: float
    lat: float
    time: float
    """UTC epoch by the terminal's clock, s."""
    target: str = ""
    """esn of the roadside unit asked, if any."""
    life_time: float = 10.0
    """s"""


def vir_text(request: Request, info: dict[str, object]) -> bytes:
    """VIR with one request (T/CSAE 157-2020, MSG_VIR)."""
    stamp = milliseconds(request.time)
    asked: dict[str, object] = {
        "reqID": request.number % 256,
        "status": "request",
        "info": info,
        "lifeTime": round(request.life_time * 100.0),
    }
    if request.target:
        asked["targetRSU"] = request.target
    return orjson.dumps(
        {
            "msgCnt": request.number % 128,
            "id": request.vid,
            "secMark": stamp % 60_000,
            "timestamp": stamp,
            "refPos": {"lat": round(request.lat * 1e7), "long": round(request.lon * 1e7), "elevation": 0},
            "intAndReq": {"reqs": [asked]},
        }
    )


def signal_priority(
    intersection: tuple[int, int], onward: Mapping[str, object], phase: int, seconds: float, metres: float
) -> dict[str, object]:
    """Body of a request for signal priority at (region, node id), onward to {region, id}; arrival s, distance m."""
    return {
        "signalPriority": {
            "intersectionId": {"region": intersection[0], "id": intersection[1]},
            "requiredMov": {"remoteIntersection": onward, "phaseId": phase},
            "estimatedArrivalTime": min(max(round(seconds * 100.0), 1), 65_535),
            "distance2Intersection": min(round(metres * 10.0), 10_000),
        }
    }


def parking_request(lon: float, lat: float, vehicle_class: int) -> dict[str, object]:
    """Body of a request for parking guidance near a destination (deg)."""
    return {
        "parking": {
            "vehicleClass": {"classification": vehicle_class},
            "req": "100000000000",
            "destination": {"lon": round(lon, 7), "lat": round(lat, 7)},
        }
    }


def advice_answer(advisory: str, accepted: bool) -> bytes:
    """Acknowledgement of an advisory."""
    return orjson.dumps({"id": advisory, "status": "accepted" if accepted else "rejected"})
