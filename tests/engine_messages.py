"""Messages of a car and of a roadside unit in a tiny city, for tests of the engine."""

import json
from collections.abc import Mapping

from advice_city import build_network

from ingest.raw_message import RawMessage

PLACES = {"A": (0.0, 0.0), "B": (600.0, 0.0), "C": (1000.0, 0.0), "D": (600.0, 400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1)]
NETWORK = build_network(PLACES, ROADS, ["B"], car_parks=[("P1", "BC", 100)])


def raw(topic: str, message: Mapping[str, object], now: float) -> RawMessage:
    return RawMessage(topic, json.dumps(message).encode(), now)


def bsm(offset: float, now: float, vehicle: str = "CAR00001") -> dict[str, object]:
    """A car on the road from A to B, `offset` m behind A, at 12 m/s."""
    lon, lat = NETWORK.plane.inverse(offset, 0.0)
    return {
        "msgCnt": round(now * 10) % 128,
        "id": vehicle,
        "secMark": round(now * 1000) % 60_000,
        "timestamp": round(now * 1000),
        "pos": {"lat": round(float(lat) * 1e7), "long": round(float(lon) * 1e7), "elevation": 0},
        "posAccuracy": {"semiMajor": 10, "semiMinor": 10, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 600,
        "heading": 7200,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {},
        "size": {"width": 180, "length": 450, "height": 30},
        "vehicleClass": {"classification": 10},
    }


def spat(green_at: float, now: float) -> dict[str, object]:
    """The signal at B: both groups red until `green_at`, then green for 30 s."""
    left = round((green_at - now) * 10)
    red = {"light": "red", "timing": {"counting": {"startTime": 0, "likelyEndTime": left, "timeConfidence": 190}}}
    green = {"light": "protected-green", "timing": {"counting": {"startTime": left, "likelyEndTime": left + 300}}}
    return {
        "msgCnt": round(now * 10) % 128,
        "timeStamp": round(now * 1000) % 60_000,
        "timestamp": round(now * 1000),
        "intersections": [
            {
                "intersectionId": {"region": 1, "id": 100},
                "status": "0000010000000000",
                "timeStamp": round(now * 1000) % 60_000,
                "phases": [{"id": phase, "phaseStates": [red, green]} for phase in (1, 2)],
            }
        ],
    }
