"""What is wrong with the data of a signal is found, counted by day, and told from ten events on."""

from typing import Any

import pytest
from ingest_samples import LAT, LON, NOON, Json, raw

from ingest.messages.decoding import decode
from ingest.messages.enumerations import LightState
from ingest.messages.map_data import MapData
from ingest.messages.spat import PhaseState, Spat
from ingest.signal_assessment import DAY, SignalAssessor, local_day
from ingest.signal_checks import SignalChecks, SignalEvent, SignalFault
from ingest.signal_rules import conflicting_phases, end_order_fault, is_legal_change

ARMS = {"north": (0, 900), "east": (900, 0), "south": (0, -900), "west": (-900, 0)}
"""Neighbours of the crossing, offsets in 1e-6 deg; node ids 11 to 14."""
IDS = {arm: number for number, arm in enumerate(ARMS, start=11)}


def crossing(phases: dict[tuple[str, str], int]) -> MapData:
    """A crossing with a phase for each (from, to)."""
    links = []
    for arm, (east, north) in ARMS.items():
        point = {"lon": LON + east * 10, "lat": LAT + north * 10}
        stop = {"lon": LON + east, "lat": LAT + north}
        points = [{"posOffset": {"offsetLL": {"position-LatLon": place}}} for place in (point, stop)]
        connections = [
            {"remoteIntersection": {"region": 1, "id": IDS[to]}, "phaseId": phase}
            for (start, to), phase in phases.items()
            if start == arm
        ]
        lane: Json = {"laneID": 1} | ({"connectsTo": connections} if connections else {})
        links.append({"upstreamNodeId": {"region": 1, "id": IDS[arm]}, "points": points, "lanes": [lane]})
    node = {"id": {"region": 1, "id": 2}, "refPos": {"lat": LAT, "long": LON}, "inLinks": links}
    return decode(MapData, raw({"msgCnt": 1, "nodes": [node]}))


STRAIGHT = {("north", "south"): 1, ("south", "north"): 1, ("east", "west"): 2, ("west", "east"): 2}


def spat(lights: dict[int, str], count: int = 1, **timing: Any) -> Spat:
    counting = {"startTime": 0, "likelyEndTime": 100} | timing
    phases = [
        {"id": phase, "phaseStates": [{"light": light, "timing": {"counting": counting}}]}
        for phase, light in lights.items()
    ]
    state = {"intersectionId": {"region": 1, "id": 2}, "status": "0" * 16, "timeStamp": 0, "phases": phases}
    return decode(Spat, raw({"msgCnt": count % 128, "intersections": [state]}))


def faults(events: list[SignalEvent]) -> list[SignalFault]:
    return [event.fault for event in events]


@pytest.mark.parametrize(
    ("before", "after", "legal"),
    [
        ("red", "protected-green", True),
        ("protected-green", "flashing-green", True),
        ("flashing-green", "yellow", True),
        ("flashing-green", "red", True),
        ("yellow", "red", True),
        ("permissive-green", "protected-green", True),
        ("protected-green", "red", False),
        ("red", "yellow", False),
        ("yellow", "protected-green", False),
        ("flashing-green", "protected-green", False),
        ("dark", "protected-green", True),
        ("red", "flashing-yellow", True),
        ("red", "red", True),
    ],
)
def test_lights_follow_each_other_in_order(before: str, after: str, legal: bool) -> None:
    codes = {light.value: light.code for light in LightState}
    assert is_legal_change(codes[before], codes[after]) is legal


def test_a_light_that_skips_yellow_is_an_event() -> None:
    checks = SignalChecks()
    assert faults(checks.take_spat(0, spat({1: "protected-green"}, 1), NOON, NOON)) == []
    (event,) = checks.take_spat(0, spat({1: "red"}, 2), NOON, NOON)
    assert (event.fault, event.phase, event.intersection) == (SignalFault.TRANSITION, 1, (1, 2))


@pytest.mark.parametrize(
    ("timing", "fault"),
    [
        ({}, None),
        ({"minEndTime": 80, "maxEndTime": 120}, None),
        ({"minEndTime": 120}, "minEndTime 12 s is after likelyEndTime 10 s"),
        ({"maxEndTime": 90}, "likelyEndTime 10 s is after maxEndTime 9 s"),
        ({"minEndTime": 36001, "maxEndTime": 36001}, None),
        ({"startTime": 110}, "startTime 11 s is after likelyEndTime 10 s"),
    ],
)
def test_ends_come_in_order(timing: Json, fault: str | None) -> None:
    assert end_order_fault(spat({1: "red"}, **timing).intersections[0].phases[0].phase_states[0]) == fault


def test_ends_by_the_clock_may_lie_in_the_next_hour() -> None:
    def state(**marks: int) -> PhaseState:
        timing = {"startUTCTime": 35_900, "likelyEndUTCTime": 100} | marks
        phase = {"id": 1, "phaseStates": [{"light": "red", "timing": {"utcTiming": timing}}]}
        message = {"msgCnt": 1, "intersections": [{"intersectionId": {"id": 1}, "status": "0" * 16, "phases": [phase]}]}
        return decode(Spat, raw(message)).intersections[0].phases[0].phase_states[0]

    assert end_order_fault(state(minEndUTCTime=35_990)) is None
    assert end_order_fault(state(minEndUTCTime=200)) is not None


def test_movements_cross_where_their_ends_alternate() -> None:
    (node,) = crossing(
        {
            ("north", "south"): 1,
            ("south", "north"): 2,
            ("east", "west"): 3,
            ("north", "east"): 4,
            ("south", "east"): 5,
            ("east", "north"): 6,
        }
    ).nodes
    conflicts = conflicting_phases(node)
    assert {(1, 3), (2, 3), (2, 4), (3, 4)} <= conflicts
    assert not {(1, 2), (1, 4), (1, 5), (2, 5), (3, 5), (1, 6), (3, 6)} & conflicts


def test_crossing_greens_are_an_event_once_a_minute() -> None:
    checks = SignalChecks()
    checks.take_map(0, crossing(STRAIGHT), NOON)
    both = {1: "protected-green", 2: "protected-green"}
    events = [
        event
        for step in range(1201)
        for event in checks.take_spat(0, spat(both, step), NOON + step * 0.1, NOON + step * 0.1)
        if event.fault is SignalFault.CONFLICTING_GREENS
    ]
    assert [event.time - NOON for event in events] == pytest.approx([0.0, 60.0, 120.0])
    assert checks.take_spat(0, spat({1: "protected-green", 2: "permissive-green"}, 1201), NOON + 121, NOON + 121) == []


def test_spat_and_map_must_name_the_same_phases_and_intersections() -> None:
    checks = SignalChecks()
    checks.take_map(0, crossing(STRAIGHT), NOON)
    (event,) = checks.take_spat(0, spat({1: "red", 7: "red"}, 1), NOON, NOON)
    assert event.fault is SignalFault.ALIGNMENT
    assert "[7] are not in MAP" in event.detail
    assert "[2] of MAP are not in SPAT" in event.detail
    other = spat({1: "red"}, 2)
    stranger = decode(Spat, raw({"msgCnt": 2, "intersections": [{**_plain(other), "intersectionId": {"id": 99}}]}))
    assert faults(checks.take_spat(0, stranger, NOON, NOON)) == [SignalFault.ALIGNMENT]


def _plain(message: Spat) -> Json:
    import msgspec  # noqa: PLC0415  # only here

    plain: Json = msgspec.to_builtins(message.intersections[0])
    return plain


def test_a_message_must_arrive_within_fifty_milliseconds_of_its_time() -> None:
    checks = SignalChecks()
    assert checks.take_spat(0, spat({1: "red"}, 1), NOON, NOON + 0.05) == []
    assert faults(checks.take_spat(0, spat({1: "red"}, 2), NOON, NOON + 0.06)) == [SignalFault.TIMESTAMP]


def test_a_message_without_time_or_end_lacks_data() -> None:
    phase = {"id": 1, "phaseStates": [{"light": "red"}]}
    state: Json = {"intersectionId": {"id": 1}, "status": "0" * 16, "phases": [phase]}
    (event,) = SignalChecks().take_spat(0, decode(Spat, raw({"msgCnt": 1, "intersections": [state]})), NOON, NOON)
    assert event.fault is SignalFault.MISSING_DATA
    timed = decode(Spat, raw({"msgCnt": 1, "intersections": [{**state, "timeStamp": 1}]}))
    (event,) = SignalChecks().take_spat(0, timed, NOON, NOON)
    assert "phases 1" in event.detail


def test_counts_go_up_by_one() -> None:
    checks = SignalChecks()
    seen = [faults(checks.take_spat(0, spat({1: "red"}, count), NOON, NOON)) for count in (126, 127, 0, 2)]
    assert seen == [[], [], [], [SignalFault.COUNT]]


@pytest.mark.parametrize(
    ("rate", "expected"), [(10.0, set()), (5.0, {SignalFault.RATE}), (12.0, {SignalFault.RATE}), (9.1, set())]
)
def test_ten_seconds_hold_about_a_hundred_spats(rate: float, expected: set[SignalFault]) -> None:
    checks = SignalChecks()
    events = []
    for step in range(int(35 * rate)):
        now = NOON + 3.0 + step / rate
        events += checks.take_spat(0, spat({1: "red"}, step), now, now)
    assert set(faults(events)) == expected


def test_silence_is_an_event_in_every_window() -> None:
    checks = SignalChecks()
    checks.take_spat(0, spat({1: "red"}, 1), NOON, NOON)
    events = [event for second in range(1, 45) for event in checks.tick(NOON + second)]
    assert faults(events) == [SignalFault.SILENCE] * 3


def event(time: float, phase: int = 1) -> SignalEvent:
    return SignalEvent(time, 0, (1, 2), SignalFault.TRANSITION, "red after green", phase)


def test_ten_events_make_a_notification_once_a_day() -> None:
    assessor = SignalAssessor()
    told = [assessor.note(event(NOON + step, step % 2)) for step in range(25)]
    (notification,) = [one for one in told if one is not None]
    assert notification is told[9]
    assert (notification.assessment.events, notification.days_in_a_row) == (10, 1)
    assert assessor.close(NOON + 60) == []
    (assessment,) = assessor.close(NOON + DAY)
    assert (assessment.events, assessment.phases) == (25, (0, 1))
    assert (assessment.first, assessment.last) == (NOON, NOON + 24)
    again = [assessor.note(event(NOON + DAY + step)) for step in range(10)]
    assert again[9] is not None
    assert again[9].days_in_a_row == 2


def test_a_quiet_day_ends_a_row() -> None:
    assessor = SignalAssessor()
    for step in range(10):
        assessor.note(event(NOON + step))
    assessor.close(NOON + DAY)
    assert assessor.close(NOON + 2 * DAY) == []
    told = [assessor.note(event(NOON + 2 * DAY + step)) for step in range(10)]
    assert told[9] is not None
    assert told[9].days_in_a_row == 1


def test_the_day_turns_at_midnight_in_changsha() -> None:
    assert local_day(NOON + 4 * 3600 - 1) == local_day(NOON)
    assert local_day(NOON + 4 * 3600) == local_day(NOON) + 1
