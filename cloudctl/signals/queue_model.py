"""A small model of one intersection: vehicles queue at stop lines and leave at saturation headway on green.

The model runs a plan (stages with green times, then a greedy rule) over the horizon and returns the delay that all
vehicles together would suffer, with the cost of each stop, the waiting beyond the horizon and full lanes behind the
signal counted.
"""

from cloudctl.signals.following_stage import next_stage
from cloudctl.signals.queue_columns import (
    HEADWAY,
    HORIZON,
    OPEN_LEAST,
    STAGES_PLANNED,
    START_LOSS,
    Approach,
    Plan,
    Work,
)
from cloudctl.signals.queue_flow import YIELD_LEAST, pass_second, rest_cost
from maps.compiled import compiled

LONG_AGO = 100.0
"""s"""
BLOCKED_FOR = HEADWAY / YIELD_LEAST
"""s that a vehicle which stands in spite of its green is taken to stand on in that stage"""


@compiled
def find_active(approach: Approach, work: Work) -> None:
    """List the lanes that have vehicles or may get some from other lanes of the unit."""
    work.active_count[0] = 0
    for lane in range(approach.number.size):
        if approach.number[lane] > 0 or approach.feeds.storage[lane] > 0.0:
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
            following = next_stage(approach, work, plan, now)
            if following != work.place[1]:
                _begin_change(approach, work, made, following, now)
                _begin_green(approach, work, now)
        cost += pass_second(approach, work, now)
        if cost > limit:
            return cost
        if now >= work.clock[1]:
            work.clock[0] += 1.0
    made.green[work.place[0]] = work.clock[0]
    made.length[0] = work.place[0] + 1
    return cost + rest_cost(approach, work)


@compiled
def _reset(approach: Approach, work: Work, plan: Plan, elapsed: float) -> None:
    done, queued, free_at, room = work.done, work.queued, work.free_at, work.room
    waiting, valued, last, unblocked = work.waiting, work.valued, work.last, work.unblocked
    before, stuck = approach.room, approach.stuck
    number, storage, share = approach.number, approach.feeds.storage, approach.share
    for lane in range(done.size):
        work.number[lane] = number[lane]
        if storage[lane] > 0.0:
            work.load[lane] = share[lane, : number[lane]].sum()
        done[lane] = 0
        queued[lane] = 0
        free_at[lane] = BLOCKED_FOR if stuck[lane] else 0.0
        room[lane] = before[lane]
        waiting[lane] = 0.0
        valued[lane] = 0.0
        last[lane] = -LONG_AGO
        unblocked[lane] = 0.0 if stuck[lane] else 1.0
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
        if work.unblocked[lane] < OPEN_LEAST:
            work.free_at[lane] = now
        work.unblocked[lane] = 1.0
        if approach.open_protected[before, lane] + approach.open_yield[before, lane] <= OPEN_LEAST:
            done = work.done[lane]
            if done < work.number[lane] and approach.arrival[lane, done] <= now + 1.0:
                work.free_at[lane] = max(work.free_at[lane], now + START_LOSS)
