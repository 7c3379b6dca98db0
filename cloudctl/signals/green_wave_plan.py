"""Green-wave plans for a corridor: offsets of fixed plans chosen from measured flows.

All signals of a corridor share a cycle. Platoons leave a signal at the beginning of its green and spread on the way
(D. I. Robertson, "TRANSYT: a traffic network study tool", RRL report LR 253, 1969); the offsets are those at which the
delay and the stops of both directions together are least. What two neighbours cost depends on the difference of their
offsets alone and a corridor has no loops, so the best difference of each pair is the best of all; MAXBAND's integer
programme (J. Little, M. Kelson, N. Gartner, "MAXBAND", TRR 795, 1981) weighs bandwidths, this weighs flows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.errors import CorridorError

Reals = NDArray[np.float64]
STOP_COST = 5.0
"""s of delay that a stop counts as"""
DISPERSION = 0.35
"""alpha of Robertson's platoon dispersion"""
SATURATION = 0.5
"""vehicles/s and lane"""
BAND_STEP = 0.5
"""s"""


@dataclass(frozen=True, slots=True)
class CorridorSignal:
    """One signal of a corridor: green of each direction within its cycle, s, and flow on each, vehicles/s.

    `green_*` is (begin, duration); flows are those that arrive along the corridor; `lanes_*` discharge together.
    """

    green_out: tuple[float, float]
    green_back: tuple[float, float]
    flow_out: float
    flow_back: float
    lanes_out: int = 1
    lanes_back: int = 1


@dataclass(frozen=True, slots=True)
class Burden:
    """What the vehicles of one direction suffer in a cycle."""

    vehicles: float
    """That arrive at a signal after another of the corridor; one that passes three counts twice."""
    delay: float
    """vehicle s"""
    stops: float

    @property
    def cost(self) -> float:
        """Delay and stops together, vehicle s."""
        return self.delay + STOP_COST * self.stops


@dataclass(frozen=True, slots=True)
class GreenWavePlan:
    """Offsets, s, of the signals in the order of the corridor, and the burden of each direction, before and after."""

    offsets: tuple[float, ...]
    out: Burden
    back: Burden
    out_before: Burden
    back_before: Burden

    @property
    def cost(self) -> float:
        """Of both directions, vehicle s a cycle."""
        return self.out.cost + self.back.cost

    @property
    def cost_before(self) -> float:
        """Of both directions, vehicle s a cycle."""
        return self.out_before.cost + self.back_before.cost


def plan_green_wave(
    signals: Sequence[CorridorSignal],
    travel: Sequence[float],
    cycle: int,
    offsets: Sequence[float] | None = None,
    travel_back: Sequence[float] | None = None,
) -> GreenWavePlan:
    """Offsets of least cost; `travel` s between neighbours, on the way back `travel_back` (else the same).

    `offsets` are those of today, s; without them, before is what signals that know nothing of each other cost.

    Raises:
        CorridorError: fewer than two signals, no travel time for each pair, or a green longer than the cycle.
    """
    back = travel if travel_back is None else travel_back
    _check(signals, (travel, back), cycle)
    pairs = [_pair_burdens(pair, (travel[n], back[n]), cycle) for n, pair in enumerate(pairwise(signals))]
    today = None if offsets is None else [round(b - a) % cycle for a, b in pairwise(offsets)]
    costs = [both[:, 0].sum(axis=0) + STOP_COST * both[:, 1].sum(axis=0) for both in pairs]
    steps = [_best(cost, None if today is None else today[n]) for n, cost in enumerate(costs)]
    chosen = [both[..., step] for both, step in zip(pairs, steps, strict=True)]
    if today is None:
        before = [both.mean(axis=-1) for both in pairs]
    else:
        before = [both[..., step] for both, step in zip(pairs, today, strict=True)]
    first = 0.0 if offsets is None else float(offsets[0])
    flows = sum(one.flow_out for one in signals[1:]), sum(one.flow_back for one in signals[:-1])
    burdens = [
        Burden(flows[way] * cycle, *(float(each) for each in np.sum(kept, axis=0)[way]))
        for kept in (chosen, before)
        for way in (0, 1)
    ]
    return GreenWavePlan(tuple(float(at) % cycle for at in accumulate(steps, initial=first)), *burdens)


def link_burden(departures: Reals, green: tuple[float, float], lanes: int, travel: float) -> tuple[Reals, Reals]:
    """Delay (vehicle s) and stops a cycle of a platoon that leaves one signal and meets the green of the next.

    `departures` is vehicles in each second of the cycle; `green` begins counted on the same clock as `departures`. Both
    results tell of every shift of the green by 0, 1, ... s, (cycle,).
    """
    cycle = departures.size
    arrivals = _disperse(departures, travel)
    begin = green[0] + np.arange(cycle)
    queue, delay, stops = np.zeros(cycle), np.zeros(cycle), np.zeros(cycle)
    for second in range(2 * cycle):
        now = second % cycle
        come = float(arrivals[now])
        open_now = (now - begin) % cycle < green[1]
        if second >= cycle:
            stops += np.where((queue > 0) | ~open_now, come, 0.0)
        queue += come
        queue -= np.where(open_now, np.minimum(queue, SATURATION * lanes), 0.0)
        if second >= cycle:
            delay += queue
    return delay, stops


def band(greens: Sequence[tuple[float, float]], offsets: Sequence[float], travel: Sequence[float], cycle: int) -> float:
    """Width, s, of the band in which one passes all greens without a stop; the greens in the order of travel."""
    times = np.arange(0.0, cycle, BAND_STEP)
    free = np.ones(times.size, bool)
    for green, offset, far in zip(greens, offsets, accumulate(travel, initial=0.0), strict=True):
        free &= (times - (offset + green[0] - far)) % cycle < green[1]
    if free.all():
        return float(cycle)
    run = longest = 0
    for is_free in np.concatenate((free, free)).tolist():
        run = run + 1 if is_free else 0
        longest = max(longest, run)
    return longest * BAND_STEP


def _check(signals: Sequence[CorridorSignal], ways: Sequence[Sequence[float]], cycle: int) -> None:
    if len(signals) < 2:
        raise CorridorError("it has fewer than two signals")
    for travel in ways:
        if len(travel) != len(signals) - 1:
            raise CorridorError(f"{len(signals)} signals need {len(signals) - 1} travel times, not {len(travel)}")
    for number, signal in enumerate(signals):
        for green in (signal.green_out, signal.green_back):
            if not 0 < green[1] <= cycle:
                raise CorridorError(f"signal {number} has a green of {green[1]} s in a cycle of {cycle} s")


def _pair_burdens(pair: tuple[CorridorSignal, CorridorSignal], travel: tuple[float, float], cycle: int) -> Reals:
    """Delay and stops of both directions for each difference of two neighbours' offsets, s: (2, 2, cycle)."""
    first, second = pair
    out = _platoon(first.green_out, first.lanes_out, second.flow_out, cycle)
    back = _platoon(second.green_back, second.lanes_back, first.flow_back, cycle)
    ahead = np.array(link_burden(out, second.green_out, second.lanes_out, travel[0]))
    behind = np.array(link_burden(back, first.green_back, first.lanes_back, travel[1]))
    return np.stack((ahead, behind[:, -np.arange(cycle) % cycle]))


def _best(costs: Reals, today: int | None) -> int:
    """Difference of offsets of least cost, today's where none is better."""
    best = int(costs.argmin())
    return best if today is None or costs[best] < costs[today] - 1e-9 else today


def _platoon(green: tuple[float, float], lanes: int, flow: float, cycle: int) -> Reals:
    """Vehicles that leave in each second: the queue of the red at saturation, then what comes."""
    into = (np.arange(cycle) - green[0]) % cycle
    total = flow * cycle
    crowd = min(total, SATURATION * lanes * green[1])
    wait = flow * (cycle - green[1])
    clear = min(wait / max(SATURATION * lanes - flow, 1e-6), green[1])
    leaving = np.where(into < clear, SATURATION * lanes, np.where(into < green[1], flow, 0.0))
    scaled: Reals = leaving * (crowd / max(float(leaving.sum()), 1e-9))
    return scaled


def _disperse(departures: Reals, travel: float) -> Reals:
    """Robertson's smoothing on a repeating cycle."""
    if travel <= 0:
        return departures
    weight = 1.0 / (1.0 + DISPERSION * 0.8 * travel)
    moved = np.roll(departures, round(0.8 * travel))
    smooth = np.zeros_like(moved)
    value = float(moved.mean())
    for second in range(3 * moved.size):
        value += weight * (float(moved[second % moved.size]) - value)
        smooth[second % moved.size] = value
    return smooth
