"""What a small city looks like on the wire, for tests of gateway and live map."""

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from maps_city import imported

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.api.live_state import LiveState
from cloudctl.api.state_messages import DevicesState, DeviceState, Health, IncidentState, LotState, ParkingState
from cloudctl.publish.frames import Column, FrameKind, encode_frame
from cloudctl.transit.state import BusState, TransitState
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

MOVERS = "V2X/CLOUD/LIVE/MOVERS"
LINKS = "V2X/CLOUD/LIVE/LINKS"
SIGNALS = "V2X/CLOUD/LIVE/SIGNALS"
TRAJECTORY = "V2X/CLOUD/TRAJECTORY"
INCIDENT = "V2X/CLOUD/INCIDENT"
INCIDENTS = "V2X/CLOUD/STATE/INCIDENTS"
PARKING = "V2X/CLOUD/STATE/PARKING"
DEVICES = "V2X/CLOUD/STATE/DEVICES"
ADVISORY = "V2X/CLOUD/ADVISORY"
TRANSIT = "V2X/CLOUD/STATE/TRANSIT"
HEALTH = "V2X/CLOUD/HEALTH/engine"
CAR, BUS = ParticipantKind.CAR, ParticipantKind.BUS
GREEN, RED = 6, 3
UNKNOWN = 65535


def network() -> RoadNetwork:
    """Nine junctions, three of them with lights."""
    return imported().network


@dataclass(frozen=True)
class Mover:
    """One road user of a sample; degrees and SI."""

    id: int
    lon: float
    lat: float
    kind: int = CAR
    speed: float = 10.0
    heading: float = 90.0
    flags: int = 0


def movers_frame(time: float, movers: list[Mover], tick: int = 1) -> bytes:
    """Encode movers as the engine does."""
    columns: dict[str, Column] = {
        "id": np.array([mover.id for mover in movers], np.uint32),
        "lon": np.array([round(mover.lon * 1e7) for mover in movers], np.int32),
        "lat": np.array([round(mover.lat * 1e7) for mover in movers], np.int32),
        "speed": np.array([round(mover.speed * 100) for mover in movers], np.uint16),
        "heading": np.array([round(mover.heading * 100) for mover in movers], np.uint16),
        "age": np.full(len(movers), 80, np.uint16),
        "class": np.array([mover.kind for mover in movers], np.uint8),
        "flags": np.array([mover.flags for mover in movers], np.uint8),
        "length": np.full(len(movers), 46, np.uint8),
        "width": np.full(len(movers), 18, np.uint8),
    }
    return encode_frame(FrameKind.MOVERS, tick, time, columns)


def trajectory_frame(time: float, ids: list[int], lane: int = 2, device: int = 0) -> bytes:
    """Encode what the details of a track are read from."""
    count = len(ids)
    columns: dict[str, Column] = {
        "id": np.array(ids, np.uint32),
        "sigma": np.full(count, 42, np.uint16),
        "lane": np.full(count, lane, np.int32),
        "dev": np.full(count, device, np.int32),
    }
    return encode_frame(FrameKind.TRAJECTORY, 1, time, columns)


def signals_frame(time: float, groups: int, state: int = GREEN, seconds: float = 12.0) -> bytes:
    """Encode all groups with the same light."""
    tenths = round(seconds * 10)
    columns: dict[str, Column] = {
        "group": np.arange(groups, dtype=np.uint32),
        "state": np.full(groups, state, np.uint8),
        "conf": np.full(groups, 90, np.uint8),
        "likely": np.full(groups, tenths, np.uint16),
        "min": np.full(groups, max(0, tenths - 20), np.uint16),
        "max": np.full(groups, tenths + 30, np.uint16),
        "nextgrn": np.full(groups, UNKNOWN, np.uint16),
        "age": np.full(groups, 100, np.uint16),
    }
    return encode_frame(FrameKind.SIGNALS, 1, time, columns)


def links_frame(time: float, levels: dict[int, int]) -> bytes:
    """Encode links by row and level of service; speed is known, flow is not."""
    count = len(levels)
    columns: dict[str, Column] = {
        "link": np.array(list(levels), np.uint32),
        "level": np.array(list(levels.values()), np.uint8),
        "conf": np.full(count, 80, np.uint8),
        "speed": np.full(count, 525, np.uint16),
        "queue": np.full(count, 30, np.uint16),
        "flow": np.full(count, UNKNOWN, np.uint16),
    }
    return encode_frame(FrameKind.LINKS, 1, time, columns)


def incident(name: str, time: float, event: str = "open", lon: float = 112.934, lat: float = 28.204) -> IncidentState:
    """Give one incident in the middle of the city."""
    return IncidentState(
        incident_id=name,
        kind="blocked_lane",
        started=time - 60,
        updated=time,
        ended=time if event == "close" else None,
        lon=lon,
        lat=lat,
        link=0,
        link_id="e",
        confidence=0.9,
        evidence="vehicle 7 has stood at the kerb of lane e_0 for 40 s",
        event=event,
    )


def advisory(name: str, time: float) -> Advisory:
    """Give one green-wave advisory."""
    return Advisory(
        id=name,
        kind=AdvisoryKind.GLOSA,
        target="obu:CAR00001",
        created=time,
        valid_until=time + 20,
        reason="Signal n1_1 turns green in 8 s and stays so until 30 s from now; 43 km/h over 210 m arrives in green.",
        reason_code="glosa.green_ahead",
        lon=112.934,
        lat=28.204,
        content={"speed_min_mps": 9.0, "speed_max_mps": 12.0},
    )


def transit(time: float, place: tuple[float, float]) -> bytes:
    """Encode one bus of line 202 at a place (lon, lat; deg), 200 s behind its timetable."""
    bus = BusState(
        vehicle="BUS00001", line="202", direction=0, pattern="202/0", trip=None, trip_id=None, service_day=None,
        start_time=None, lon=place[0], lat=place[1], bearing=90.0, speed=0.0, updated=time, along=10.0, next_stop=1,
        at_stop=False, lateness=200.0, headway_ahead=310.0, headway_behind=290.0, headway_planned=300.0,
        vehicle_ahead=None, vehicle_behind=None,
    )  # fmt: skip
    return msgspec.json.encode(msgspec.structs.replace(TransitState.empty(time), buses=(bus,)))


def small_state(time: float) -> dict[str, bytes]:
    """One message on every topic that the gateway reads."""
    city = network()
    cars = [Mover(1, 112.934, 28.204, CAR), Mover(2, 112.9345, 28.2041, BUS, flags=1), Mover(7, 112.95, 28.22)]
    device = DeviceState(id="RSU00001", kind="rsu", lon=112.934, lat=28.204, online=True, last_seen=time, row=0)
    lot = LotState(id="P1", name_zh="东", name_en="East", lon=112.931, lat=28.2, capacity=20, occupied=5, updated=time)
    health = Health(process="engine", time=time, ready=True, metrics="# TYPE v2x_cycles counter\nv2x_cycles_total 5\n")
    return {
        MOVERS: movers_frame(time, cars),
        TRAJECTORY: trajectory_frame(time, [1, 2, 7]),
        SIGNALS: signals_frame(time, len(city.groups.signal)),
        LINKS: links_frame(time, {0: 1, 3: 5}),
        INCIDENTS: msgspec.json.encode([incident("i1", time)]),
        PARKING: msgspec.json.encode(ParkingState((lot,))),
        DEVICES: msgspec.json.encode(DevicesState((device,))),
        ADVISORY: msgspec.json.encode(advisory("a1", time)),
        HEALTH: msgspec.json.encode(health),
    }


def filled_state(time: float) -> LiveState:
    """Give a live state that has received `small_state`."""
    state = LiveState(connected=True)
    for topic, payload in small_state(time).items():
        state.accept(topic, payload, time)
    return state


def circling(time: float, centre: tuple[float, float], count: int) -> list[Mover]:
    """Road users on circles about a place; the first one stands still in the middle."""
    movers = [Mover(1, centre[0], centre[1], BUS, 0.0, flags=1)]
    for number in range(1, count):
        angle = time * 0.6 + number * 2.4
        radius = 0.0002 + 0.00002 * number
        lon = centre[0] + radius * math.sin(angle)
        lat = centre[1] + radius * math.cos(angle) * 0.88
        heading = (math.degrees(angle) + 90) % 360
        movers.append(Mover(number + 1, lon, lat, 1 + number % 8, 12.0, heading))
    return movers
