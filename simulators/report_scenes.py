"""Small scenes made from models of motion: an arterial with lights, a freeway, a campus, two cars that look around.

Cars follow the Intelligent Driver Model (Treiber, Hennecke, Helbing 2000) along fixed paths; pedestrians walk from
goal to goal, alone or abreast, and keep apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.participants import ParticipantKind as Kind
from simulators.report_world import STEP, ReportWorld, Values, velocities

_ACCELERATION, _BRAKING, _HEADWAY, _JAM = 1.8, 2.2, 1.3, 2.0
_STOP_BEFORE = 22.0
"""Distance of the stop line from the middle of the crossing, m."""
_LANE = 3.5
_HALF = 160.0
"""Length of each arm, m."""
_SIDEWAYS = 2.5
"""Sideways acceleration in turns, m/s2."""
_BEFORE = 25.0
"""Cars drive for so long before the scene starts, s."""
_GROUP = 3
"""The last of so many walkers goes beside the one before."""
_LANES, _CHANGING = 3, 0.3
"""Lanes each way of the freeway, and the share of cars that change lanes."""
_ROOM = 9.0
"""Free way at the entrance that the next car needs, m."""


@dataclass(frozen=True)
class Path:
    """A line to drive along, and where a light may stop it."""

    points: Values
    """(k, 2)"""
    speed: float
    stop: float = np.inf
    """Distance of the stop line along the path, m."""
    red: tuple[float, float] = (0.0, 0.0)
    """Part of a cycle of 60 s in which the light is red."""
    slow: tuple[float, float] = (0.0, -1.0)
    """Stretch driven at `turn` m/s."""
    turn: float = 5.0

    def place(self, along: Values) -> Values:
        """Give the points (n, 2) at distances along the path."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        mark = np.concatenate(([0.0], np.cumsum(steps)))
        return np.column_stack([np.interp(along, mark, self.points[:, axis]) for axis in (0, 1)])

    @property
    def length(self) -> float:
        """Length, m."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def _turned(points: Values, quarter: int) -> Values:
    angle = quarter * np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn.T)


def _arm_paths(quarter: int) -> list[Path]:
    """Straight on in two lanes, right and left from lanes of their own, from one arm."""
    red = (30.0, 60.0) if quarter % 2 else (0.0, 30.0)
    stop = _HALF - _STOP_BEFORE
    paths = []
    for lane in (1.5, 2.5):
        line = np.array([[-_HALF, -lane * _LANE], [_HALF, -lane * _LANE]])
        paths.append(Path(_turned(line, quarter), 13.0 + lane, stop, red))
    for radius, side in ((8.0, -1.0), (14.0, 1.0)):
        lane = 3.5 if side < 0 else 0.5
        angle = np.linspace(0.0, np.pi / 2, 12)
        start = side * lane * _LANE - radius
        arc = np.column_stack((start + radius * np.sin(angle), -lane * _LANE + side * radius * (1 - np.cos(angle))))
        first, last = np.array([[-_HALF, -lane * _LANE]]), np.array([[arc[-1, 0], side * _HALF]])
        bend = (_HALF + start, _HALF + start + radius * np.pi / 2)
        paths.append(
            Path(
                _turned(np.vstack((first, arc, last)), quarter),
                13.0,
                stop,
                red,
                bend,
                float(np.sqrt(_SIDEWAYS * radius)),
            )
        )
    return paths


def _drive(path: Path, starts: Values, seconds: float, rng: np.random.Generator, spread: float) -> Values:
    """Positions (moments, n, 2) of cars that enter a path at times `starts`; NaN while they are not on it."""
    moments, count = round(seconds / STEP) + 1, len(starts)
    along, speed = np.zeros(count), np.full(count, 0.8 * path.speed)
    wish = path.speed * (1.0 + spread * rng.normal(0, 1, count))
    found = np.full((moments, count, 2), np.nan)
    for moment in range(-round(_BEFORE / STEP), moments):
        time = moment * STEP
        on = np.flatnonzero(_entered(starts <= time, along) & (along < path.length))
        lead = np.append(np.inf, along[on][:-1] - 4.5) if len(on) else np.empty(0)
        pace = np.append(0.0, speed[on][:-1]) if len(on) else np.empty(0)
        red = path.red[0] <= time % 60.0 < path.red[1]
        braking = speed[on] ** 2 / (2.0 * 3.5)
        halted = red & (along[on] + braking < path.stop)
        pace = np.where(halted & (path.stop < lead), 0.0, pace)
        lead = np.where(halted, np.minimum(lead, path.stop), lead)
        in_bend = (along[on] > path.slow[0] - 15.0) & (along[on] < path.slow[1])
        target = np.where(in_bend, path.turn, wish[on])
        gap = np.maximum(lead - along[on], 0.3)
        closing = speed[on] * (speed[on] - pace) / (2.0 * np.sqrt(_ACCELERATION * _BRAKING))
        desired = _JAM + np.maximum(_HEADWAY * speed[on] + np.where(np.isfinite(lead), closing, 0.0), 0.0)
        push = _ACCELERATION * (1.0 - (speed[on] / target) ** 4 - (desired / gap) ** 2)
        speed[on] = np.maximum(speed[on] + np.clip(push, -6.0, _ACCELERATION) * STEP, 0.0)
        along[on] += speed[on] * STEP
        if moment >= 0:
            found[moment, on] = path.place(along[on])
    return found


def _entered(due: NDArray[np.bool_], along: Values) -> NDArray[np.bool_]:
    """Tell which cars (n,) are on the path: those on it, and the next that is due if the one ahead has left it room."""
    room = np.append(True, along[:-1] > _ROOM)
    return np.asarray((along > 0.0) | (due & room & np.append(True, along[:-1] > 0.0)))


def urban(seconds: float, rng: np.random.Generator) -> ReportWorld:
    """Make a crossing of two arterials with lights: queues, stop and go, turns, pedestrians at the kerb."""
    parts, kinds = [], []
    for quarter in range(4):
        for path in _arm_paths(quarter):
            gap = 18.0 if path.slow[1] > 0.0 else 7.0
            starts = np.cumsum(rng.exponential(gap - 2.5, round(seconds / gap) + 4) + 2.5) - 25.0
            parts.append(_drive(path, np.maximum(starts, 2.5 * np.arange(len(starts)) - 25.0), seconds, rng, 0.05))
            kinds += [Kind.TRUCK if rng.random() < 0.08 else Kind.CAR for _ in starts]
    walkers = _walk(14, seconds, rng, 25.0, 1.3)
    parts.append(walkers)
    kinds += [Kind.PEDESTRIAN] * walkers.shape[1]
    return ReportWorld.of(kinds, velocities(np.concatenate(parts, axis=1)))


def freeway(seconds: float, rng: np.random.Generator) -> ReportWorld:
    """Make six lanes at some 30 m/s, with changes of lane."""
    parts, kinds, sides = [], [], []
    for lane in range(2 * _LANES):
        way = 1.0 if lane < _LANES else -1.0
        offset = way * (3.0 + _LANE * (lane % _LANES))
        path = Path(np.array([[-250.0 * way, -offset], [250.0 * way, -offset]]), 33.0 - 3.0 * (lane % _LANES))
        starts = np.cumsum(rng.exponential(1.2, round(seconds / 2.4) + 8) + 1.2) - 18.0
        run = _drive(path, starts, seconds, rng, 0.08)
        parts.append(run)
        sides += [way if lane % _LANES < _LANES - 1 else -way] * run.shape[1]
        kinds += [Kind.TRUCK if lane % _LANES == _LANES - 1 and rng.random() < 0.4 else Kind.CAR for _ in starts]
    places = np.concatenate(parts, axis=1)
    for car in np.flatnonzero(rng.random(len(kinds)) < _CHANGING):
        _change_lane(places, int(car), sides[car], rng.uniform(-120.0, 120.0))
    return ReportWorld.of(kinds, velocities(places))


def _change_lane(places: Values, car: int, side: float, middle: float) -> None:
    """Move a car over by one lane about x = `middle`, unless another is in the way."""
    way = np.sign(np.nanmedian(np.diff(places[:, car, 0]))) if np.isfinite(places[:, car]).any() else 1.0
    moved = places[:, car] - np.column_stack(
        (np.zeros(len(places)), side * _LANE / (1.0 + np.exp(-way * (places[:, car, 0] - middle) / 22.0)))
    )
    others = np.delete(places, car, axis=1)
    apart = np.hypot(others[..., 0] - moved[:, None, 0], 3.0 * (others[..., 1] - moved[:, None, 1]))
    if not (np.nan_to_num(apart, nan=np.inf) < _ROOM).any():
        places[:, car] = moved


def _walk(count: int, seconds: float, rng: np.random.Generator, half: float, pace: float) -> Values:
    """Positions (moments, n, 2) of walkers between goals in a square; one in three follows another side by side."""
    moments = round(seconds / STEP) + 1
    place, goal = rng.uniform(-half, half, (count, 2)), rng.uniform(-half, half, (count, 2))
    speed, velocity = pace * (1 + 0.18 * rng.normal(0, 1, count)), np.zeros((count, 2))
    mate = np.where(np.arange(count) % _GROUP == _GROUP - 1, np.arange(count) - 1, -1)
    paired = np.flatnonzero(mate >= 0)
    place[paired] = place[mate[paired]] + [0.8, 0.0]
    found = np.empty((moments, count, 2))
    for moment in range(moments):
        goal[paired] = (
            place[mate[paired]]
            + np.column_stack((-velocity[mate[paired], 1], velocity[mate[paired], 0]))
            * (0.9 / np.maximum(np.hypot(*velocity[mate[paired]].T), 0.3))[:, None]
        )
        way = goal - place
        far = np.hypot(*way.T)
        fresh = np.flatnonzero((far < 1.0) & (mate < 0))
        goal[fresh] = rng.uniform(-half, half, (len(fresh), 2))
        limit = np.where(mate >= 0, np.minimum(1.5 * speed, 2.0 * far), speed)
        wish = way / np.maximum(far, 1e-6)[:, None] * limit[:, None]
        wish[mate >= 0] += velocity[mate[paired]] * 0.8
        apart = place[:, None] - place[None]
        near = np.hypot(apart[..., 0], apart[..., 1]) + 100.0 * np.eye(count)
        wish += (apart / near[..., None] * np.exp(-(near - 0.5) / 0.3)[..., None]).sum(axis=1)
        velocity += np.clip((wish - velocity) * STEP / 0.5, -0.2, 0.2) + rng.normal(0, 0.02, (count, 2))
        place = place + velocity * STEP
        found[moment] = place
    return found


def campus(seconds: float, rng: np.random.Generator) -> ReportWorld:
    """Make a square full of pedestrians and bicycles."""
    people, riders = _walk(54, seconds, rng, 26.0, 1.35), _walk(12, seconds, rng, 32.0, 4.0)
    kinds = [Kind.PEDESTRIAN] * people.shape[1] + [Kind.CYCLIST] * riders.shape[1]
    return ReportWorld.of(kinds, velocities(np.concatenate((people, riders), axis=1)))


def pair(seconds: float, rng: np.random.Generator) -> ReportWorld:
    """Make an urban street on which the first two cars carry the sensors."""
    world = urban(seconds, rng)
    cars = np.flatnonzero(np.isin(world.kind, (Kind.CAR, Kind.TRUCK)))
    there = np.isfinite(world.track[:, cars, 0]).sum(axis=0)
    first = cars[np.argsort(-there)[:2]]
    order = np.concatenate((first, np.setdiff1d(np.arange(len(world.kind)), first)))
    return ReportWorld(world.kind[order], world.length[order], world.width[order], world.track[:, order])


SCENES: dict[str, Callable[[float, np.random.Generator], ReportWorld]] = {
    "urban": urban,
    "freeway": freeway,
    "campus": campus,
    "pair": pair,
}
"""Makers of scenes by name."""
