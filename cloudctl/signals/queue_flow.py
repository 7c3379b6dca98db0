"""One second of the queue model: who arrives, what the lights open, who leaves, what all of them lose.

Columns are taken out of their tables once a second and not once a lane: counting references costs more than the model.
"""

from cloudctl.signals.layout import Ints, Reals
from cloudctl.signals.queue_columns import (
    HEADWAY,
    HORIZON,
    OPEN_FULLY,
    OPEN_LEAST,
    ROOM_LEAST,
    STOP_COST,
    Approach,
    Bytes2,
    Feeds,
    Work,
)
from maps.compiled import compiled

AFTER = 6.0
"""s that a vehicle still waiting at the end of the horizon waits on at least"""
YIELD_GAP = 4.0
"""s between two vehicles with right of way that let one pass"""
PLACE = 0.5
"""vehicles; less room inside is none"""
PART_LEAST = 0.02
"""share of a lane's vehicles that is left out of account"""
YIELD_LEAST = 0.08
"""share of the saturation flow that passes at the end of green without a gap"""


@compiled
def pass_second(approach: Approach, work: Work, now: float) -> float:
    """Let one second pass on all lanes; return what their vehicles lost, s."""
    number, arrival, share, care = work.number, approach.arrival, approach.share, approach.care
    feeds, feed_start, load = approach.feeds, approach.feeds.start, work.load
    done, waiting, room, last = work.done, work.waiting, work.room, work.last
    value, valued = approach.value, work.valued
    unblocked, stuck, refill = work.unblocked, approach.stuck, approach.refill
    active, stage, before = work.active, work.place[1], work.place[2]
    protected, yielding, foes = approach.open_protected, approach.open_yield, approach.foes[stage]
    first_row, changing = work.place[0] == 0, now < work.clock[1]
    if changing and now - work.clock[2] < 1.0:
        stage = before
    cost = 0.0
    for place in range(work.active_count[0]):
        lane = active[place]
        room[lane] += refill[lane]
        cost += care[lane] * _arrive(lane, now, number, arrival, share, value, work.queued, waiting, valued)
        opened, giving_way = protected[stage, lane], yielding[stage, lane]
        if changing:
            opened, giving_way = min(opened, protected[before, lane]), min(giving_way, yielding[before, lane])
        if giving_way > 0.0:
            gap = _gap(lane, now, active, work.active_count[0], foes, number, arrival, done, last)
            opened += giving_way * gap
        fed = feed_start[lane + 1] > feed_start[lane]
        if fed:
            opened *= 1.0 - _part_full(lane, stage, feeds, load, waiting, protected, yielding)
        held = first_row and stuck[lane] and protected[work.place[1], lane] > OPEN_FULLY
        if opened > OPEN_FULLY and not held:
            if unblocked[lane] < OPEN_LEAST:
                work.free_at[lane] = now
            unblocked[lane] = 1.0
        if opened > OPEN_LEAST:
            columns = (number, arrival, share, value, done, waiting, valued, room, last, unblocked, work.free_at)
            first = done[lane]
            cost += care[lane] * _depart(lane, opened, now, *columns)
            if feeds.storage[lane] > 0.0:
                load[lane] -= share[lane, first : done[lane]].sum()
            if fed:
                for row in range(first, done[lane]):
                    _feed(lane, row, stage, now, feeds, approach.number, number, arrival, share, value, load)
    return cost


@compiled
def _part_full(
    lane: int, stage: int, feeds: Feeds, load: Reals, waiting: Reals, protected: Reals, yielding: Reals
) -> float:
    """Share of those next to leave a lane who would find no place inside the unit."""
    part, target, storage = feeds.part, feeds.lane, feeds.storage
    full = 0.0
    for row in range(feeds.start[lane], feeds.start[lane + 1]):
        inside = target[row]
        flowing = protected[stage, inside] + yielding[stage, inside] > OPEN_LEAST
        room = max(storage[inside], 1.0) - waiting[inside] if flowing else storage[inside] - load[inside]
        if room < PLACE:
            full += part[stage, row]
    return min(full, 1.0)


@compiled
def _feed(
    lane: int,
    row: int,
    stage: int,
    now: float,
    feeds: Feeds,
    base: Ints,
    number: Ints,
    arrival: Reals,
    share: Reals,
    value: Reals,
    load: Reals,
) -> None:
    """Put a vehicle that has left a lane on the lanes inside the unit, behind those that are there."""
    for way in range(feeds.start[lane], feeds.start[lane + 1]):
        part = feeds.part[stage, way]
        if part < PART_LEAST:
            continue
        inside, due = feeds.lane[way], now + 1.0 + feeds.delay[way]
        load[inside] += part * share[lane, row]
        end = number[inside]
        if end > base[inside] and (arrival[inside, end - 1] + 1.0 > due or end == arrival.shape[1]):
            share[inside, end - 1] += part * share[lane, row]
            value[inside, end - 1] += part * value[lane, row]
        elif end < arrival.shape[1]:
            arrival[inside, end] = max(due, arrival[inside, end - 1]) if end > 0 else due
            share[inside, end] = part * share[lane, row]
            value[inside, end] = part * value[lane, row]
            number[inside] = end + 1


@compiled
def _arrive(
    lane: int,
    now: float,
    number: Ints,
    arrival: Reals,
    share: Reals,
    value: Reals,
    queued: Ints,
    waiting: Reals,
    valued: Reals,
) -> float:
    """Let the vehicles of one second arrive at a lane; return what all on it would lose if none left."""
    cost = valued[lane]
    place = queued[lane]
    while place < number[lane] and arrival[lane, place] < now + 1.0:
        waiting[lane] += share[lane, place]
        valued[lane] += value[lane, place]
        cost += value[lane, place] * (now + 1.0 - arrival[lane, place])
        place += 1
    queued[lane] = place
    return float(cost)


@compiled
def _gap(
    lane: int,
    now: float,
    active: Ints,
    count: int,
    foes: Bytes2,
    number: Ints,
    arrival: Reals,
    done: Ints,
    last: Reals,
) -> float:
    """Chance that the traffic which goes first leaves a gap."""
    for row in range(count):
        other = active[row]
        if foes[lane, other]:
            if now - last[other] < 1.0:
                return YIELD_LEAST
            if done[other] < number[other] and arrival[other, done[other]] < now + YIELD_GAP:
                return YIELD_LEAST
    return 1.0


@compiled
def _depart(
    lane: int,
    opened: float,
    now: float,
    number: Ints,
    arrival: Reals,
    share: Reals,
    value: Reals,
    done: Ints,
    waiting: Reals,
    valued: Reals,
    room: Reals,
    last: Reals,
    unblocked: Reals,
    free_at: Reals,
) -> float:
    """Let the vehicles of one second leave a lane; return what they lost."""
    cost = 0.0
    row = done[lane]
    rate = max(opened * unblocked[lane], YIELD_LEAST)
    while row < number[lane]:
        due = arrival[lane, row]
        leaves = max(due, free_at[lane], now)
        if leaves >= now + 1.0 or room[lane] < ROOM_LEAST:
            break
        weight = share[lane, row]
        cost += value[lane, row] * (STOP_COST * min(1.0, (leaves - due) / 3.0) - (now + 1.0 - leaves))
        waiting[lane] -= weight
        valued[lane] -= value[lane, row]
        free_at[lane] = leaves + HEADWAY * weight / rate
        if opened < OPEN_FULLY:
            unblocked[lane] *= 1.0 - weight * (1.0 - opened)
            rate = max(opened * unblocked[lane], YIELD_LEAST)
        room[lane] -= weight
        last[lane] = leaves
        row += 1
    done[lane] = row
    return cost


@compiled
def rest_cost(approach: Approach, work: Work) -> float:
    """What the vehicles lose that are still waiting at the end."""
    number, arrival, share, care = work.number, approach.arrival, approach.share, approach.care
    value, done = approach.value, work.done
    cost = 0.0
    for place in range(work.active_count[0]):
        lane = work.active[place]
        ahead = 0.0
        for i in range(done[lane], number[lane]):
            if arrival[lane, i] < HORIZON:
                lost = AFTER + HEADWAY * ahead + STOP_COST
                cost += care[lane] * value[lane, i] * lost
                ahead += share[lane, i]
    return cost
