"""A small model of one intersection: vehicles queue at stop lines and leave at saturation headway on green.

The model runs a plan (stages with green times, then a greedy rule) over the horizon and returns the delay that all
vehicles together would suffer, with the cost of each stop, the waiting beyond the horizon and full lanes behind the
signal counted.
"""

from typing import NamedTuple

import numpy as np

from cloudctl.signals.layout import Ints, Reals
from maps.compiled import compiled

HEADWAY = 1.9
"""s between two vehicles that leave a queue"""
START_LOSS = 1.2
"""s from green to the first departure of a queue"""
STOP_COST = 6.0
"""s that slowing down and speeding up again cost a vehicle that is stopped"""
HORIZON = 50
"""s"""
AFTER = 6.0
"""s that a vehicle still waiting at the end of the horizon waits on at least"""
STAGES_PLANNED = 8
LONG_AGO = 100.0
"""s"""
OPEN_LEAST, OPEN_FULLY = 0.01, 0.99
ROOM_LEAST = 0.5
"""vehicles of room behind the signal without which none leaves"""
STAY = 1.1
"""how much better than another stage the present one counts in the greedy rule"""
YIELD_USUAL = 0.3
"""share of the saturation flow that yielding links usually carry"""
YIELD_GAP = 4.0
"""s between two vehicles with right of way that let one pass"""
YIELD_LEAST = 0.08
"""share of the saturation flow that passes at the end of green without a gap"""


class Approach(NamedTuple):
    """One signal as the model sees it, lanes local; `open_*` `[stage, lane]` is the share of its vehicles served."""

    number: Ints
    arrival: Reals
    share: Reals
    care: Reals
    """weight of a second of delay on each lane"""
    open_protected: Reals
    open_yield: Reals
    foes: "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]"
    """`[stage, lane, lane]`: the second lane goes before the yielding links of the first"""
    change: Reals
    min_green: Reals
    room: Reals
    stuck: "np.ndarray[tuple[int], np.dtype[np.uint8]]"
    """lanes whose first vehicle stands although its lane has green: it waits for another light or a gap"""
    refill: Reals
    """vehicles/s by which the room behind the signal grows"""


class Work(NamedTuple):
    """Memory of the model, reused."""

    done: Ints
    queued: Ints
    free_at: Reals
    room: Reals
    waiting: Reals
    ready: Reals
    last: Reals
    unblocked: Reals
    """chance that no vehicle which must wait heads the lane"""
    active: Ints
    """lanes with vehicles; the first `active_count[0]` rows hold"""
    active_count: Ints
    place: Ints
    """row of the plan, stage, stage before"""
    clock: Reals
    """s: green of the stage, when it begins or began, when the change before it began"""


class Plan(NamedTuple):
    """Stages and their green times, s, counted from the beginning of that green; `length[0]` of them hold."""

    stage: Ints
    green: Reals
    length: Ints


@compiled
def find_active(approach: Approach, work: Work) -> None:
    """List the lanes that have vehicles."""
    work.active_count[0] = 0
    for lane in range(approach.number.size):
        if approach.number[lane] > 0:
            work.active[work.active_count[0]] = lane
            work.active_count[0] += 1


@compiled
def run_model(approach: Approach, work: Work, plan: Plan, made: Plan, elapsed: float, limit: float) -> float:
    """Cost of a plan, s, whose first stage has been green for `elapsed` s; `made` receives what was really shown.

    A plan that costs more than `limit` is given up.
    """
    _reset(approach, work, plan, elapsed)
    made.stage[0] = plan.stage[0]
    cost = 0.0
    for second in range(HORIZON):
        now = float(second)
        if now >= work.clock[1]:
            _begin_green(approach, work, now)
            following = _next_stage(approach, work, plan, now)
            if following != work.place[1]:
                _begin_change(approach, work, made, following, now)
                _begin_green(approach, work, now)
        for place in range(work.active_count[0]):
            lane = work.active[place]
            work.room[lane] += approach.refill[lane]
            cost += _wait(approach, work, lane, now)
            opened = _opened(approach, work, lane, now)
            if opened > OPEN_FULLY and not _held(approach, work, lane):
                work.unblocked[lane] = 1.0
            if opened > OPEN_LEAST:
                cost += _leave(approach, work, lane, opened, now)
        if cost > limit:
            return cost
        if now >= work.clock[1]:
            work.clock[0] += 1.0
    made.green[work.place[0]] = work.clock[0]
    made.length[0] = work.place[0] + 1
    return cost + _rest_cost(approach, work)


@compiled
def _held(approach: Approach, work: Work, lane: int) -> bool:
    """Whether a lane stands although all of it has had green since the beginning: only another stage can free it."""
    return bool(
        approach.stuck[lane] and work.place[0] == 0 and approach.open_protected[work.place[1], lane] > OPEN_FULLY
    )


@compiled
def _reset(approach: Approach, work: Work, plan: Plan, elapsed: float) -> None:
    for lane in range(approach.number.size):
        work.done[lane] = 0
        work.queued[lane] = 0
        work.free_at[lane] = 0.0
        work.room[lane] = approach.room[lane]
        work.waiting[lane] = 0.0
        work.last[lane] = -LONG_AGO
        work.unblocked[lane] = 0.0 if approach.stuck[lane] else 1.0
    work.place[0] = 0
    work.place[1] = work.place[2] = plan.stage[0]
    work.clock[0] = elapsed
    work.clock[1] = 0.0
    work.clock[2] = -LONG_AGO


@compiled
def _begin_change(approach: Approach, work: Work, made: Plan, following: int, now: float) -> None:
    """Leave the stage for the following one; behind the last row of a plan the row is written again."""
    made.green[work.place[0]] = work.clock[0]
    work.place[0] = min(work.place[0] + 1, STAGES_PLANNED - 1)
    made.stage[work.place[0]] = following
    work.place[2] = work.place[1]
    work.place[1] = following
    work.clock[0] = 0.0
    work.clock[1] = now + approach.change[work.place[2], following]
    work.clock[2] = now


@compiled
def _begin_green(approach: Approach, work: Work, now: float) -> None:
    """Where a green has just begun, queues that had none before need time to start."""
    before = work.place[2]
    if before == work.place[1] or now < work.clock[1]:
        return
    work.place[2] = work.place[1]
    for row in range(work.active_count[0]):
        lane = work.active[row]
        work.unblocked[lane] = 1.0
        if approach.open_protected[before, lane] + approach.open_yield[before, lane] <= OPEN_LEAST:
            done = work.done[lane]
            if done < approach.number[lane] and approach.arrival[lane, done] <= now + 1.0:
                work.free_at[lane] = max(work.free_at[lane], now + START_LOSS)


@compiled
def _opened(approach: Approach, work: Work, lane: int, now: float) -> float:
    """Share of a lane's vehicles that may go now; a change opens what both stages do, in its first second what was."""
    stage, before = work.place[1], work.place[2]
    opened, yielding = approach.open_protected[stage, lane], approach.open_yield[stage, lane]
    if now < work.clock[1]:
        if now - work.clock[2] < 1.0:
            opened, yielding = approach.open_protected[before, lane], approach.open_yield[before, lane]
        else:
            opened = min(opened, approach.open_protected[before, lane])
            yielding = min(yielding, approach.open_yield[before, lane])
    if yielding > 0.0:
        opened += yielding * _gap(approach, work, lane, now)
    return float(opened)


@compiled
def _gap(approach: Approach, work: Work, lane: int, now: float) -> float:
    """Chance that the traffic which goes first leaves a gap."""
    stage = work.place[1]
    for row in range(work.active_count[0]):
        other = work.active[row]
        if approach.foes[stage, lane, other]:
            if now - work.last[other] < 1.0:
                return YIELD_LEAST
            done = work.done[other]
            if done < approach.number[other] and approach.arrival[other, done] < now + YIELD_GAP:
                return YIELD_LEAST
    return 1.0


@compiled
def _wait(approach: Approach, work: Work, lane: int, now: float) -> float:
    """Let the vehicles of one second arrive at a lane; return what all on it would lose if none left."""
    cost = work.waiting[lane]
    place = work.queued[lane]
    while place < approach.number[lane] and approach.arrival[lane, place] < now + 1.0:
        share = approach.share[lane, place]
        work.waiting[lane] += share
        cost += share * (now + 1.0 - approach.arrival[lane, place])
        place += 1
    work.queued[lane] = place
    return float(approach.care[lane] * cost)


@compiled
def _leave(approach: Approach, work: Work, lane: int, opened: float, now: float) -> float:
    """Let the vehicles of one second leave a lane; return what they lost."""
    cost = 0.0
    done = work.done[lane]
    rate = max(opened * work.unblocked[lane], YIELD_LEAST)
    while done < approach.number[lane]:
        due = approach.arrival[lane, done]
        leaves = max(due, work.free_at[lane], now)
        if leaves >= now + 1.0 or work.room[lane] < ROOM_LEAST:
            break
        share = approach.share[lane, done]
        lost = leaves - due
        cost += approach.care[lane] * share * (STOP_COST * min(1.0, lost / 3.0) - (now + 1.0 - leaves))
        work.waiting[lane] -= share
        work.free_at[lane] = leaves + HEADWAY * share / rate
        if opened < OPEN_FULLY:
            work.unblocked[lane] *= 1.0 - share * (1.0 - opened)
            rate = max(opened * work.unblocked[lane], YIELD_LEAST)
        work.room[lane] -= share
        work.last[lane] = leaves
        done += 1
    work.done[lane] = done
    return cost


@compiled
def _rest_cost(approach: Approach, work: Work) -> float:
    """What the vehicles lose that are still waiting at the end."""
    cost = 0.0
    for lane in range(approach.number.size):
        ahead = 0.0
        for i in range(work.done[lane], approach.number[lane]):
            if approach.arrival[lane, i] < HORIZON:
                lost = AFTER + HEADWAY * ahead + STOP_COST
                cost += approach.care[lane] * approach.share[lane, i] * lost
                ahead += approach.share[lane, i]
    return cost


@compiled
def _next_stage(approach: Approach, work: Work, plan: Plan, now: float) -> int:
    """Stage that the plan, or behind its end the greedy rule, wants now."""
    row, stage, green = work.place[0], work.place[1], work.clock[0]
    if green < approach.min_green[stage]:
        return int(stage)
    if row < plan.length[0]:
        if green < plan.green[row]:
            return int(stage)
        if row + 1 < plan.length[0]:
            return int(plan.stage[row + 1])
    return _greedy_stage(approach, work, row < plan.length[0], now)


@compiled
def _greedy_stage(approach: Approach, work: Work, leave: bool, now: float) -> int:
    """Stage that serves most vehicles a second until their queues are gone, the change counted."""
    _find_ready(approach, work, now)
    stage = work.place[1]
    best, best_rate = stage, 0.0
    for option in range(approach.change.shape[0]):
        if not (leave and option == stage):
            rate = _service_rate(approach, work, stage, option)
            if rate > best_rate:
                best, best_rate = option, rate
    return int(best)


@compiled
def _find_ready(approach: Approach, work: Work, now: float) -> None:
    """Vehicles of each lane that wait or arrive within 2 s, none where the room behind is full."""
    for row in range(work.active_count[0]):
        lane = work.active[row]
        ready = max(work.waiting[lane], 0.0)
        for i in range(work.queued[lane], approach.number[lane]):
            if approach.arrival[lane, i] > now + 2.0:
                break
            ready += approach.share[lane, i]
        work.ready[lane] = ready * approach.care[lane] if work.room[lane] >= ROOM_LEAST else 0.0


@compiled
def _service_rate(approach: Approach, work: Work, stage: int, option: int) -> float:
    total, squares = 0.0, 0.0
    for row in range(work.active_count[0]):
        lane = work.active[row]
        opened = approach.open_protected[option, lane] + YIELD_USUAL * approach.open_yield[option, lane]
        total += work.ready[lane] * opened
        squares += work.ready[lane] * work.ready[lane] * opened
    if total <= 0.0:
        return 0.0
    clear = max(HEADWAY * squares / total, 2.0)
    served = 0.0
    for row in range(work.active_count[0]):
        lane = work.active[row]
        opened = approach.open_protected[option, lane] + YIELD_USUAL * approach.open_yield[option, lane]
        served += min(work.ready[lane] * opened, clear / HEADWAY * opened)
    if option == stage:
        return float(STAY * served / clear)
    return float(served / (clear + approach.change[stage, option] + START_LOSS))
