"""A bus that stands at a stop and says so over MQTT, and the timetable of its line, for tests of a whole platform."""

import datetime as dt
import json
import threading
import time
import zipfile
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from engine_messages import NETWORK, bsm
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

STOPS = {"S0": 200.0, "S1": 500.0, "S2": 900.0}
"""Where the stops lie on the road from A over B to C, m."""
CITY_BUS = 54
"""VehicleClass of a city bus (YD/T 3709)."""
ZONE = ZoneInfo("Asia/Shanghai")


def write_timetable(path: Path, now: float) -> None:
    """Line 1, a trip each ten minutes since an hour ago, today and tomorrow."""
    start = dt.datetime.fromtimestamp(now - 3600.0, ZONE)
    midnight = dt.datetime.combine(start.date(), dt.time(), ZONE)
    first = int((start - midnight).total_seconds())
    trips = {f"t{number}": first + 600 * number for number in range(12)}
    lon, lat = NETWORK.plane.inverse(list(STOPS.values()), [0.0] * len(STOPS))
    rows = {
        "agency": ["agency_id,agency_name,agency_url,agency_timezone", "a,Bus,http://x/,Asia/Shanghai"],
        "stops": [
            "stop_id,stop_name,stop_lat,stop_lon",
            *(f"{n},{n},{y:.7f},{x:.7f}" for n, x, y in zip(STOPS, lon, lat, strict=True)),
        ],
        "routes": ["route_id,route_short_name,route_type", "1,1路,3"],
        "calendar_dates": ["service_id,date,exception_type", f"d,{start:%Y%m%d},1"],
        "trips": ["route_id,service_id,trip_id,direction_id", *(f"1,d,{trip},0" for trip in trips)],
        "stop_times": [
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
            *(
                f"{trip},{_clock(begin + 60 * place)},{_clock(begin + 60 * place)},{stop},{place}"
                for trip, begin in trips.items()
                for place, stop in enumerate(STOPS)
            ),
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in rows.items():
            archive.writestr(f"{name}.txt", "\n".join(lines) + "\n")


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class StandingBus:
    """A bus of line 1 that rolls up to its first stop and stands there until `go` is set; then it drives on."""

    def __init__(self, port: int, vehicle: str = "BUS00001") -> None:
        self.vehicle, self.go = vehicle, threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"bus-{vehicle}")
        self._client.connect("127.0.0.1", port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=vehicle)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        x, count = 100.0, 0
        while not self._ended.is_set():
            now = time.time()
            speed = 8.0 if x < STOPS["S0"] or (self.go.is_set() and x < STOPS["S2"]) else 0.0
            x += speed * 0.1
            place = {**bsm(x, now, self.vehicle), "speed": round(speed / 0.02)}
            place["size"] = {"width": 250, "length": 1200, "height": 60}
            place["vehicleClass"] = {"classification": CITY_BUS}
            self._say("BSM", place, 0)
            if count % 20 == 0:
                duty = {"timestamp": round(now * 1000), "seq": count, "line": "1路", "direction": 0, "passengers": 12}
                self._say("BUS", {**duty, "capacity": 80}, 1)
            count += 1
            self._ended.wait(0.1)

    def _say(self, kind: str, message: dict[str, object], qos: int) -> None:
        self._client.publish(f"V2X/OBU/{self.vehicle}/{kind}/UP", json.dumps(message), qos)
