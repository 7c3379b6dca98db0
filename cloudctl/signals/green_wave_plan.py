"""Green-wave plans for a corridor: offsets of fixed plans chosen from measured flows.

All signals of a corridor share a cycle. Platoons leave a signal at the beginning of its green and spread on the way
(D. I. Robertson, "TRANSYT: a traffic network study tool", RRL report LR 253, 1969); the offsets are those at which the
delay and the stops of both directions together are least. Coordinate descent from many starts replaces MAXBAND's
integer programme (J. Little, M. Kelson, N. Gartner, "MAXBAND", TRR 795, 1981): it weighs flows and not only bandwidths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.errors import SignalsError

Reals = NDArray[np.float64]
STOP_COST = 5.0
"""s of delay that a stop counts as"""
DISPERSION = 0.35
"""alpha of Robertson's platoon dispersion"""
SATURATION = 0.5
"""vehicles/s and lane"""
STARTS = 12


class CorridorError(SignalsError):
    """A corridor cannot be coordinated."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"corridor: {reason}")


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
class GreenWavePlan:
    """Offsets, s, of the signals in the order of the corridor; cost in vehicle seconds a cycle, before and after."""

    offsets: tuple[float, ...]
    cost: float
    cost_before: float


def plan_green_wave(
    signals: Sequence[CorridorSignal],
    travel: Sequence[float],
    cycle: int,
    offsets: Sequence[float] | None = None,
    seed: int = 0,
) -> GreenWavePlan:
    """Offsets of least cost; `travel` s between neighbours, `offsets` those of today (else zero).

    Raises:
        CorridorError: fewer than two signals, no travel time for each pair, or a green longer than the cycle.
    """
    _check(signals, travel, cycle)
    today = np.zeros(len(signals)) if offsets is None else np.asarray(offsets, np.float64)
    rng = np.random.default_rng(seed)
    pairs = [_pair_costs(signals, travel, cycle, pair) for pair in range(len(travel))]
    before = _cost(pairs, today, cycle)
    best, least = today, before
    for start in [today, *(rng.integers(0, cycle, (STARTS, len(signals))).astype(np.float64))]:
        found = _descend(pairs, start.copy(), cycle)
        cost = _cost(pairs, found, cycle)
        if cost < least - 1e-9:
            best, least = found, cost
    shifted = (best - best[0] + today[0]) % cycle
    return GreenWavePlan(tuple(float(offset) for offset in shifted), least, before)


def link_cost(departures: Reals, green: tuple[float, float], lanes: int, travel: float) -> float:
    """Delay and stops, vehicle s a cycle, of a platoon that leaves one signal and meets the green of the next.

    `departures` is vehicles in each second of the cycle; `green` begins counted on the same clock as `departures`.
    """
    cycle = departures.size
    arrivals = _disperse(departures, travel)
    into = (np.arange(cycle) - green[0]) % cycle
    open_now = into < green[1]
    queue = delay = stops = 0.0
    for second in range(2 * cycle):
        now = second % cycle
        come = float(arrivals[now])
        served = min(queue + come, SATURATION * lanes) if open_now[now] else 0.0
        stopped = come if queue > 0 or not open_now[now] else 0.0
        queue += come - served
        if second >= cycle:
            delay += queue
            stops += stopped
    return delay + STOP_COST * stops


def _check(signals: Sequence[CorridorSignal], travel: Sequence[float], cycle: int) -> None:
    if len(signals) < 2:
        raise CorridorError("it has fewer than two signals")
    if len(travel) != len(signals) - 1:
        raise CorridorError(f"{len(signals)} signals need {len(signals) - 1} travel times, not {len(travel)}")
    for number, signal in enumerate(signals):
        for green in (signal.green_out, signal.green_back):
            if not 0 < green[1] <= cycle:
                raise CorridorError(f"signal {number} has a green of {green[1]} s in a cycle of {cycle} s")


def _pair_costs(signals: Sequence[CorridorSignal], travel: Sequence[float], cycle: int, pair: int) -> Reals:
    """Cost of both directions between two neighbours for each difference of their offsets, s."""
    first, second = signals[pair], signals[pair + 1]
    out = _platoon(first.green_out, first.lanes_out, second.flow_out, cycle)
    back = _platoon(second.green_back, second.lanes_back, first.flow_back, cycle)
    costs = np.zeros(cycle)
    for shift in range(cycle):
        ahead = (second.green_out[0] + shift, second.green_out[1])
        behind = (first.green_back[0] - shift, first.green_back[1])
        costs[shift] = link_cost(out, ahead, second.lanes_out, travel[pair])
        costs[shift] += link_cost(back, behind, first.lanes_back, travel[pair])
    return costs


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


def _cost(pairs: Sequence[Reals], offsets: Reals, cycle: int) -> float:
    steps = np.rint(np.diff(offsets)).astype(np.int64) % cycle
    return float(sum(costs[step] for costs, step in zip(pairs, steps, strict=True)))


def _descend(pairs: Sequence[Reals], offsets: Reals, cycle: int) -> Reals:
    """Move one signal, then all behind it, to the best offset until nothing improves."""
    least = _cost(pairs, offsets, cycle)
    improved = True
    while improved:
        improved = False
        for signal in range(1, offsets.size):
            for last in (signal + 1, offsets.size):
                for shift in range(1, cycle):
                    trial = offsets.copy()
                    trial[signal:last] = (trial[signal:last] + shift) % cycle
                    cost = _cost(pairs, trial, cycle)
                    if cost < least - 1e-9:
                        offsets, least, improved = trial, cost, True
    return offsets
