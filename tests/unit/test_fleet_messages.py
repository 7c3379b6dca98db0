"""Messages of devices are what the platform's own definitions say, with the right values in the right units."""

import itertools

import msgspec
import numpy as np
import pytest
from fleet_world import network, one_site, still_segment, wiring

from ingest.messages.acks import AdviceAck
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.map_data import MapData
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.spat import TIME_MARK_UNKNOWN, Spat
from ingest.messages.status import Heartbeat, RsuInfo, RunningInfo
from ingest.messages.vir import VehIntentionAndRequest
from maps.network import RoadNetwork
from maps.v2x_map_export import map_message
from simulators.fleet_levels import LEVELS
from simulators.fleet_units import heading_raw, minute_of_year, second_mark, speed_raw
from simulators.obu_messages import (
    Request,
    SelfReports,
    advice_answer,
    bsm_texts,
    parking_request,
    signal_priority,
    vir_text,
)
from simulators.rsu_messages import RsmWriter, heartbeat, participant_texts, registration, running_info
from simulators.rsu_sensor import RoadsideSensors
from simulators.signal_controller import SignalController

NOW = 1_700_000_000.0


def test_bsm_carries_the_vehicles_own_report() -> None:
    one = np.ones(1)
    reports = SelfReports(
        np.array([7]), NOW * one, NOW * one, 112.93 * one, 28.2 * one, 10.0 * one, np.pi / 2 * one,
        -1.5 * one, 0.1 * one, 12.0 * one, 2.5 * one, 3.2 * one, np.array([4], np.uint8),
    )  # fmt: skip
    message = msgspec.json.decode(bsm_texts([b"BUS00001"], reports, 13)[0], type=BasicSafetyMessage)
    assert (message.id, message.msg_cnt, message.speed_mps, message.heading_deg) == ("BUS00001", 7, 10.0, 90.0)
    assert (message.pos.lat, message.pos.long) == (282_000_000, 1_129_300_000)
    assert message.sec_mark == NOW % 60 * 1000
    assert message.vehicle_class.classification == 54


def test_rsm_is_split_at_16_participants_and_counts_on() -> None:
    segment = still_segment(np.linspace(-40, 40, 40), np.zeros(40))
    unit = RoadsideSensors(one_site(), LEVELS["good"], 1, np.random.default_rng(1))
    unit.enter(segment, 40, segment.slot)
    found = unit.sense(0, segment, NOW)
    texts = participant_texts(found, second_mark(np.full(len(found.row), NOW)), b"a50cm")
    messages = [
        msgspec.json.decode(text, type=RoadsideSafetyMessage)
        for text in RsmWriter("RSU00001", 112.93, 28.2, 127).write(texts, 1)
    ]
    assert sum(len(message.participants) for message in messages) == len(found.row)
    assert max(len(message.participants) for message in messages) == 16
    assert [message.msg_cnt for message in messages[:2]] == [127, 0]


def test_an_empty_road_is_told_too() -> None:
    (text,) = RsmWriter("RSU00001", 112.93, 28.2, 0).write([], 1)
    assert msgspec.json.decode(text, type=RoadsideSafetyMessage).participants == []


def test_messages_about_devices_are_understood() -> None:
    assert msgspec.json.decode(heartbeat("RSU00001", 1, 5), type=Heartbeat).rsu_esn == "RSU00001"
    text = registration("RSU00001", 1, "五一路口", (112.93, 28.2), (4301, 256), reach=150.0, published_ms=5)
    info = msgspec.json.decode(text, type=RsuInfo)
    assert (info.region, info.node_id, info.coverage_radius) == (4301, 256, 150.0)
    assert msgspec.json.decode(running_info("RSU00001", 0.3, 800.0), type=RunningInfo).running_info.cpu is not None
    assert msgspec.json.decode(advice_answer("a", accepted=True), type=AdviceAck).status == "accepted"


def test_map_of_every_signal_is_understood() -> None:
    for row in range(len(network().signals.id)):
        text = msgspec.json.encode(map_message(network(), row, msg_cnt=0, moy=1))
        assert msgspec.json.decode(text, type=MapData).nodes[0].in_links


def test_requests_name_what_is_wanted() -> None:
    request = Request("BUS00001", 300, 112.93, 28.2, NOW, "RSU00001")
    text = vir_text(request, signal_priority((4301, 256), {"region": 4301, "id": 257}, 3, 12.5, 99.0))
    asked = msgspec.json.decode(text, type=VehIntentionAndRequest).int_and_req.reqs
    assert asked is not None
    assert asked[0].target_rsu == "RSU00001"
    assert asked[0].info is not None
    assert asked[0].info.signal_priority is not None
    assert asked[0].info.signal_priority.estimated_arrival_time == 1250
    assert asked[0].info.signal_priority.distance2_intersection == 990
    text = vir_text(request, parking_request(112.9, 28.1, 10))
    asked = msgspec.json.decode(text, type=VehIntentionAndRequest).int_and_req.reqs
    assert asked is not None
    assert asked[0].info is not None
    assert asked[0].info.parking is not None
    assert asked[0].info.parking.destination is not None


@pytest.mark.parametrize(
    ("made", "raw"),
    [
        (speed_raw(np.array([0.0, 13.89, 1000.0])), [0, 694, 8190]),
        (heading_raw(np.radians([0.0, -90.0, 359.999])), [0, 21_600, 0]),
        (second_mark(np.array([NOW + 19.9999])), [40_000]),
    ],
)
def test_raw_units(made: np.ndarray[tuple[int], np.dtype[np.int64]], raw: list[int]) -> None:
    assert made.tolist() == raw


def test_the_minute_of_the_year_starts_at_utc_new_year() -> None:
    assert minute_of_year(1_704_067_200.0) == 0
    assert minute_of_year(1_704_067_199.9) == 525_599


def controllers(roads: RoadNetwork) -> list[SignalController]:
    return [SignalController(roads, row, links) for row, links in enumerate(wiring())]


def state_of_step(roads: RoadNetwork, row: int, step: int) -> str:
    """SUMO's state text that shows a step of the program."""
    letters = {3: "r", 5: "g", 6: "G", 7: "y", 2: "s", 8: "o", 1: "O"}
    program = int(roads.signals.program_start[row]) + step
    start = int(roads.program.state_start[program])
    text = ["r"] * 64
    for group, link in enumerate(wiring()[row]):
        text[link] = letters[int(roads.program_states[start + group])]
    return "".join(text)


def test_every_group_is_wired_to_a_light() -> None:
    assert all(link >= 0 for links in wiring() for link in links)


def test_spat_shows_the_lights_and_counts_down_to_the_programs_changes() -> None:
    roads = network()
    for row, controller in enumerate(controllers(roads)):
        steps = int(roads.signals.program_count[row])
        first = int(roads.signals.program_start[row])
        durations = roads.program.duration[first : first + steps].tolist()
        for step in range(steps):
            text = controller.spat(state_of_step(roads, row, step), NOW + 4.0, NOW, NOW)
            message = msgspec.json.decode(text, type=Spat)
            check_countdown(roads, row, step, durations, message)


def check_countdown(roads: RoadNetwork, row: int, step: int, durations: list[float], message: Spat) -> None:
    count, first = int(roads.signals.group_count[row]), int(roads.signals.program_start[row])
    starts = roads.program.state_start[first : first + len(durations)]
    phases = [phase for intersection in message.intersections for phase in intersection.phases]
    assert len(phases) == count
    for group, phase in enumerate(phases):
        lights = [int(roads.program_states[start + group]) for start in starts]
        ahead = [(step + k) % len(durations) for k in range(len(durations) + 1)]
        ends = [4.0, *itertools.accumulate((durations[k] for k in ahead[1:]), initial=4.0)][1:]
        change = next((k for k, at in enumerate(ahead) if lights[at] != lights[step]), None)
        now = phase.phase_states[0]
        assert now.light_code == lights[step]
        assert now.timing is not None
        assert now.timing.counting is not None
        if change is None:
            assert now.timing.counting.likely_end_time == TIME_MARK_UNKNOWN
        else:
            assert now.timing.counting.likely_end_time == round(ends[change - 1] * 10)
            assert phase.phase_states[1].light_code == lights[ahead[change]]


def test_lights_that_no_step_shows_are_told_with_an_unknown_future() -> None:
    controller = controllers(network())[0]
    message = msgspec.json.decode(controller.spat("o" * 64, NOW + 3.0, NOW, NOW), type=Spat)
    states = message.intersections[0].phases[0].phase_states
    assert [state.light_code for state in states] == [8]


def test_countdowns_never_go_below_zero() -> None:
    roads = network()
    text = controllers(roads)[0].spat(state_of_step(roads, 0, 0), NOW - 2.0, NOW, NOW)
    counting = msgspec.json.decode(text, type=Spat).intersections[0].phases[0].phase_states[0].timing
    assert counting is not None
    assert counting.counting is not None
    assert counting.counting.likely_end_time >= 0
