"""A stored quarter of an hour in the sample city: cars over an intersection, its lights, incidents, advisories."""

import json
from dataclasses import dataclass
from pathlib import Path

import gateway_samples as sample
import numpy as np
from store_frames import LINKS, NOON, SIGNALS, TRAJECTORY, spool_event

from cloudctl.publish.frames import Column, FrameKind, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.track_places import lane_links_of
from cloudctl.store.writer import Writer
from maps.network import RoadNetwork, Turn

SESSION = 11
DEVICE = "RSU00001"
RED, GREEN = 3, 6
CROSSING = NOON + 12.0
"""When the cars leave the approach."""


@dataclass(frozen=True)
class Way:
    """A way over a signalised intersection, by rows."""

    signal: int
    group: int
    from_lane: int
    to_lane: int


def straight_way(network: RoadNetwork) -> Way:
    """The first way straight on over an intersection with lights."""
    ways = network.connections
    row = int(np.flatnonzero((ways.signal >= 0) & (ways.group >= 0) & (ways.turn == Turn.STRAIGHT))[0])
    return Way(int(ways.signal[row]), int(ways.group[row]), int(ways.from_lane[row]), int(ways.to_lane[row]))


def car_frames(network: RoadNetwork, way: Way, *, seconds: float = 24.0, cars: int = 3) -> list[bytes]:
    """Frames at 5 Hz: cars at 10 m/s, on the approach until CROSSING, behind it from there on."""
    frames = []
    lon, lat = sample_place(network, way)
    for index in range(int(seconds * 5)):
        time = NOON + index * 0.2
        behind = time >= CROSSING
        columns = {
            "id": np.arange(1, cars + 1, dtype=np.uint32),
            "time": np.full(cars, time),
            "lon": (lon + np.arange(cars) * 100 + index * 200).astype(np.int32),
            "lat": np.full(cars, lat, np.int32),
            "speed": np.full(cars, 1000, np.uint16),
            "heading": np.full(cars, 9000, np.uint16),
            "class": np.full(cars, sample.CAR, np.uint8),
            "sigma": np.full(cars, 40, np.uint16),
            "lane": np.full(cars, way.to_lane if behind else way.from_lane, np.int32),
            "dev": np.zeros(cars, np.int32),
        }
        frames.append(encode_frame(FrameKind.TRAJECTORY, index * 2, time, columns, epoch=SESSION))
    return frames


def sample_place(network: RoadNetwork, way: Way) -> tuple[int, int]:
    """Where the approach begins, 1e-7 deg."""
    point = network.points[int(network.lanes.shape_start[way.from_lane])]
    lon, lat = network.plane.inverse(point[0], point[1])
    return round(float(lon) * 1e7), round(float(lat) * 1e7)


def light_frame(tick: int, time: float, group: int, state: int) -> bytes:
    """State of one signal group."""
    columns: dict[str, Column] = {
        "group": np.array([group], np.uint32),
        "state": np.array([state], np.uint8),
        "conf": np.array([90], np.uint8),
    }
    return encode_frame(FrameKind.SIGNALS, tick, time, columns, epoch=SESSION)


def state_frame(tick: int, time: float, link: int) -> bytes:
    """State of one link."""
    columns: dict[str, Column] = {
        "link": np.array([link], np.uint32),
        "level": np.array([2], np.uint8),
        "conf": np.array([80], np.uint8),
        "speed": np.array([1000], np.uint16),
        "queue": np.array([15], np.uint16),
        "flow": np.array([720], np.uint16),
    }
    return encode_frame(FrameKind.LINK_ARCHIVE, tick, time, columns, epoch=SESSION)


def devices_message(time: float) -> bytes:
    """One roadside unit as the engine lists it."""
    device = {"id": DEVICE, "kind": "rsu", "row": 0, "online": True, "lon": 112.934, "lat": 28.204, "last_seen": time}
    device |= {"rates": {"RSM": 10.0}, "refused": {"schema": 2}, "missing": 3, "shed": 0}
    return json.dumps(
        {"epoch": SESSION, "devices": [device | {"clock_offset_ms": 20.0, "latency_ms_p50": 55.0}]}
    ).encode()


def event_messages() -> list[tuple[float, str, bytes]]:
    """Incidents and an advisory: s after NOON, topic, payload."""
    found = []
    for name, started, ended in (("i1", 0, 10), ("i2", 5, None)):
        incident = {"incident_id": name, "kind": "blocked_lane", "started": NOON + started, "updated": NOON + started}
        place = {"ended": None if ended is None else NOON + ended, "lon": 112.934, "lat": 28.204}
        payload = json.dumps(incident | place | {"event": "open"}).encode()
        found.append((float(started), "V2X/CLOUD/INCIDENT", payload))
    advisory = {"id": "a1", "kind": "glosa", "target": f"obu:{DEVICE}", "created": NOON + 6, "valid_until": NOON + 16}
    advisory |= {"reason": "r", "reason_code": "c", "lon": 112.9, "lat": 28.2}
    advisory["content"] = {"speed_min_mps": 9.0, "speed_max_mps": 12.0}
    return [*found, (6.0, "V2X/CLOUD/ADVISORY", json.dumps(advisory).encode())]


def fill(url: str, folder: Path, *, red: bool = True, observations: int = 0, cars: int = 3) -> Way:
    """Store it all; with `red` the light is red when the cars leave the approach."""
    network = sample.network()
    way = straight_way(network)
    spool = Spool(folder / "spool", 1 << 28, min_free_bytes=0)
    for frame in car_frames(network, way, cars=cars):
        spool.append(SpoolClass.TELEMETRY, NOON, TRAJECTORY, frame)
    for tick, (at, state) in enumerate([(0, GREEN), (8, RED if red else GREEN), (20, GREEN)]):
        spool.append(SpoolClass.TELEMETRY, NOON, SIGNALS, light_frame(tick, NOON + at, way.group, state))
    link = int(network.lanes.link[way.from_lane])
    for tick in range(3):
        spool.append(SpoolClass.TELEMETRY, NOON, LINKS, state_frame(tick, NOON + tick * 10, link))
    spool.append(SpoolClass.TELEMETRY, NOON, "V2X/CLOUD/STATE/DEVICES", devices_message(NOON))
    for number in range(observations):
        payload = json.dumps({"timestamp": round((NOON + number) * 1e3), "number": number}).encode()
        spool.append(SpoolClass.TELEMETRY, NOON + number, f"V2X/RSU/{DEVICE}/RSM/UP", payload)
    for _, topic, payload in event_messages():
        spool_event(spool, topic, payload)
    spool_event(spool, f"V2X/OBU/{DEVICE}/ADVICE/DOWN/ACK", b'{"id": "a1", "status": "accepted"}', NOON + 7)
    writer = Writer(url, spool, "map", lane_links=lane_links_of(network))
    writer.drain()
    spool.close()
    return way
