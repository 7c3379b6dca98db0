"""Messages of the usual size, for benchmarks: a BSM with ten path points, an RSM of 16, a SPAT of 8 phases."""

from typing import Any

LON, LAT = 1_129_385_943, 282_281_611
_HERE = {"lat": LAT, "long": LON, "elevation": 520}
_POINT = {"offsetLL": {"position-LatLon": {"lon": LON, "lat": LAT}}}

_OPTIONAL = {
    "transmission": "forwardGears",
    "angle": 0,
    "motionCfd": {"speedCfd": "prec1ms", "headingCfd": "prec01deg"},
    "accelSet": {"long": 35, "lat": 0, "vert": 0, "yaw": 0},
}

Message = dict[str, Any]


def bsm(time: float, number: int = 0, *, path_points: int = 10) -> Message:
    """BSM of vehicle `number` at UTC epoch s."""
    crumbs = [
        {
            "llvOffset": {
                "offsetLL": {"position-LL3": {"lon": 900 * step, "lat": -100 * step}},
                "offsetV": {"offset1": 0},
            },
            "timeOffset": 10 * step,
            "speed": 694,
            "posAccuracy": {"pos": "a1m", "elevation": "elev-005-00"},
            "heading": 60,
        }
        for step in range(1, path_points + 1)
    ]
    message = {
        "msgCnt": round(time * 10) % 128,
        "id": f"C{number:07d}",
        "secMark": mark(time),
        "pos": _HERE,
        "posAccuracy": {"semiMajor": 30, "semiMinor": 20, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7200,
        "angle": 0,
        "accelSet": {"long": 35, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {"brakePadel": "off", "wheelBrakes": "00000", "abs": "off"},
        "size": {"width": 250, "length": 1200, "height": 60},
        "vehicleClass": {"classification": 54, "fuelType": 4},
    }
    return message | ({"safetyExt": {"pathHistory": {"crumbData": crumbs}}} if crumbs else {})


def rsm(time: float, participants: int = 16, first: int = 1, *, full: bool = False) -> Message:
    """RSM of a unit that sees so many road users; `full` with what is optional about them."""
    more = _OPTIONAL if full else {}
    return {
        "msgCnt": round(time * 10) % 128,
        "id": "RSU00007",
        "refPos": _HERE,
        "participants": [_participant(time, number) | more for number in range(first, first + participants)],
    }


def spat(time: float, phases: int = 8, states: int = 3) -> Message:
    """SPAT of one intersection."""
    lights = ("red", "protected-green", "yellow")
    shown = [
        {
            "light": lights[state % 3],
            "timing": {
                "counting": {
                    "startTime": 100 * state,
                    "minEndTime": 100 * state + 50,
                    "maxEndTime": 100 * state + 150,
                    "likelyEndTime": 100 * state + 100,
                    "timeConfidence": 180,
                    "nextStartTime": 100 * state + 600,
                    "nextDuration": 300,
                }
            },
        }
        for state in range(states)
    ]
    intersection = {
        "intersectionId": {"region": 4301, "id": 264},
        "status": "0000010000000000",
        "moy": 468_720,
        "timeStamp": mark(time),
        "phases": [{"id": number, "phaseStates": shown} for number in range(1, phases + 1)],
    }
    return {"msgCnt": round(time * 10) % 128, "timeStamp": mark(time), "intersections": [intersection]}


def mark(time: float) -> int:
    """DE_DSecond of a UTC epoch time (s)."""
    return round(time * 1000.0) % 60_000


def _participant(time: float, number: int) -> Message:
    return {
        "ptcType": "motor",
        "ptcId": number,
        "source": "integrated",
        "secMark": mark(time),
        "pos": _POINT,
        "posConfidence": {"pos": "a50cm"},
        "speed": 500,
        "heading": 7200,
        "size": {"width": 180, "length": 480, "height": 30},
        "vehicleClass": {"classification": 10},
    }
