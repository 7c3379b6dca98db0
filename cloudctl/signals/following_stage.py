"""The stage that follows in the queue model: that of the plan, behind its end that of a greedy rule."""

from cloudctl.signals.layout import Ints, Reals
from cloudctl.signals.queue_columns import HEADWAY, OPEN_FULLY, ROOM_LEAST, START_LOSS, Approach, Plan, Work
from maps.compiled import compiled

STAY = 1.1
"""how much better than another stage the present one counts in the greedy rule"""
RULE_EVERY = 2.0
"""s"""


@compiled
def next_stage(approach: Approach, work: Work, plan: Plan, now: float) -> int:
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
    stage = work.place[1]
    if now % RULE_EVERY >= 1.0 and not leave:
        return int(stage)
    count = _find_ready(approach, work, now)
    lanes, ready, usual, change = work.ready_lane[:count], work.ready, approach.open_usual, approach.change
    if not leave and _all_served(usual[stage], lanes):
        return int(stage)
    best, best_rate = stage, 0.0
    for option in range(change.shape[0]):
        if not (leave and option == stage):
            spent = 0.0 if option == stage else max(change[stage, option], 1e-3)
            rate = _service_rate(usual[option], lanes, ready, spent)
            if rate > best_rate:
                best, best_rate = option, rate
    return int(best)


@compiled
def _find_ready(approach: Approach, work: Work, now: float) -> int:
    """Vehicles of each lane that wait or arrive within 2 s, none where the room behind is full; how many lanes have."""
    number, arrival, share, care = work.number, approach.arrival, approach.share, approach.care
    active, waiting, queued, room = work.active, work.waiting, work.queued, work.room
    ready_lane, ready = work.ready_lane, work.ready
    count = 0
    for row in range(work.active_count[0]):
        lane = active[row]
        if room[lane] < ROOM_LEAST:
            continue
        some = max(waiting[lane], 0.0)
        for i in range(queued[lane], number[lane]):
            if arrival[lane, i] > now + 2.0:
                break
            some += share[lane, i]
        if some > 0.0:
            ready_lane[count] = lane
            ready[count] = some * care[lane]
            count += 1
    return count


@compiled
def _all_served(usual: Reals, lanes: Ints) -> bool:
    return bool((usual[lanes] >= OPEN_FULLY).all())


@compiled
def _service_rate(usual: Reals, lanes: Ints, ready: Reals, change: float) -> float:
    """Vehicles a second that a stage serves until the queues are gone; `change` s pass before it, 0 where it is on."""
    total, squares = 0.0, 0.0
    for row in range(lanes.size):
        part = ready[row] * usual[lanes[row]]
        total += part
        squares += ready[row] * part
    if total <= 0.0:
        return 0.0
    clear = max(HEADWAY * squares / total, 2.0)
    served = 0.0
    for row in range(lanes.size):
        served += min(ready[row], clear / HEADWAY) * usual[lanes[row]]
    if change <= 0.0:
        return float(STAY * served / clear)
    return float(served / (clear + change + START_LOSS))
