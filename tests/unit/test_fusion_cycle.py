"""Rules of the fusion cycle: one immutable picture a step, with or without a network."""

import numpy as np
import pytest
from fusion_city import GREEN, LANE_Y, spat, street
from fusion_reports import NOW, one_sensor, reports

from fusion.cycle import FusionCycle
from fusion.errors import ClockError, FusionError
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from fusion.signal_state import SpatReport
from fusion.warm_up import warm_up
from ingest.observation import ObservationBatch


def played(cycle: FusionCycle, seconds: float = 2.0) -> TrafficPicture:
    """Let a car drive east on the street under a green light."""
    picture = None
    for step in range(round(seconds / 0.1)):
        now = NOW + 0.1 * step
        batch = reports(now - 0.02, -200.0 + 1.0 * step, LANE_Y[0], 10.0)
        light = SpatReport(spat((1, [(GREEN, 0, 100)])), now - 0.05, now)
        picture = cycle.step(batch, [light], now, one_sensor(-100.0, 0.0, 300.0))
    assert picture is not None
    return picture


def test_a_cycle_makes_a_whole_picture() -> None:
    picture = played(FusionCycle(street()))
    assert picture.tick == 20
    assert picture.time == pytest.approx(NOW + 1.9)
    assert picture.tracks.lane.tolist() == [0]
    assert picture.links.vehicles.tolist() == [1, 0, 0, 0]
    assert picture.links.speed[0] == pytest.approx(10.0, abs=0.5)
    assert picture.signals.state.tolist() == [6, 0]
    assert picture.incidents == ()


def test_without_a_network_there_are_tracks_alone() -> None:
    picture = played(FusionCycle())
    assert len(picture.tracks) == 1
    assert picture.tracks.lane.tolist() == [-1]
    assert len(picture.links.speed) == 0
    assert len(picture.signals.state) == 0


def test_a_picture_cannot_be_changed() -> None:
    picture = played(FusionCycle(street()))
    for table in (picture.tracks, picture.links, picture.signals):
        for name in table.__dataclass_fields__:
            assert not getattr(table, name).flags.writeable, name


def test_a_picture_does_not_change_with_the_next_cycle() -> None:
    cycle = FusionCycle(street())
    picture = played(cycle)
    copies = [np.copy(getattr(picture.tracks, name)) for name in picture.tracks.__dataclass_fields__]
    cycle.step(reports(NOW + 2.0, -181.0, LANE_Y[0], 10.0), [], NOW + 2.1, one_sensor())
    for name, copy in zip(picture.tracks.__dataclass_fields__, copies, strict=True):
        np.testing.assert_array_equal(getattr(picture.tracks, name), copy)


def test_stages_run_one_by_one_make_the_same_picture() -> None:
    whole, parts = FusionCycle(street()), FusionCycle(street())
    for step in range(10):
        now = NOW + 0.1 * step
        batch = reports(now, -200.0 + step, LANE_Y[0], 10.0)
        picture = whole.step(batch, [], now, one_sensor())
        draft = parts.begin(batch, [], now, one_sensor())
        for _, stage in parts.stages:
            stage(draft)
        other = parts.finish(draft)
    np.testing.assert_array_equal(picture.tracks.x, other.tracks.x)
    assert [name for name, _ in parts.stages] == ["track", "lanes", "signals", "traffic", "incidents"]


def test_the_clock_must_not_go_back() -> None:
    cycle = FusionCycle()
    cycle.step(ObservationBatch.empty(), [], NOW, SensorTable.empty())
    with pytest.raises(ClockError) as caught:
        cycle.step(ObservationBatch.empty(), [], NOW - 1.0, SensorTable.empty())
    assert caught.value.now == NOW - 1.0
    assert caught.value.last == NOW
    assert isinstance(caught.value, FusionError)


def test_two_cycles_of_the_same_input_make_the_same_picture() -> None:
    first, second = played(FusionCycle(street())), played(FusionCycle(street()))
    np.testing.assert_array_equal(first.tracks.covariance, second.tracks.covariance)
    np.testing.assert_array_equal(first.links.speed, second.links.speed)


def test_warming_up_needs_no_network() -> None:
    warm_up()
    warm_up(street())
