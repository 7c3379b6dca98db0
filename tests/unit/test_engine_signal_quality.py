"""SPAT and MAP under the live checks: a signal that does as it should is quiet, everything else is told."""

import json
from typing import Any

import fleet_world
import pytest
from clean_signals import run_program
from ingest_samples import LAT, LON, NOON, new_pipeline, raw, rsm

from cloudctl.engine.signal_quality import SignalQuality
from cloudctl.publish.states import devices_state
from ingest.collector import Report
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.messages.decoding import decode
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.signal_assessment import DAY
from ingest.signal_checks import SignalChecks, SignalFault
from ingest.signal_rules import phases_of_node, walking_phases
from simulators.rsu_map import map_nodes

NODE = {"region": 1, "id": 2}


def spat(light: str, count: int = 0, phases: tuple[int, ...] = (1,), entries: int = 1) -> Spat:
    timing = {"counting": {"startTime": 0, "likelyEndTime": 100}}
    told = [{"id": phase, "phaseStates": [{"light": light, "timing": timing}]} for phase in phases]
    share = -(-len(told) // entries)
    states = [
        {"intersectionId": NODE, "status": "0" * 16, "timeStamp": 0, "phases": told[first : first + share]}
        for first in range(0, len(told), share)
    ]
    return decode(Spat, json.dumps({"msgCnt": count % 128, "intersections": states}).encode())


def road_map(*phases: int, crossing: int | None = None) -> MapData:
    points = [{"posOffset": {"offsetLL": {"position-LatLon": {"lon": LON, "lat": LAT + step}}}} for step in (9000, 900)]
    to = {"region": 1, "id": 9}
    lane: dict[str, Any] = {
        "laneID": 1,
        "connectsTo": [{"remoteIntersection": to, "phaseId": phase} for phase in phases],
        "points": points,
    }
    lanes = [lane]
    if crossing is not None:
        attributes = {"laneType": {"crosswalk": "0" * 16}}
        own = [{"remoteIntersection": NODE, "phaseId": crossing}]
        lanes.append({"laneID": 2, "laneAttributes": attributes, "connectsTo": own, "points": points})
    link = {"upstreamNodeId": to, "points": points, "lanes": lanes}
    node = {"id": NODE, "refPos": {"lat": LAT, "long": LON}, "inLinks": [link]}
    return decode(MapData, json.dumps({"msgCnt": 1, "nodes": [node]}).encode())


def test_the_units_of_the_simulated_city_name_every_phase_they_show_in_their_map() -> None:
    network = fleet_world.network()
    for row in range(len(network.signals.id)):
        start, count = int(network.signals.group_start[row]), int(network.signals.group_count[row])
        message = decode(MapData, json.dumps({"msgCnt": 1, "nodes": map_nodes(network, row)}).encode())
        assert phases_of_node(message.nodes[0]) == set(network.groups.phase_id[start : start + count].tolist())


def test_a_city_whose_signals_run_their_programs_has_no_finding() -> None:
    network = fleet_world.network()
    rows = [row for row in range(len(network.signals.id)) if network.signals.program_count[row]]
    assert rows
    for row in rows:
        assert run_program(network, row, 100.0) == []


def test_green_may_end_in_red_where_people_walk_and_not_where_cars_drive() -> None:
    checks = SignalChecks()
    message = road_map(1, crossing=7)
    assert walking_phases(message.nodes[0]) == {7}
    checks.take_map(0, message, NOON)
    found = []
    for count, light in enumerate(("protected-green", "red")):
        now = NOON + 0.1 * count
        found += checks.take_spat(0, spat(light, count, (1, 7)), now, now)
    assert [(event.fault, event.phase) for event in found] == [(SignalFault.TRANSITION, 1)]


def test_a_large_signal_told_in_several_entries_is_compared_with_its_map_as_one() -> None:
    checks = SignalChecks()
    checks.take_map(0, road_map(1, 2, 3), NOON)
    assert checks.take_spat(0, spat("red", phases=(1, 2, 3), entries=2), NOON, NOON) == []
    (event,) = checks.take_spat(0, spat("yellow", 1, phases=(1, 2), entries=2), NOON + 0.1, NOON + 0.1)[:1]
    assert event.fault in {SignalFault.ALIGNMENT, SignalFault.TRANSITION}


def test_one_late_message_is_no_fault_and_a_clock_that_is_off_is() -> None:
    checks = SignalChecks()
    found = []
    for count in range(40):
        late = 0.3 if count == 20 else 0.01
        now = NOON + 0.1 * count
        found += checks.take_spat(0, spat("red", count), now, now + late)
    assert found == []
    for count in range(40, 60):
        now = NOON + 0.1 * count
        found += checks.take_spat(0, spat("red", count), now - 0.2, now)
    assert [event.fault for event in found] == [SignalFault.TIMESTAMP]


def test_a_unit_that_does_not_count_is_told_once_a_minute() -> None:
    checks = SignalChecks()
    found = []
    for tick in range(620):
        now = NOON + 0.1 * tick
        found += checks.take_spat(0, spat("red", 0), now, now)
    assert [event.fault for event in found if event.fault is SignalFault.COUNT] == [SignalFault.COUNT] * 2


class Signals:
    """One unit whose messages go straight to the checks of the engine."""

    def __init__(self) -> None:
        self.registry = DeviceRegistry()
        self.row = self.registry.row_of(DeviceKind.RSU, "R1")
        self.quality = SignalQuality(self.registry)
        self.count = 0

    def show(self, light: str, now: float) -> list[tuple[str, dict[str, Any]]]:
        self.count += 1
        report = Report(self.row, spat(light, self.count), now, now)
        self.quality.follow([], [report], now)
        return [(message.topic, json.loads(message.payload)) for message in self.quality.take_messages()]


def test_a_light_that_skips_yellow_is_told_to_the_archive_and_the_pages() -> None:
    signals = Signals()
    signals.show("protected-green", NOON)
    ((topic, event),) = signals.show("red", NOON + 0.1)
    assert topic == "V2X/CLOUD/SIGNAL/EVENT"
    assert event == {
        "timestamp": round((NOON + 0.1) * 1000),
        "device": "R1",
        "fault": "transition",
        "detail": "light 3 of phase 1 may not follow light 6",
        "region": 1,
        "node_id": 2,
        "phase": 1,
    }
    assert signals.quality.counts == {"transition": 1}


def test_ten_events_of_a_day_are_a_notification_and_the_day_ends_with_an_assessment() -> None:
    signals, told = Signals(), []
    for number in range(20):
        told += signals.show(("protected-green", "red")[number % 2], NOON + 0.1 * number)
    (notification,) = [body for topic, body in told if topic == "V2X/CLOUD/NOTIFICATION"]
    assert (notification["kind"], notification["device"], notification["events"]) == ("signal_quality", "R1", 10)
    later = signals.show("red", NOON + DAY)
    days = [body for topic, body in later if topic == "V2X/CLOUD/SIGNAL/ASSESSMENT"]
    (day,) = [body for body in days if body["fault"] == "transition"]
    assert (day["day"], day["events"], day["phases"]) == ("2025-11-22", 10, [1])


def test_a_unit_that_is_held_is_not_judged_by_its_map() -> None:
    signals = Signals()
    signals.registry.decide("R1", vehicle=False, live=False)
    signals.quality.follow([Report(signals.row, road_map(1), NOON, NOON)], [], NOON)
    assert signals.show("red", NOON + 0.1) == []


@pytest.mark.parametrize("device", ["R1"])
def test_the_state_of_a_device_says_what_it_speaks_and_how_each_stream_does(device: str) -> None:
    pipeline = new_pipeline()
    for tick in range(30):
        now = NOON + 0.1 * tick
        if tick != 7:
            pipeline.accept(f"V2X/RSU/{device}/RSM/UP", raw(rsm(time=now, msgCnt=tick)), now + 0.02)
        if tick in {9, 29}:
            pipeline.health.measure(now)
    (told,) = json.loads(devices_state(pipeline.report_devices(NOON + 3), 1, {"R1": NOON}))["devices"]
    stream = told["streams"]["rsu_rsm"]
    assert (stream["received"], stream["missing"], stream["late"], stream["nominal"]) == (29, 1, 0, 10.0)
    assert stream["rate"] == pytest.approx(10.0, abs=0.1)
    assert (stream["latency_ms_p50"], stream["latency_ms_p99"]) == (20.0, 20.0)
    assert (told["dialect"], told["profile"], told["crs"]) == ("standard", "v4", "wgs84")
    assert told["connection_abnormal"] == NOON
