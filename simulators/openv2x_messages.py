"""Messages of an OpenV2X roadside unit as JSON, as its interface writes them down: topics and shapes of open-v2x.

Positions are 1e-7 deg in RSM, RSI, VIR and MAP and deg in INFO; MAP writes all its numbers as text; RSM has no
msgCnt; SPAT says one colour a phase and the local second at which it ends.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Json = dict[str, Any]
CHINA = timezone(timedelta(hours=8))
_METRE_E7 = 89.83
"""1e-7 deg of latitude in a metre."""
_LIGHT_SECONDS = 20


@dataclass(frozen=True)
class Place:
    """Where the unit stands, deg."""

    lon: float
    lat: float

    def e7(self, east: float = 0.0, north: float = 0.0) -> tuple[int, int]:
        """Longitude and latitude, 1e-7 deg, of a point so many metres away."""
        wide = _METRE_E7 / math.cos(math.radians(self.lat))
        return round(self.lon * 1e7 + east * wide), round(self.lat * 1e7 + north * _METRE_E7)

    def position(self, east: float = 0.0, north: float = 0.0) -> Json:
        """The same as OpenV2X's object."""
        lon, lat = self.e7(east, north)
        return {"lat": lat, "lon": lon, "ele": 500}


def info(esn: str, place: Place) -> Json:
    """INFO: registration."""
    return {
        "rsuId": "1",
        "rsuEsn": esn,
        "rsuName": f"unit {esn}",
        "rsuStatus": True,
        "version": "v1",
        "location": {"lon": place.lon, "lat": place.lat},
        "config": {
            "mapConfig": {"mapSlice": "", "eTag": ""},
            "bsmConfig": {"sampleMode": "ByAll", "sampleRate": 0, "actualSampleRate": 0, "upLimit": 0},
            "rsiConfig": {"maxRsiNum": 1, "curRsiNum": 0, "downRsis": []},
            "spatConfig": {"upLimit": 0, "downLimit": 0},
            "rsmConfig": {"upLimit": 0, "downLimit": 0},
        },
    }


def base_info(esn: str) -> Json:
    """BaseINFO."""
    return {
        "rsuEsn": esn,
        "rsuId": "1",
        "protocolVersion": "v1",
        "imei": "",
        "iccid": "",
        "communicationType": "4G",
        "softwareVersion": "1.0",
        "hardwareVersion": "1.0",
        "depart": "road works",
    }


def running_info(esn: str) -> Json:
    """RunningInfo."""
    return {
        "rsuEsn": esn,
        "runningInfo": {
            "cpu": {"uti": 20, "load": 0.4},
            "mem": {"total": 2048, "used": 512},
            "disk": {"read": 10, "write": 10},
            "net": {"rxByte": 1000, "wxByte": 1000},
        },
    }


def heartbeat(esn: str, number: int, now: float) -> Json:
    """HB."""
    return {"rsuEsn": esn, "seqNum": str(number), "timestamp": round(now * 1000)}


def rsm(esn: str, place: Place, now: float, count: int = 4) -> Json:
    """RSM: motor vehicles that drive east past the unit at 8 m/s, 25 m apart."""
    mark = round(now * 1000) % 60_000
    seen = []
    for number in range(count):
        driven = (8.0 * now + 25.0 * number) % 100.0 - 50.0
        lap = int((8.0 * now + 25.0 * number) // 100.0)
        seen.append(
            {
                "ptcType": "motor",
                "ptcId": 1 + (lap * count + number) % 60_000,
                "global_track_id": f"t{lap}-{number}",
                "source": 3,
                "secMark": mark,
                "pos": place.position(driven),
                "speed": 400,
                "heading": 7200,
                "lane": 1,
                "size": {"width": 180, "length": 450, "height": 30},
            }
        )
    return {"name": esn, "id": esn[:8], "content": {"rsms": [{"refPos": place.position(), "participants": seen}]}}


def spat(node: int, now: float) -> Json:
    """SPAT: two phases that take turns."""
    turn, ends = divmod(now, _LIGHT_SECONDS)
    clock = datetime.fromtimestamp(now - ends + _LIGHT_SECONDS, CHINA).strftime("%Y-%m-%d %H:%M:%S")
    colours = ("green", "red") if int(turn) % 2 else ("red", "green")
    phases = [
        {"phaseId": str(phase), "phaseStates": {"light": colour, "timing": clock}}
        for phase, colour in enumerate(colours, start=1)
    ]
    return {"name": "spat", "intersections": [{"intersectionId": str(node), "status": True, "phases": phases}]}


def map_data(node: int, place: Place, count: int) -> Json:
    """MAP: one road from the west, all numbers as text."""

    def point(east: float) -> Json:
        lon, lat = place.e7(east)
        return {"posOffset": {"offsetLL": {"position-LatLon": {"lon": str(lon), "lat": str(lat)}}}}

    lon, lat = place.e7()
    lane = {
        "laneID": "1",
        "laneWidth": "350",
        "laneAttributes": {"shareWith": "0000000000", "laneType": {"vehicle": "00000000"}},
        "maneuvers": "100000000000",
        "points": {"RoadPoint": [point(-100.0), point(-5.0)]},
    }
    link = {
        "name": "west",
        "upstreamNodeId": {"region": "1", "id": str(node + 1)},
        "speedLimits": {"RegulatorySpeedLimit": [{"type": {"vehicleMaxSpeed": None}, "speed": "833"}]},
        "linkWidth": "350",
        "lanes": {"Lane": [lane]},
    }
    node_fields = {
        "name": str(node),
        "id": {"region": "1", "id": str(node)},
        "refPos": {"lat": str(lat), "long": str(lon), "elevation": "0"},
        "inLinks": {"Link": [link]},
    }
    return {"msgCnt": str(count % 128), "nodes": {"Node": [node_fields]}}


def rsi(place: Place, now: float) -> Json:
    """RSI: a traffic jam seen by a camera."""
    clock = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "alertID": "1",
        "duration": 0,
        "eventStatus": True,
        "timeStamp": clock,
        "eventClass": "AbnormalTraffic",
        "eventType": 707,
        "eventSource": "detection",
        "eventPosition": place.position(30.0),
    }
    return {"rsiSourceType": "integrated", "rsiSourceId": "c1", "rsiDatas": [event]}


def vir(esn: str, place: Place, count: int, now: float) -> Json:
    """VIR: a vehicle wants to change lanes."""
    return {
        "msgCnt": str(count % 128),
        "id": "39",
        "refPos": place.position(-20.0),
        "secMark": round(now * 1000) % 60_000,
        "timeStamp": round(now * 1000),
        "intAndReq": {
            "currentBehavior": 2,
            "reqs": {"reqID": 2, "status": 2, "targetRSU": esn, "info": {"laneChange": {}}, "lifeTime": 500},
        },
    }


def bsm(place: Place, count: int, now: float) -> Json:
    """BSM that the unit heard, in the standard's form: OpenV2X has none of its own."""
    lon, lat = place.e7(-30.0, 4.0)
    return {
        "msgCnt": count % 128,
        "id": "HEARD001",
        "secMark": round(now * 1000) % 60_000,
        "pos": {"lat": lat, "long": lon, "elevation": 500},
        "posAccuracy": {"semiMajor": 20, "semiMinor": 20, "orientation": 0},
        "transmission": "park",
        "speed": 0,
        "heading": 7200,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {},
        "size": {"width": 180, "length": 450},
        "vehicleClass": {"classification": 10},
    }


def answer(sequence: str | int, fault: str = "") -> Json:
    """Acknowledgement, or what was wrong with the message."""
    return (
        {"seqNum": sequence, "errorCode": 0} if not fault else {"seqNum": sequence, "errorCode": 1, "errorDesc": fault}
    )


def fault_of(name: str, body: Json) -> str:
    """Say what is not as OpenV2X writes a message down to a unit; empty where all is."""
    try:
        match name:
            case "RSI":
                _check_alerts(body["rsiDatas"])
            case "RSC":
                _check_coordination(body["coordinates"])
            case "MAP":
                _check_map(body)
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        return f"{name}: {type(fault).__name__}: {fault}"
    return ""


def _check_alerts(alerts: list[Json]) -> None:
    for alert in alerts:
        int(str(alert["alertID"]))
        int(alert["eventType"])
        _check_place(alert["eventPosition"])
        datetime.strptime(alert["timeStamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if alert["eventClass"] not in {"AdverseWeather", "AbnormalVehicle", "AbnormalTraffic"}:
            raise ValueError(alert["eventClass"])


def _check_coordination(coordination: Json) -> None:
    if not isinstance(coordination["vehId"], str):
        raise TypeError("vehId")


def _check_map(body: Json) -> None:
    """All numbers are text, and lists stand in objects with the name of their type."""
    if not isinstance(body["eTag"], str):
        raise TypeError("eTag")
    for node in body["map"]["nodes"]["Node"]:
        _check_text(node["id"]["id"])
        for link in node["inLinks"]["Link"]:
            for lane in link["lanes"]["Lane"]:
                _check_text(lane["laneID"])


def _check_text(value: Any) -> None:  # noqa: ANN401  # whatever came
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")


def _check_place(place: Json) -> None:
    for name, most in (("lat", 900_000_000), ("lon", 1_800_000_000)):
        if not isinstance(place[name], int) or abs(place[name]) > most:
            raise ValueError(f"{name} {place[name]!r}")
