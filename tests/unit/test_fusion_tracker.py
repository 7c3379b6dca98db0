"""Rules of the tracker: one track per road user, ids that last, belief that follows the evidence."""

import numpy as np
import pytest
from fusion_reports import NOW, Walk, join, new_walk, one_sensor, reports, without

from fusion.parameters import TrackerParameters
from fusion.sensors import SensorTable
from fusion.tracker import Tracker
from ingest.observation import ObservationBatch, Source
from maps.participants import ParticipantKind


def drive(walk: Walk, cycles: int, *, start: float = 0.0, speed: float = 10.0, device: int = 0) -> float:
    """Let one device report one car that drives east; return where it ends."""
    x = start
    for _ in range(cycles):
        x += 0.1 * speed
        walk.cycle(reports(walk.now + 0.1, x, 0.0, speed, device=device))
    return x


def test_a_road_user_seen_by_one_device_becomes_one_track() -> None:
    walk = new_walk()
    x = drive(walk, 10)
    table = walk.tracker.table(walk.now)
    assert len(table) == 1
    assert table.x[0] == pytest.approx(x, abs=0.1)
    assert table.vx[0] == pytest.approx(10.0, abs=0.1)
    assert table.heading[0] == pytest.approx(np.pi / 2, abs=0.01)
    assert table.kind[0] == ParticipantKind.CAR
    assert (table.length[0], table.width[0]) == (pytest.approx(4.5), pytest.approx(1.8))
    assert table.sources[0].tolist() == [0, -1, -1, -1]
    assert table.updated[0] == pytest.approx(walk.now)


def test_a_single_roadside_report_is_not_yet_a_road_user() -> None:
    walk = new_walk()
    drive(walk, 1)
    assert walk.ids == []


def test_a_vehicle_that_reports_itself_is_believed_at_once() -> None:
    walk = new_walk()
    walk.cycle(reports(walk.now + 0.1, 5.0, 5.0, source=Source.SELF, device=7))
    assert walk.tracker.table(walk.now).self_device.tolist() == [7]


def test_a_false_alarm_of_three_frames_is_never_shown() -> None:
    walk = new_walk()
    shown = []
    for cycle in range(20):
        walk.cycle(reports(walk.now + 0.1, 50.0, 50.0) if cycle < 3 else reports(walk.now + 0.1, 0.0, 0.0))
        table = walk.tracker.table(walk.now)
        shown.append(np.any(table.x > 40))
    assert not any(shown)


def test_the_table_is_extrapolated_to_the_asked_time() -> None:
    walk = new_walk()
    x = drive(walk, 10)
    assert walk.tracker.table(walk.now + 0.5).x[0] == pytest.approx(x + 5.0, abs=0.2)
    assert walk.tracker.table(walk.now - 0.5).x[0] == pytest.approx(x - 5.0, abs=0.2)


def test_two_roadside_units_and_the_vehicle_itself_make_one_track() -> None:
    walk = new_walk(one_sensor(count=3))
    for cycle in range(40):
        x = 1.0 * cycle
        walk.cycle(
            reports(walk.now + 0.02, x + 0.2, 0.2, 10.0, device=0),
            reports(walk.now + 0.05, x + 0.3 - 0.1, -0.1, 10.0, device=1, names=77),
            reports(walk.now + 0.08, x + 0.6 + 1.0, 0.8, 10.0, device=2, source=Source.SELF, sigma=1.5),
        )
    table = walk.tracker.table(walk.now)
    assert len(table) == 1
    assert table.self_device[0] == 2
    assert set(table.sources[0].tolist()) >= {0, 1, 2}


def test_a_track_keeps_its_id_from_one_roadside_unit_to_the_next() -> None:
    walk = new_walk(SensorTable(np.array([0.0, 200.0]), np.zeros(2), np.full(2, 110.0)))
    x = drive(walk, 100, start=0.0)
    before = walk.ids
    drive(walk, 80, start=x, device=1)
    assert len(before) == 1
    assert walk.ids == before


def test_a_track_keeps_its_id_over_a_gap_of_nearly_three_seconds() -> None:
    walk = new_walk()
    x = drive(walk, 20)
    before = walk.ids
    for _ in range(28):
        walk.cycle()
    drive(walk, 10, start=x + 28.0)
    assert walk.ids == before


def test_a_track_without_reports_is_shown_for_two_seconds() -> None:
    walk = new_walk()
    drive(walk, 20)
    before = walk.ids
    for _ in range(19):
        walk.cycle()
    assert walk.ids == before
    for _ in range(3):
        walk.cycle()
    assert walk.ids == []


def test_a_track_without_reports_ends_after_three_seconds() -> None:
    walk = new_walk()
    x = drive(walk, 20)
    before = walk.ids
    for _ in range(31):
        walk.cycle()
    drive(walk, 10, start=x + 31.0)
    assert len(walk.ids) == 1
    assert walk.ids != before


def test_objects_that_cross_keep_their_ids() -> None:
    walk = new_walk()
    start: dict[float, int] = {}
    for cycle in range(81):
        along = -20.0 + 0.5 * cycle
        walk.cycle(reports(walk.now + 0.1, [along, 0.4], [0.0, along], [5.0, 0.0], [0.0, 5.0]))
        if cycle == 20:
            table = walk.tracker.table(walk.now)
            start = {float(round(vx)): int(track) for vx, track in zip(table.vx, table.track_id, strict=True)}
    table = walk.tracker.table(walk.now)
    end = {float(round(vx)): int(track) for vx, track in zip(table.vx, table.track_id, strict=True)}
    assert len(start) == 2
    assert end == start


def test_ids_are_never_used_again() -> None:
    walk = new_walk()
    seen: set[int] = set()
    for visit in range(5):
        drive(walk, 10, start=100.0 * visit)
        (track,) = walk.ids
        assert track not in seen
        seen.add(track)
        for _ in range(35):
            walk.cycle()
    assert walk.tracker.ids_given >= len(seen)


def test_a_sensor_that_should_see_a_track_and_does_not_hides_it_sooner() -> None:
    def cycles_shown(radius: float) -> int:
        walk = new_walk(one_sensor(radius=radius))
        for _ in range(20):
            walk.cycle(reports(walk.now + 0.1, [0.0, 100.0], [0.0, 0.0], names=[1, 2]))
        for cycle in range(40):
            walk.cycle(reports(walk.now + 0.1, 0.0, 0.0, names=1))
            if len(walk.ids) == 1:
                return cycle
        return 40

    assert cycles_shown(150.0) < 20
    assert cycles_shown(50.0) >= 20


def test_a_hidden_track_that_comes_back_has_its_old_id() -> None:
    walk = new_walk()
    both = [0.0, 50.0]
    for _ in range(20):
        walk.cycle(reports(walk.now + 0.1, both, [0.0, 0.0], names=[1, 2]))
    before = walk.ids
    for _ in range(20):
        walk.cycle(reports(walk.now + 0.1, 0.0, 0.0, names=1))
    hidden = walk.ids
    for _ in range(5):
        walk.cycle(reports(walk.now + 0.1, both, [0.0, 0.0], names=[1, 9]))
    assert len(hidden) == 1
    assert walk.ids == before


def test_a_late_report_changes_the_present_as_if_it_had_come_in_time() -> None:
    times = NOW + np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    spots = np.array([0.0, 1.1, 1.9, 3.2, 4.0])

    def last(order: list[int]) -> float:
        tracker = Tracker(TrackerParameters(registration=False))
        for place, at in enumerate(order):
            batch = reports(times[at], spots[at], 0.0, 10.0, source=Source.SELF)
            tracker.update(batch, NOW + 0.5 + 0.01 * place, one_sensor())
        return float(tracker.table(NOW + 0.5).x[0])

    in_order = last([0, 1, 2, 3, 4])
    assert last([0, 1, 2, 4, 3]) == pytest.approx(in_order, abs=0.05)
    assert last([0, 1, 2, 4]) != pytest.approx(in_order, abs=1e-4)


def test_a_report_that_comes_twice_counts_once() -> None:
    walks = [new_walk(), new_walk()]
    for _ in range(10):
        for times, walk in enumerate(walks, start=1):
            walk.cycle(*[reports(walk.now + 0.1, 3.0, 4.0)] * times)
    tables = [walk.tracker.table(walk.now) for walk in walks]
    np.testing.assert_array_equal(tables[0].covariance, tables[1].covariance)
    assert tables[1].track_id.tolist() == tables[0].track_id.tolist()
    assert walks[1].tracker.duplicates >= 9


@pytest.mark.parametrize(
    "column",
    ["x", "y", "event_time", "sigma_position", "sigma_velocity", "vx", "vy", "heading", "length", "kind_confidence"],
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_broken_number_leaks_into_the_table(column: str, value: float) -> None:
    walk = new_walk()
    for cycle in range(12):
        batch = reports(walk.now + 0.1, [0.0, 30.0], [0.0, 30.0])
        if cycle % 2:
            getattr(batch, column)[0] = value
        walk.cycle(batch)
    table = walk.tracker.table(walk.now)
    assert len(table) == 2
    for name in ("x", "y", "vx", "vy", "heading", "covariance", "length", "width", "existence", "updated"):
        assert np.isfinite(getattr(table, name)).all(), name


@pytest.mark.parametrize("age", [1.5, -2.0])
def test_reports_from_long_ago_or_from_the_future_are_refused(age: float) -> None:
    walk = new_walk()
    for _ in range(10):
        walk.cycle(reports(walk.now + 0.1 - age, 0.0, 0.0, source=Source.SELF))
    assert walk.tracker.ids_given == 0


def test_the_heading_is_kept_at_standstill() -> None:
    walk = new_walk()
    x = drive(walk, 20)
    for cycle in range(60):
        speed = max(10.0 - 0.3 * cycle, 0.0)
        x += 0.1 * speed
        walk.cycle(reports(walk.now + 0.1, x, 0.0, speed, heading=np.nan if cycle % 2 else 2.0))
    assert walk.tracker.table(walk.now).heading[0] == pytest.approx(np.pi / 2, abs=0.35)


def test_neighbours_that_one_device_tells_apart_stay_two() -> None:
    walk = new_walk()
    for cycle in range(60):
        along = 0.12 * cycle
        walk.cycle(reports(walk.now + 0.1, [along, along], [0.0, 0.7], 1.2, kind=ParticipantKind.PEDESTRIAN, sigma=0.5))
    assert len(walk.ids) == 2


def test_two_tracks_of_one_vehicle_are_joined() -> None:
    walk = new_walk(one_sensor(count=2))
    for cycle in range(60):
        offset = max(12.0 - 0.4 * cycle, 0.0)
        walk.cycle(
            reports(walk.now + 0.1, 1.0 * cycle, 0.0, 10.0, device=0),
            reports(walk.now + 0.1, 1.0 * cycle, offset, 10.0, device=1, source=Source.SELF, sigma=1.0),
        )
        if cycle == 5:
            assert len(walk.ids) == 2
    table = walk.tracker.table(walk.now)
    assert len(table) == 1
    assert table.self_device[0] == 1


def test_two_vehicles_with_terminals_are_never_joined() -> None:
    walk = new_walk(one_sensor(count=2))
    for _ in range(30):
        walk.cycle(
            *(
                reports(walk.now + 0.1, 0.2 * device, 0.0, device=device, source=Source.SELF, sigma=2.0)
                for device in range(2)
            )
        )
    assert sorted(walk.tracker.table(walk.now).self_device.tolist()) == [0, 1]


def test_the_offset_of_a_roadside_unit_is_found_and_taken_out() -> None:
    walk = new_walk(one_sensor(count=4))
    rng = np.random.default_rng(4)
    spots = rng.uniform(-60, 60, (12, 2))
    for _ in range(150):
        walk.cycle(
            *(
                reports(
                    walk.now + 0.02 * device + 0.02,
                    spots[:, 0] + rng.normal(0, 0.2, 12) + (0.9 if device == 3 else 0.0),
                    spots[:, 1] + rng.normal(0, 0.2, 12),
                    device=device,
                    sigma=0.2,
                )
                for device in range(4)
            )
        )
    table = walk.tracker.table(walk.now)
    assert len(table) == 12
    nearest = np.array([table.x[np.argmin(np.hypot(table.x - x, table.y - y))] for x, y in spots])
    assert abs(np.mean(nearest - spots[:, 0])) < 0.2


def test_an_unnamed_kind_stays_unknown_and_a_named_one_wins() -> None:
    walk = new_walk()
    for cycle in range(12):
        kind = [ParticipantKind.UNKNOWN, ParticipantKind.TRUCK if cycle % 4 == 1 else ParticipantKind.BUS]
        walk.cycle(reports(walk.now + 0.1, [0.0, 40.0], 0.0, kind=kind))
    table = walk.tracker.table(walk.now)
    assert table.kind[np.argsort(table.x)].tolist() == [ParticipantKind.UNKNOWN, ParticipantKind.BUS]


def test_devices_may_appear_at_any_time() -> None:
    walk = new_walk(SensorTable.empty())
    for cycle in range(20):
        walk.cycle(reports(walk.now + 0.1, 0.0, 0.0, device=100 * cycle))
    assert len(walk.ids) == 1


def test_a_sensor_table_of_unknown_sensors_doubts_nothing() -> None:
    walk = new_walk(SensorTable.unknown(2))
    for _ in range(10):
        walk.cycle(reports(walk.now + 0.1, [0.0, 100.0], 0.0))
    for _ in range(20):
        walk.cycle(reports(walk.now + 0.1, 0.0, 0.0))
    assert len(walk.ids) == 2


def test_an_empty_cycle_is_no_event() -> None:
    walk = new_walk()
    walk.cycle(ObservationBatch.empty())
    assert walk.ids == []
    drive(walk, 10)
    walk.cycle(ObservationBatch.empty())
    assert len(walk.ids) == 1


def test_a_dense_crowd_keeps_one_track_per_head() -> None:
    walk = new_walk()
    grid = np.stack(np.meshgrid(np.arange(8) * 1.2, np.arange(8) * 1.2), axis=-1).reshape(-1, 2)
    rng = np.random.default_rng(1)
    for cycle in range(30):
        noise = rng.normal(0, 0.15, grid.shape)
        batch = reports(
            walk.now + 0.1,
            grid[:, 0] + 0.1 * cycle + noise[:, 0],
            grid[:, 1] + noise[:, 1],
            1.0,
            kind=ParticipantKind.PEDESTRIAN,
            sigma=0.2,
        )
        walk.cycle(join(without(batch, *rng.integers(0, 64, 3).tolist())))
    assert len(walk.ids) == 64


def test_sensors_that_never_saw_a_track_cannot_hide_it_from_the_one_that_does() -> None:
    walk = new_walk(one_sensor(count=5))
    shown = []
    for _cycle in range(60):
        others = [reports(walk.now + 0.05, 60.0, 60.0, device=device) for device in range(1, 5)]
        walk.cycle(reports(walk.now + 0.1, 0.0, 0.0), *others)
        shown.append(np.any(walk.tracker.table(walk.now).x < 10))
    assert all(shown[10:])


def test_a_device_whose_position_cannot_be_true_is_still_tracked() -> None:
    walk = new_walk(one_sensor(x=5000.0))
    x = drive(walk, 20)
    assert len(walk.ids) == walk.tracker.ids_given == 1
    assert walk.tracker.table(walk.now).x[0] == pytest.approx(x, abs=0.1)
