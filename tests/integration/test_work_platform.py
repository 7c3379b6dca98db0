"""Operators' work with real broker, engine, gateway and database: it reaches devices, and outlives an engine."""

from pathlib import Path

from conftest import MosquittoBroker
from device_world import Answer, Platform, Unit
from engine_messages import NETWORK

UNIT = "RSU00001"
SIGNAL = str(NETWORK.signals.id[0])
LON, LAT = (float(each) for each in NETWORK.plane.inverse(600.0, 0.0))
PLACE = {"location": {"lon": LON, "lat": LAT}, "region": 1, "nodeId": 100}
EVENT = {"event_type": 401, "lon": LON, "lat": LAT, "radius_m": 300, "text": "抛洒物，请减速", "minutes": 30}


def shown(platform: Platform, path: str) -> Answer:
    """The newest work of a kind."""
    found: Answer = platform.get(path)["items"][0]
    return found


def told(unit: Unit, event_type: int = 401) -> list[Answer]:
    """RSI of the event that the unit got, the first first."""
    rsi = [order for topic, order in unit.orders if topic.endswith("/RSI/DOWN")]
    return [order for order in rsi if order["rtes"][0]["eventType"] == event_type]


def test_operators_work_reaches_devices_and_outlives_the_engine(
    tmp_path: Path, mosquitto_broker: MosquittoBroker, plain_database: str
) -> None:
    with (
        Platform(tmp_path, mosquitto_broker, plain_database, admission="automatic") as platform,
        Unit(mosquitto_broker.port, UNIT, PLACE) as unit,
    ):
        platform.wait(lambda: [item["id"] for item in platform.get("/devices")["items"]] == [UNIT])
        platform.wait(lambda: platform.get("/tracks")["items"])
        event = _publish(platform, unit)
        hold = _hold(platform)
        corridor = _open(platform)
        _kill_the_engine(platform, unit, event)
        _close(platform, hold, corridor)
        _end(platform, unit, event)


def _publish(platform: Platform, unit: Unit) -> str:
    event: str = platform.post("/operator-events", EVENT, 201)["id"]
    platform.wait(lambda: shown(platform, "/operator-events")["result"].get("units") == {UNIT: "accepted"})
    (rsi,) = told(unit)
    (rte,) = rsi["rtes"]
    assert rte["description"] == {"textString": "抛洒物，请减速"}
    assert rte["eventSource"] == "police"
    return event


def _hold(platform: Platform) -> str:
    wanted = {"signal": SIGNAL, "minutes": 10, "reason": "officer at the junction"}
    hold: str = platform.post("/signal-holds", wanted, 201)["hold"]["id"]
    assert platform.get("/signal-holds")["items"] == []
    assert platform.post(f"/signal-holds/{hold}/confirm")["status"] == "active"
    return hold


def _open(platform: Platform) -> str:
    lon, lat = NETWORK.plane.inverse([100.0, 900.0], [0.0, 0.0])
    ends = [{"lon": float(east), "lat": float(north)} for east, north in zip(lon, lat, strict=True)]
    wanted = {"origin": ends[0], "destination": ends[1], "reason": "ambulance", "minutes": 30}
    opened = platform.post("/corridors", wanted, 201)
    assert [stop["signal"] for stop in opened["stops"]] == [SIGNAL]
    platform.wait(lambda: [stop["status"] for stop in _stops(platform)] == ["held"])
    name: str = opened["work"]["id"]
    return name


def _stops(platform: Platform) -> list[Answer]:
    found: list[Answer] = shown(platform, "/corridors")["result"].get("stops", [])
    return found


def _kill_the_engine(platform: Platform, unit: Unit, event: str) -> None:
    platform.stop_engine()
    unit.orders.clear()
    platform.start_engine()
    platform.wait(lambda: told(unit))
    platform.wait(lambda: shown(platform, "/operator-events")["result"].get("units") == {UNIT: "accepted"})
    assert shown(platform, "/operator-events")["id"] == event


def _close(platform: Platform, hold: str, corridor: str) -> None:
    assert platform.http.delete(f"/api/v1/signal-holds/{hold}").json()["status"] == "ended"
    answer = platform.http.delete(f"/api/v1/corridors/{corridor}").json()
    assert answer["status"] == "ended"


def _end(platform: Platform, unit: Unit, event: str) -> None:
    before = len(told(unit))
    answer = platform.http.delete(f"/api/v1/operator-events/{event}")
    assert answer.json()["status"] == "ended"
    platform.wait(lambda: len(told(unit)) > before)
    first, last = (order["rtes"][0]["timeDetails"]["endTime"] for order in (told(unit)[0], told(unit)[-1]))
    assert last < first
