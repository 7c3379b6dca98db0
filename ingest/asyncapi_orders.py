"""One example of every order and warning to roadside units."""

from collections.abc import Mapping
from typing import Any

from ingest.asyncapi_examples import LAT, LON

_RSU = "RSU00007"
_PLACE = {"lat": LAT, "lon": LON, "ele": 520}
_BODY = {
    "egoId": "BUS00012",
    "egoPos": _PLACE,
    "heading": 7200,
    "size": {"length": 1200, "width": 250},
    "kinematicsInfo": {"speed": 500},
}
_DRIVING: dict[str, Any] = {
    "targetRSU": _RSU,
    "sensorPos": _PLACE,
    "content": [
        {"secMark": 0, "egoInfo": {"egoId": "BUS00012", "egoPos": _PLACE, "speed": 500, "heading": 7200, "width": 250}}
    ],
}
ORDER_EXAMPLES: Mapping[str, dict[str, Any]] = {
    "config": {
        "bsmConfig": {"sampleMode": "ByAll", "sampleRate": 10000, "upLimit": 10},
        "rsmConfig": {"upLimit": 10},
        "rsiConfig": {"upFilters": [{"eventType": "707"}]},
    },
    "mng": {"heartbeatRate": 5, "runningInfoRate": 60, "logLevel": "INFO", "reboot": "not_reboot"},
    "cwm": {
        "targetRSU": _RSU,
        "sensorPos": _PLACE,
        "content": [{"eventType": 0, "collisionType": 0, "secMark": 0, "egoInfo": _BODY, "otherInfo": _BODY}],
    },
    "cgw": {
        "targetRSU": _RSU,
        "sensorPos": _PLACE,
        "content": [
            {
                "secMark": 0,
                "congestionLanesInfo": {
                    "laneId": 1,
                    "level": 2,
                    "avgSpeed": 12.5,
                    "startPoint": _PLACE,
                    "endPoint": _PLACE,
                },
            }
        ],
    },
    "rdw": _DRIVING,
    "osw": _DRIVING,
    "ssw": _DRIVING,
}
"""By name of the order or warning."""
