"""A terminal that is metres off finds its vehicle by the motion, and never a neighbour that moves otherwise."""

from collections.abc import Callable

import numpy as np
import pytest
from fusion_reports import NOW, Walk, new_walk, one_sensor, reports
from numpy.typing import ArrayLike

from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source

LANE, ASIDE = 3.3, 3.6
"""How far apart two lanes are, and how far off the terminal is, m."""
STANDS, RATE = 4.0, 2.0
"""All stand for so long, s, then drive off, m/s2."""
SPEED = 12.0
Seen = tuple[float, float]
"""Lane (m) and start (s) of a vehicle that the unit sees."""


def _driven(start: float) -> Callable[[float], Seen]:
    """Way and speed of who drives off at `start`, s."""

    def at(time: float) -> Seen:
        span = max(time - start, 0.0)
        return 0.5 * RATE * span * span, RATE * span

    return at


def _scene(walk: Walk, seen: tuple[Seen, ...], *, start: float, off: float, until: float) -> None:
    """Let a unit see vehicles of lanes, and the one in lane 0 tell its place `off` m too far left."""
    rng = np.random.default_rng(7)
    while walk.now < NOW + until - 0.01:
        time = walk.now + 0.1 - NOW
        way, speed = _driven(start)(time)
        noise = rng.normal(0.0, 0.2, (2, 1 + len(seen)))
        own = _terminal(walk, way + noise[0, 0], off + noise[1, 0], speed)
        ways = np.array([_driven(begin)(time) for _, begin in seen])
        y = np.array([lane for lane, _ in seen]) + noise[1, 1:]
        walk.cycle(own, _unit(walk, ways[:, 0] + noise[0, 1:], y, ways[:, 1]))


def _terminal(walk: Walk, x: float, y: float, vx: float, vy: float = 0.0) -> ObservationBatch:
    return reports(walk.now + 0.1, x, y, vx, vy, device=1, names=0, source=Source.SELF, sigma=1.2)


def _unit(walk: Walk, x: ArrayLike, y: ArrayLike, speed: ArrayLike, device: int = 0) -> ObservationBatch:
    return reports(walk.now + 0.1, x, y, speed, device=device, names=np.arange(np.size(x)) + 1, sigma=0.3)


def _two_units() -> Walk:
    """Units at the start and where the vehicle comes into sight again, and its terminal between them."""
    return new_walk(SensorTable(np.array([0.0, 0.0, 190.0]), np.zeros(3), np.array([60.0, 0.0, 60.0])))


def _come_aside(walk: Walk, rng: np.random.Generator) -> float:
    """Out of sight of the unit a terminal slips aside; return where its vehicle comes back into sight, m."""
    x = 0.0
    for step in range(140):
        x, aside = x + 0.1 * SPEED, ASIDE * max(step - 40, 0) / 100.0
        east, north, side, up = rng.normal(0.0, 0.2, 4)
        slip = ASIDE / 10.0 if step > 40 else 0.0
        own = _terminal(walk, x + east, aside + north, SPEED, slip)
        walk.cycle(own, *((_unit(walk, x + side, up, SPEED),) if step < 40 else ()))
    return x


def _brake(walk: Walk, x: float, rng: np.random.Generator) -> list[int]:
    """Let unit and terminal tell of the vehicle while it comes to a stand; return the number of tracks each time."""
    count = []
    for step in range(60):
        speed = max(SPEED - 0.3 * max(step - 10, 0), 0.0)
        x += 0.1 * speed
        east, north, side, up = rng.normal(0.0, 0.2, 4)
        own = _terminal(walk, x + east, ASIDE + north, speed)
        walk.cycle(own, _unit(walk, x + side, up, speed, device=2))
        count.append(len(walk.ids))
    return count


def test_a_vehicle_that_its_terminal_places_metres_aside_is_one_again_once_it_brakes() -> None:
    walk, rng = _two_units(), np.random.default_rng(7)
    x = _come_aside(walk, rng)
    before = walk.ids
    count = _brake(walk, x, rng)
    table = walk.tracker.table(walk.now)
    assert count[9] == 2
    assert count[-1] == 1
    assert count.index(1, 9) < 40
    assert walk.ids == before
    assert table.self_device.tolist() == [1]
    assert abs(table.y[0]) < 0.7


@pytest.mark.parametrize("late", [0.7, -0.7])
def test_a_vehicle_that_no_unit_sees_any_more_is_not_its_neighbour_that_drives_off_at_another_moment(
    late: float,
) -> None:
    walk = new_walk(one_sensor(count=2))
    _scene(walk, ((LANE, STANDS), (0.0, STANDS)), start=STANDS, off=0.0, until=STANDS - 1.5)
    _scene(walk, ((LANE, STANDS + late),), start=STANDS, off=0.0, until=STANDS + 3.0)
    assert len(walk.ids) == 2


@pytest.mark.parametrize("speed", [0.0, 12.0])
def test_standing_or_cruising_side_by_side_makes_no_two_one(speed: float) -> None:
    walk = new_walk(one_sensor(count=2))
    for step in range(100):
        x, lanes = 0.1 * speed * step, np.array([LANE, 0.0])[: 2 if step < 30 else 1]
        own = _terminal(walk, x, 0.0, speed)
        walk.cycle(own, _unit(walk, np.full(len(lanes), x), lanes, np.full(len(lanes), speed)))
    assert len(walk.ids) == 2


def test_two_that_a_unit_sees_at_once_stay_two_however_alike_they_move() -> None:
    walk = new_walk(one_sensor(count=2))
    both = ((0.0, STANDS), (LANE, STANDS))
    _scene(walk, both, start=STANDS, off=0.3, until=STANDS + 5.0)
    assert len(walk.ids) == walk.tracker.ids_given == 2
