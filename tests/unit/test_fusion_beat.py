"""However often the engine fuses, the same reports give the same tracks."""

import numpy as np
from fusion_reports import NOW, join, one_sensor, picked, reports

from fusion.parameters import TrackerParameters
from fusion.tracker import Tracker
from ingest.observation import ObservationBatch, Source

UNITS, CARS, SECONDS = 2, 12, 8.0


def _heard() -> ObservationBatch:
    """All reports of some vehicles on a road: two units half a beat apart, of which one begins late, and terminals."""
    rng, batches = np.random.default_rng(6), []
    for step in range(round(SECONDS * 10)):
        for unit in range(UNITS):
            time = NOW + 0.1 * step + 0.03 + 0.05 * unit
            if unit and step < 20:
                continue
            east, north = rng.normal(0.0, 0.3, (2, CARS))
            place = 8.0 * (time - NOW) + 30.0 * np.arange(CARS)
            seen = rng.random(CARS) < 0.9
            cars = reports(time, place + east, 5.0 * (np.arange(CARS) % 2) + north, 8.0, device=unit)
            batches.append(picked(cars, np.flatnonzero(seen)))
        time = NOW + 0.1 * step + 0.06
        east, north = rng.normal(0.0, 1.0, (2, CARS))
        place = 8.0 * (time - NOW) + 30.0 * np.arange(CARS)
        told = (place + east, 5.0 * (np.arange(CARS) % 2) + north, 8.0)
        devices = UNITS + np.arange(CARS)
        own = reports(time, *told, device=devices, names=0, source=Source.SELF, sigma=1.2)
        batches.append(picked(own, np.arange(0, CARS, 3)))
    return join(*batches)


def _tracked(beat: float, parameters: TrackerParameters | None = None) -> tuple[Tracker, dict[int, list[float]]]:
    """Fuse with so long a beat, s; the tracker and what it shows in the end by id."""
    heard, sensors = _heard(), one_sensor(count=UNITS + CARS, radius=500.0)
    tracker, before = Tracker(parameters), NOW
    for number in range(1, round(SECONDS / beat) + 1):
        now = NOW + beat * number
        due = (heard.event_time > before) & (heard.event_time <= now)
        tracker.update(picked(heard, np.flatnonzero(due)), now, sensors)
        before = now
    table = tracker.table(NOW + SECONDS)
    places = np.column_stack((table.x, table.y, table.vx, table.vy))
    return tracker, dict(zip(table.track_id.tolist(), places.tolist(), strict=True))


def test_ten_and_twenty_beats_a_second_give_the_same_tracks() -> None:
    (slow, one), (quick, other) = _tracked(0.1), _tracked(0.05)
    assert one.keys() == other.keys()
    assert len(one) == CARS
    assert slow.ids_given == quick.ids_given
    for track, place in one.items():
        assert np.abs(np.subtract(place, other[track])).max() < 0.05
    for unit in range(UNITS):
        errors = np.subtract(slow.device_errors(unit), quick.device_errors(unit))
        assert np.abs(errors).max() < 0.03


def test_two_tracks_of_one_road_user_are_joined_after_the_same_time_at_any_beat() -> None:
    """Counted in beats they would be joined in half the time at twenty a second."""
    lasted = []
    for beat in (0.1, 0.05, 0.025):
        sensors, tracker, before, joined = one_sensor(count=2), Tracker(), NOW, np.nan
        for number in range(1, round(3.0 / beat) + 1):
            now, due = NOW + beat * number, [ObservationBatch.empty()]
            for step in range(120):
                told = NOW + 0.025 * step + 0.01
                if before < told <= now and step % 4 in (0, 2):
                    unit, apart = step % 4 // 2, 2.8 if told < NOW + 1.5 else 0.0
                    due.append(reports(told, apart * unit, 0.0, device=unit, sigma=0.2))
            tracker.update(join(*due), now, sensors)
            before = now
            if now > NOW + 1.5 and np.isnan(joined) and len(tracker.table(now)) == 1:
                joined = now - NOW
        lasted.append(joined)
    assert np.isfinite(lasted).all()
    assert np.ptp(lasted) < 0.11
