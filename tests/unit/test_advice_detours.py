"""Detours of the live advice: planned by the guidance that the trial measures, on all that the picture knows."""

import dataclasses
import json
from collections import Counter

import msgspec
import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, free_links, scene_of
from privacy_register import BUS, register_message

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.detours import Concern, Detours
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.engine.core import EngineCore
from cloudctl.routing.capacity import link_begins, link_capacities
from cloudctl.routing.guidance import Guidance, Traveller
from cloudctl.routing.outlook import free_usual, make_outlook
from cloudctl.routing.ways import WayFinder
from cloudctl.settings import EngineSettings
from fusion.movements import Movements
from fusion.picture import MovementStates
from ingest.raw_message import RawMessage

PLACES = {
    "A": (0.0, 0.0),
    "B": (600.0, 0.0),
    "C": (1000.0, 0.0),
    "D": (1400.0, 0.0),
    "N": (600.0, 300.0),
    "O": (1000.0, 300.0),
    "S": (600.0, -303.0),
    "T": (1000.0, -303.0),
}
ROADS = [
    *[("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CD", "C", "D", 1)],
    *[("BN", "B", "N", 1), ("NO", "N", "O", 1), ("OC", "O", "C", 1)],
    *[("BS", "B", "S", 1), ("ST", "S", "T", 1), ("TC", "T", "C", 1)],
]
NETWORK = build_network(PLACES, ROADS)
ROW = NETWORK.link_rows
AB, BC, CD = ROW["AB"], ROW["BC"], ROW["CD"]
NORTH, SOUTH = ("AB", "BN", "NO", "OC", "CD"), ("AB", "BS", "ST", "TC", "CD")
CLOSED = {BC: 900.0}


def cars(count: int, offset: float = 40.0) -> list[Vehicle]:
    return [Vehicle("AB", offset, device=device) for device in range(count)]


def concerns(count: int) -> list[Concern]:
    return [Concern(f"CAR{device:05d}", device, BC, CD) for device in range(count)]


def rows(*names: str) -> tuple[int, ...]:
    return tuple(ROW[name] for name in names)


def names(links: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(NETWORK.links.id[list(links)].tolist())


def test_the_live_advice_gives_the_ways_that_the_measured_guidance_plans() -> None:
    scene = scene_of(NETWORK, cars(60))
    live = Detours(LiveRoutes(NETWORK)).plan(scene, concerns(60), {}, CLOSED)
    ways = WayFinder(NETWORK)
    outlook = make_outlook(ways.free, np.zeros(len(ways.graph.heads)), free_usual(ways.free), closed=CLOSED)
    travellers = [Traveller(one.vehicle, np.array([AB, BC, CD], np.int32)) for one in concerns(60)]
    guidance = Guidance(ways.graph, link_capacities(NETWORK), link_begins(NETWORK), ways.free)
    measured = guidance.plan(NOW, travellers, outlook, np.zeros(len(ways.free)))
    assert len(measured) == 60
    assert {name: one.links for name, one in live.items()} == {one.name: tuple(one.route.tolist()) for one in measured}
    split = Counter(names(one.links) for one in live.values())
    assert set(split) == {NORTH, SOUTH}
    assert min(split.values()) >= 15


@pytest.mark.parametrize(("known", "end"), [(("AB", "BC"), "BC"), (("AB", "BC", "CD"), "CD"), (None, "CD")])
def test_a_known_route_is_led_to_its_own_end_not_to_the_likely_one(known: tuple[str, ...] | None, end: str) -> None:
    network = build_network(PLACES, [*ROADS, ("NC", "N", "C", 1), ("CB", "C", "B", 1)])
    routes = {} if known is None else {0: tuple(network.link_rows[name] for name in known)}
    scene = scene_of(network, cars(1), routes=routes)
    asked = [Concern("CAR00000", 0, network.link_rows["BC"], network.link_rows["CD"])]
    found = Detours(LiveRoutes(network)).plan(scene, asked, {network.link_rows["BC"]: 700.0}, {})
    ends = {str(network.links.id[one.links[-1]]) for one in found.values()}
    assert ends == ({end} if end != "BC" else set())


def load(scene: Scene, followed: float) -> float:
    """Share of the cars asked second that take the street that those told first were all sent to."""
    detours = Detours(LiveRoutes(NETWORK))
    detours.plan(scene, concerns(120), {ROW["BS"]: 900.0}, CLOSED)
    later = dataclasses.replace(scene, now=scene.now + 1.0)
    asked = [dataclasses.replace(one, vehicle=f"new{place}") for place, one in enumerate(concerns(40))]
    found = detours.plan(later, asked, {}, CLOSED, followed)
    assert len(found) == 40
    return float(np.mean([names(one.links) == NORTH for one in found.values()]))


def test_those_told_count_as_load_by_the_share_that_follows() -> None:
    scene = scene_of(NETWORK, cars(120))
    all_follow, none_follows = load(scene, 1.0), load(scene, 0.0)
    assert all_follow < 0.2
    assert none_follows > 0.4


@pytest.mark.parametrize(
    ("offset", "speed", "led"), [(550.0, 12.0, 0), (500.0, 12.0, 1), (550.0, 0.0, 1), (590.0, 0.0, 0)]
)
def test_a_driver_who_cannot_turn_any_more_is_not_led_away_but_one_in_the_queue_is(
    offset: float, speed: float, led: int
) -> None:
    scene = scene_of(NETWORK, [Vehicle("AB", offset, speed, device=0)])
    assert len(Detours(LiveRoutes(NETWORK)).plan(scene, concerns(1), {}, CLOSED)) == led


@pytest.mark.parametrize(("estimated", "expected"), [(False, SOUTH), (True, NORTH)])
def test_a_turn_that_is_seen_to_take_long_is_kept_off(*, estimated: bool, expected: tuple[str, ...]) -> None:
    table = Movements.of(NETWORK)
    seconds = np.full(len(table), np.nan, np.float32)
    slow = (table.from_link == AB) & (table.to_link == ROW["BN"])
    seconds[slow] = 300.0
    scene = scene_of(NETWORK, cars(1))
    states = MovementStates(travel_time=seconds, estimated=np.full(len(table), estimated))
    scene = dataclasses.replace(scene, picture=dataclasses.replace(scene.picture, movements=states))
    found = Detours(LiveRoutes(NETWORK)).plan(scene, concerns(1), {}, CLOSED)
    assert names(found["CAR00000"].links) == expected


def test_where_nothing_is_measured_the_road_counts_as_free() -> None:
    links = free_links(NETWORK)
    unknown = dataclasses.replace(links, travel_time=np.full_like(links.travel_time, np.nan))
    unknown = dataclasses.replace(unknown, flow=np.full_like(links.flow, np.nan))
    found = Detours(LiveRoutes(NETWORK)).plan(scene_of(NETWORK, cars(1), links=unknown), concerns(1), {BC: 900.0}, {})
    assert names(found["CAR00000"].links) == NORTH


def report(vehicle: str, x: float, y: float, speed: float, now: float) -> RawMessage:
    lon, lat = NETWORK.plane.inverse(x, y)
    message = {
        "msgCnt": round(now * 10) % 128,
        "id": vehicle,
        "secMark": round(now * 1000) % 60_000,
        "timestamp": round(now * 1000),
        "pos": {"lat": round(float(lat) * 1e7), "long": round(float(lon) * 1e7), "elevation": 0},
        "posAccuracy": {"semiMajor": 10, "semiMinor": 10, "orientation": 0},
        "transmission": "forwardGears",
        "speed": round(speed / 0.02),
        "heading": 7200,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {},
        "size": {"width": 180, "length": 450, "height": 30},
        "vehicleClass": {"classification": 10},
    }
    return RawMessage(f"V2X/OBU/{vehicle}/BSM/UP", json.dumps(message).encode(), now)


def test_a_running_engine_leads_cars_around_a_jam_and_splits_them() -> None:
    core = EngineCore(NETWORK, EngineSettings(), epoch=7)
    fleet, jam = [f"CAR{number:05d}" for number in range(1, 41)], [f"JAM{number:05d}" for number in range(30)]
    core.control([register_message(dict.fromkeys([*fleet, *jam], BUS))])
    lon, lat = (float(each) for each in NETWORK.plane.inverse(800.0, 0.0))
    unit = {
        "rsuEsn": "R1",
        "location": {"lon": lon, "lat": lat},
        "coverageRadius": 250.0,
        "timestamp": round(NOW * 1000),
    }
    core.accept([RawMessage("V2X/RSU/INFO/UP", json.dumps(unit).encode(), NOW)])
    told: dict[str, tuple[str, ...]] = {}
    for tick in range(1, 76):
        now = NOW + 0.4 * tick
        core.accept([report(car, 620.0 + 12.0 * place + 0.1 * tick, 0.0, 0.3, now) for place, car in enumerate(jam)])
        core.accept([report(car, 12.0 * place + 0.8 * tick, 0.0, 2.0, now) for place, car in enumerate(fleet)])
        for message in core.beat(now, lambda now=now: now).messages:  # type: ignore[misc]  # bound at once
            if message.topic == "V2X/CLOUD/ADVISORY":
                advisory = msgspec.json.decode(message.payload, type=Advisory)
                ways = advisory.kind is AdvisoryKind.DIVERSION and advisory.target.startswith("obu:CAR")
                if ways and not advisory.content["ended"]:
                    told[advisory.target] = msgspec.convert(advisory.content["links"], tuple[str, ...])
    split = Counter(told.values())
    assert set(split) == {NORTH, SOUTH}
    assert min(split.values()) >= 5
