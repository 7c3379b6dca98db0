"""Sensors of roadside units: their errors have the statistics that the level names."""

from dataclasses import replace

import numpy as np
import pytest
from fleet_world import network, one_site, still_segment
from numpy.typing import NDArray

from maps.participants import ParticipantKind as Kind
from simulators.fleet_levels import LEVELS, Level
from simulators.fleet_motion import Segment
from simulators.rsu_sensor import PTC_IDS, Detections, RoadsideSensors, Sites, observable

CLEAN = replace(
    LEVELS["good"],
    noise=0.0,
    bias=0.0,
    yaw_bias_deg=0.0,
    detection_near=1.0,
    detection_far=1.0,
    false_alarms=0.0,
    wrong_kind=0.0,
    speed_noise=0.0,
)


def sensors(level: Level, sites: Sites, segment: Segment, seed: int = 1) -> RoadsideSensors:
    """Sensors that have just entered a segment in which all is new."""
    made = RoadsideSensors(sites, level, 1, np.random.default_rng(seed))
    slots = segment.slot
    made.enter(segment, len(slots), slots)
    return made


def samples(level: Level, x: NDArray[np.float64], y: NDArray[np.float64], count: int) -> list[Detections]:
    """What one unit reports of road users that stand still."""
    segment = still_segment(x, y)
    unit = sensors(level, one_site(), segment)
    return [unit.sense(0, segment, 1000.0 + 0.1 * k) for k in range(count)]


def metres(found: Detections) -> NDArray[np.float64]:
    """Reported positions in the plane, (2, n)."""
    return np.stack(network().plane.forward(found.lon, found.lat))


def test_without_errors_a_report_is_the_truth() -> None:
    x, y = np.array([10.0, -60.0]), np.array([20.0, 90.0])
    (found,) = samples(CLEAN, x, y, 1)
    np.testing.assert_allclose(metres(found), np.stack((x, y)), atol=0.02)
    assert found.kind.tolist() == [Kind.CAR, Kind.CAR]


def test_position_noise_has_the_levels_deviation() -> None:
    x, y = np.full(200, 30.0), np.full(200, 40.0)
    found = samples(replace(CLEAN, noise=0.25), x, y, 20)
    errors = np.concatenate([metres(each) - [[30.0], [40.0]] for each in found], axis=1)
    assert errors.std() == pytest.approx(0.25, rel=0.05)
    assert abs(errors.mean()) < 0.02


def test_a_unit_keeps_its_bias() -> None:
    found = samples(replace(CLEAN, bias=0.5), np.array([0.0]), np.array([50.0]), 5)
    errors = np.concatenate([metres(each) - [[0.0], [50.0]] for each in found], axis=1)
    assert np.abs(errors).max() > 0.05
    np.testing.assert_allclose(errors, np.repeat(errors[:, :1], 5, axis=1), atol=1e-6)


@pytest.mark.parametrize(("distance", "share"), [(1.0, 0.95), (150.0, 0.70)])
def test_misses_grow_with_the_distance(distance: float, share: float) -> None:
    level = replace(CLEAN, detection_near=0.95, detection_far=0.70, burst=0.3)
    found = samples(level, np.zeros(300), np.full(300, distance - 0.5), 100)
    assert np.mean([len(each.row) for each in found]) / 300 == pytest.approx(share, abs=0.02)


def test_misses_come_in_bursts_of_the_levels_length() -> None:
    level = replace(CLEAN, detection_near=0.9, detection_far=0.9, burst=0.5)
    found = samples(level, np.zeros(200), np.full(200, 50.0), 200)
    missed = np.array([~np.isin(np.arange(200), each.row) for each in found])
    starts = (missed[1:] & ~missed[:-1]).sum()
    assert missed.sum() / starts * 0.1 == pytest.approx(0.5, rel=0.15)


def test_a_road_user_keeps_its_id_and_no_two_share_one() -> None:
    found = samples(CLEAN, np.linspace(-50, 50, 40), np.zeros(40), 10)
    assert all(np.array_equal(each.ptc_id, found[0].ptc_id) for each in found)
    assert len(set(found[0].ptc_id.tolist())) == 40


def test_a_forgotten_road_user_gets_a_new_id() -> None:
    segment = still_segment(np.array([5.0]), np.array([5.0]))
    unit = sensors(CLEAN, one_site(), segment)
    early, soon, late = (unit.sense(0, segment, t).ptc_id[0] for t in (1000.0, 1000.9, 1002.0))
    assert early == soon != late


def test_ids_stay_within_1_and_65535_and_start_over() -> None:
    segment = still_segment(np.zeros(40), np.linspace(1, 100, 40))
    unit = sensors(CLEAN, one_site(), segment)
    unit._next_id[:] = PTC_IDS - 10
    ids = unit.sense(0, segment, 1000.0).ptc_id
    assert ids.min() == 1
    assert ids.max() == PTC_IDS
    assert len(set(ids.tolist())) == 40


def test_nothing_is_seen_out_of_range_or_view() -> None:
    x, y = np.array([0.0, 0.0, 0.0, 80.0]), np.array([99.0, 101.0, -50.0, 10.0])
    segment = still_segment(x, y)
    site = one_site(reach=100.0, half_view=np.pi / 4)
    assert sensors(CLEAN, site, segment).sense(0, segment, 1000.0).row.tolist() == [0]
    assert observable(site, x, y).tolist() == [True, False, False, False]


def test_false_alarms_come_at_the_levels_rate_and_some_last() -> None:
    level = replace(CLEAN, false_alarms=0.5)
    found = samples(level, np.array([0.0]), np.array([10.0]), 2000)
    ghosts = [each.ptc_id[each.row < 0] for each in found]
    born = len(set(np.concatenate(ghosts).tolist()))
    assert born / 2000 == pytest.approx(0.5, rel=0.1)
    assert sum(map(len, ghosts)) / born == pytest.approx(0.7 + 0.3 * 3.5, rel=0.1)


def test_detections_are_grouped_by_unit() -> None:
    plane = network().plane
    count = 4
    sites = Sites(
        np.linspace(0.0, 120.0, count),
        np.zeros(count),
        np.full(count, plane.lon),
        np.full(count, plane.lat),
        np.full(count, 100.0),
        np.zeros(count),
        np.full(count, np.pi),
    )
    segment = still_segment(np.linspace(0, 120, 30), np.zeros(30))
    level = replace(LEVELS["poor"], false_alarms=2.0)
    units = sensors(level, sites, segment).sense(0, segment, 1000.0).unit
    assert (np.diff(units) >= 0).all()
    assert set(units.tolist()) == {0, 1, 2, 3}


def test_some_road_users_are_taken_for_another_kind_for_good() -> None:
    found = samples(replace(CLEAN, wrong_kind=0.2), np.zeros(500), np.full(500, 9.0), 3)
    wrong = [each.kind == Kind.VAN for each in found]
    assert wrong[0].mean() == pytest.approx(0.2, abs=0.05)
    assert np.array_equal(wrong[0], wrong[2])
