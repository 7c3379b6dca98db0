"""The engine's small parts: beats, gaps, car parks, routes, units, events of devices, figures."""

import json
import os
from pathlib import Path

import pytest
from advice_city import NOW, Vehicle, build_network, tracks_of
from engine_messages import NETWORK

from cloudctl.advice.desk import AdviceDesk
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.engine.broadcast import Every
from cloudctl.engine.events import EventHandler, Parts
from cloudctl.engine.figures import Figures
from cloudctl.engine.lots import Lots
from cloudctl.engine.metronome import Metronome
from cloudctl.engine.pulse import AliveFile, Silence
from cloudctl.engine.roadside import RoadsideUnits
from cloudctl.engine.transit import TransitPart
from cloudctl.engine.vehicle_routes import LONGEST, VehicleRoutes
from cloudctl.publish.downlink import Downlink
from ingest.collector import Report
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.messages.common import NodeReferenceID
from ingest.messages.enumerations import RequestStatus
from ingest.messages.parking import ParkingStatus
from ingest.messages.positions import Position3D
from ingest.messages.status import Location, RsuInfo
from ingest.messages.vir import (
    DriveRequest,
    IntentionAndRequests,
    RequestInfo,
    RequiredMovement,
    SignalPriorityRequest,
    VehIntentionAndRequest,
)


async def test_beats_do_not_drift_and_missed_ones_are_counted() -> None:
    time = [100.0]

    async def sleep(seconds: float) -> None:
        time[0] += seconds

    metronome = Metronome(0.1, lambda: time[0], sleep)
    beats = []
    for work in (0.03, 0.09, 0.0, 0.25, 0.11, 0.02):
        await metronome.wait()
        beats.append(round(time[0] - 100.0, 6))
        time[0] += work
    assert beats == [0.1, 0.2, 0.3, 0.4, 0.65, 0.76]
    assert metronome.missed == 1


def test_every_period_is_due_once() -> None:
    every = Every(0.2)
    assert [every.due(NOW + 0.1 * tick + 0.05) for tick in range(6)] == [True, False, True, False, True, False]


def test_a_gap_since_the_last_life_is_measured(tmp_path: Path) -> None:
    alive = AliveFile(tmp_path / "var" / "engine.alive")
    assert alive.gap(NOW) == 0.0
    alive.touch()
    os.utime(tmp_path / "var" / "engine.alive", (NOW, NOW))
    assert alive.gap(NOW + 1.0) == 0.0
    assert alive.gap(NOW + 30.0) == pytest.approx(30.0)


def test_a_silence_of_the_broker_is_told_when_it_ends() -> None:
    silence = Silence()
    told = [silence.follow(connected=t >= 10 or t < 5, now=NOW + t) for t in range(12)]
    assert told == [None] * 10 + [pytest.approx(5.0), None]
    assert silence.total == pytest.approx(5.0)


def status(occupied: int, lot: str = "P1") -> ParkingStatus:
    return ParkingStatus(lot=lot, timestamp=0, seq=0, capacity=100, occupied=occupied)


def test_lots_keep_the_newest_status_and_learn_the_trend() -> None:
    lots = Lots(NETWORK)
    for second in range(0, 1200, 10):
        lots.take(status(10 + second // 20), NOW + second)
    assert lots.now[0].occupied == 69
    assert lots.now[0].trend == pytest.approx(0.05, rel=0.1)
    lots.take(status(1), NOW)
    assert lots.now[0].occupied == 69
    lots.take(status(1, lot="P9"), NOW + 2000)
    assert lots.unknown == 1


def test_an_accepted_route_holds_until_the_vehicle_leaves_it_or_time_is_over() -> None:
    rows = NETWORK.link_rows
    for link, kept in {"AB": True, "BC": False, "DB": False}.items():
        routes = VehicleRoutes(NETWORK)
        routes.accept(4, ["AB", "BC"], NOW)
        assert routes.now == {4: (rows["AB"], rows["BC"])}
        routes.follow(tracks_of(NETWORK, [Vehicle(link, 10.0, device=4)]), NOW + 1)
        assert (4 in routes.now) is kept
    routes = VehicleRoutes(NETWORK)
    routes.accept(4, ["AB", "BC"], NOW)
    routes.follow(tracks_of(NETWORK, [Vehicle("AB", 10.0, device=4)]), NOW + LONGEST)
    assert routes.now == {}


def test_a_route_that_the_map_does_not_have_is_not_believed() -> None:
    routes = VehicleRoutes(NETWORK)
    routes.accept(4, ["AB", "nowhere"], NOW)
    assert routes.now == {}


@pytest.mark.parametrize("by", ["name", "place", "lights"])
def test_a_unit_is_joined_to_its_signal(by: str) -> None:
    registry = DeviceRegistry()
    row = registry.row_of(DeviceKind.RSU, "RSU00009")
    units = RoadsideUnits(NETWORK, registry)
    lon, lat = (float(value) for value in NETWORK.plane.inverse(600.0, 20.0))
    if by == "name":
        registry.describe(row, RsuInfo(rsu_esn="RSU00009", region=1, node_id=100, coverage_radius=180.0))
    elif by == "place":
        registry.describe(row, RsuInfo(rsu_esn="RSU00009", location=Location(lon=lon, lat=lat)))
    else:
        units.note_signal(row, (1, 100))
    units.refresh()
    assert units.at_signal == {0: "RSU00009"}
    assert units.by_signal_id == {"SB": "RSU00009"}
    assert units.sensors.x[row] == pytest.approx(600.0, abs=0.1)
    assert bool(units.sensors.radius[row] == 180.0) is (by == "name")


def handler() -> tuple[EventHandler, DeviceRegistry]:
    registry = DeviceRegistry()
    parts = Parts(
        NETWORK, registry, AdviceDesk(LiveRoutes(NETWORK)), Downlink(), Lots(NETWORK), VehicleRoutes(NETWORK),
        TransitPart(NETWORK, None),
    )  # fmt: skip
    return EventHandler(parts), registry


@pytest.mark.parametrize(("node", "counter"), [(100, "priority"), (101, "unknown_signal")])
def test_a_priority_request_is_taken_for_a_light_of_the_map_only(node: int, counter: str) -> None:
    events, registry = handler()
    wanted = SignalPriorityRequest(
        intersection_id=NodeReferenceID(id=node, region=1),
        required_mov=RequiredMovement(remote_intersection=NodeReferenceID(id=7), phase_id=1),
        estimated_arrival_time=1200,
    )
    message = VehIntentionAndRequest(
        msg_cnt=1,
        id="BUS00001",
        sec_mark=0,
        ref_pos=Position3D(lat=282000000, long=1129300000),
        int_and_req=IntentionAndRequests(
            reqs=[DriveRequest(req_id=1, status=RequestStatus.REQUEST, info=RequestInfo(signal_priority=wanted))]
        ),
    )
    row = registry.row_of(DeviceKind.OBU, "BUS00001")
    assert events.handle(Report(row, message, NOW, NOW)) is None
    assert events.counts == {counter: 1}


def test_figures_become_prometheus_metrics_and_a_health_report() -> None:
    figures = Figures()
    figures.set({"glosa": 3, "parking": 1}, "advisories")
    figures.add("cycles")
    figures.peak("tracks_peak", 12)
    figures.peak("tracks_peak", 5)
    figures.latency("fuse").add([0.004, 0.04, float("nan"), 9.0])
    health = json.loads(figures.health(77, NOW, NOW - 5, ready=True))
    assert health["counters"] == {"advisories.glosa": 3.0, "advisories.parking": 1.0, "cycles": 1.0, "tracks_peak": 12}
    assert health["latency_ms"]["fuse"]["p50"] == pytest.approx(40.0)
    lines = health["metrics"].splitlines()
    assert 'v2x_engine_advisories_total{label="glosa"} 3.0' in lines
    assert "v2x_engine_tracks_peak 12.0" in lines
    assert 'v2x_engine_seconds_bucket{le="0.005",stage="fuse"} 1.0' in lines
    assert 'v2x_engine_seconds_bucket{le="+Inf",stage="fuse"} 3.0' in lines
    assert 'v2x_engine_seconds_count{stage="fuse"} 3.0' in lines


def test_a_network_without_signals_or_lots_is_no_trouble() -> None:
    bare = build_network({"A": (0.0, 0.0), "B": (100.0, 0.0)}, [("AB", "A", "B", 1)])
    registry = DeviceRegistry()
    registry.row_of(DeviceKind.RSU, "RSU00001")
    units = RoadsideUnits(bare, registry)
    units.refresh()
    assert units.at_signal == {}
