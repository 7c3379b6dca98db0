"""Rules of what is evidence of an incident and what is not, and that nothing of it is lost on the way to the reader."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import test_fusion_incidents
from advice_city import NOW, build_network, scene_of
from fusion_city import LANE_Y, RED, User, street
from fusion_reports import new_walk, reports
from test_fusion_incident_kinds import braking, first_of
from test_fusion_incidents import incidents_of, kinds, stream

from cloudctl.api.happenings import _incident
from cloudctl.api.state_messages import IncidentState
from cloudctl.publish.incident_feed import IncidentFeed
from fusion.incidents import Incident, IncidentKind
from fusion.lane_bounds import LaneBounds
from ingest.observation import ObservationBatch
from maps.participants import ParticipantKind

NETWORK = build_network({"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0)}, [("AB", "A", "B", 2)], ["B"])


def test_two_buses_that_stop_at_the_start_of_a_road_fill_nothing() -> None:
    buses = [User(12.0 + 15.0 * place, kind=ParticipantKind.BUS, track=place + 1) for place in range(2)]
    seen = incidents_of(lambda time: [*buses, *stream(time)], 14.0)
    assert IncidentKind.SPILL_BACK not in kinds(seen)


def test_a_speed_that_is_gone_faster_than_tyres_allow_was_none() -> None:
    assert IncidentKind.SUDDEN_BRAKING not in kinds(braking(40.0))


@pytest.mark.parametrize(("seen_from", "found"), [(-25.0, True), (-9.0, False)])
def test_who_was_seen_on_the_road_for_a_moment_only_before_the_line_may_have_come_by_another(
    seen_from: float, found: bool
) -> None:
    def users(time: float) -> list[User]:
        x = -60.0 + 10.0 * time
        return [User(x, speed=10.0)] if x > seen_from else []

    assert (IncidentKind.RED_LIGHT_PASSAGE in kinds(incidents_of(users, 9.0, lambda _: RED))) is found


def test_a_small_thing_that_lies_on_the_road_is_no_vehicle_that_broke_down(monkeypatch: pytest.MonkeyPatch) -> None:
    for_all = street()
    for_all = replace(for_all, lanes=replace(for_all.lanes, allowed=for_all.lanes.allowed | np.uint32(1)))
    monkeypatch.setattr(test_fusion_incidents, "STREET", for_all)
    thing = User(-200.0, kind=ParticipantKind.UNKNOWN)
    assert kinds(incidents_of(lambda _: [thing], 14.0, length=1.0)) == {IncidentKind.DEBRIS}


def test_who_is_held_up_at_the_kerb_is_not_parked() -> None:
    queue = [User(-250.0 + 8.0 * place, LANE_Y[0] - 0.8, track=place + 1) for place in range(4)]
    seen = incidents_of(lambda _: queue, 14.0)
    assert {incident.tracks for _, incident in seen if incident.kind is IncidentKind.ILLEGAL_PARKING} <= {(4,)}


def test_a_motorcycle_at_the_kerb_is_not_parked_illegally() -> None:
    seen = incidents_of(lambda _: [User(-250.0, LANE_Y[0] - 1.0, kind=ParticipantKind.MOTORCYCLE)], 14.0)
    assert IncidentKind.ILLEGAL_PARKING not in kinds(seen)


def test_who_crawls_with_the_errors_of_a_sensor_is_found_within_ten_seconds() -> None:
    wobble = np.random.default_rng(1).normal(0.0, 0.3, 200)
    seen = incidents_of(lambda time: [User(-400.0 + 3.0 * time, speed=3.0 + wobble[round(5 * time)])], 11.0)
    assert first_of(seen, IncidentKind.SLOW_VEHICLE)[0] <= 10.0


def test_a_cut_in_a_road_is_no_junction() -> None:
    network = street()
    network = replace(network, connections=replace(network.connections, signal=np.full(4, -1, np.int32)))
    bounds, lanes = LaneBounds(network), np.array([0, 0, 2, 2], np.int32)
    assert bounds.away(lanes, np.array([10.0, 490.0, 10.0, 490.0]), 20.0).tolist() == [False, True, True, False]
    assert not LaneBounds(street()).away(lanes[1:3], np.array([490.0, 10.0]), 20.0).any()


def test_a_track_takes_the_size_that_sensors_report() -> None:
    walk = new_walk()
    for cycle in range(12):
        batch: ObservationBatch = reports(walk.now + 0.1, 1.0 * cycle, 0.0, 10.0)
        length, width = np.full(1, 9.0, np.float32), np.full(1, 2.4, np.float32)
        walk.cycle(replace(batch, length=length, width=width))
    table = walk.tracker.table(walk.now)
    assert (table.length[0], table.width[0]) == (pytest.approx(9.0), pytest.approx(2.4))


def told_of(*incidents: Incident) -> list[str]:
    """The events of successive pictures, one a second."""
    feed = IncidentFeed(NETWORK)
    return [
        f"{event.event} {event.kind}"
        for second, incident in enumerate(incidents)
        for event in feed.follow(scene_of(NETWORK, [], now=NOW + second, incidents=(incident,)).picture)
    ]


def incident_of(kind: IncidentKind, updated: float = NOW) -> Incident:
    return Incident("i1", kind, NOW - 8.0, updated, None, 250.0, 0.0, 0, 0, (7,), 0.8, "It stands.", {"stood_s": 8.0})


def test_that_a_lane_is_blocked_is_told_at_once() -> None:
    stopped, blocked = (incident_of(kind) for kind in (IncidentKind.STOPPED_VEHICLE, IncidentKind.BLOCKED_LANE))
    later = replace(blocked, updated=NOW + 2.0)
    assert told_of(stopped, blocked, later) == ["open stopped_vehicle", "update blocked_lane"]


@pytest.mark.parametrize("kind", list(IncidentKind))
def test_start_end_place_evidence_and_confidence_of_every_kind_reach_the_reader(kind: IncidentKind) -> None:
    feed = IncidentFeed(NETWORK)
    ended = replace(incident_of(kind), ended=NOW + 3.0)
    for second, incident in enumerate((incident_of(kind), ended)):
        [event] = feed.follow(scene_of(NETWORK, [], now=NOW + second, incidents=(incident,)).picture)
        item = _incident(msgspec.json.decode(msgspec.json.encode(event), type=IncidentState))
    place = np.hypot(*NETWORK.plane.forward(item.lon, item.lat))
    assert place == pytest.approx(250.0, abs=0.05)
    assert item.started is not None
    assert item.ended is not None
    assert (item.ended - item.started).total_seconds() == pytest.approx(11.0)
    assert (item.kind, item.link, item.tracks) == (kind.value, "AB", [7])
    assert (item.confidence, item.evidence) == (0.8, "It stands.")
    assert (item.lane, item.figures) == (0, {"stood_s": 8.0})
