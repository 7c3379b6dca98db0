"""Compiled search of ways under load: link times by the time of entry, delays by turn, and what one more vehicle costs.

A label is (price, clock): the price is what a way costs everybody, the clock tells when each link is entered.
A* with the straight distance over the highest speed (Hart, Nilsson and Raphael 1968) on labels that are set at the
entry of links, because the time on a link depends on where one goes next.
"""

import math

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import Ints
from maps.shortest_path import Arcs, Columns, push, settle, straight

Loads = tuple[Columns, Columns, Columns, Columns, Columns]
"""Planned entries (slots, links), other entries a slot (links,), entries a slot that now's times hold (links,),
capacity in entries a slot (links,), times of the empty links, s (links,)."""
Times = tuple[Columns, Columns, float]
"""Link times (slots, links), s; more or less than these by turn (arcs,), s; length of a slot, s."""
Rule = tuple[float, float]
"""Time that a full link costs beyond an empty one, s; share 0..1 of the cost to others that counts as one's own."""
POWER = 4.0
"""Delay grows with this power of the flow (Bureau of Public Roads), so that one more vehicle costs the others on a link
as many times the delay that it finds there (marginal cost; Sheffi, Urban Transportation Networks, 1985, chapter 3)."""
LONGEST_DELAY = 600.0
"""No more delay of a link than this is priced, s: a closed link is not a crowded one."""
LEAST_TIME = 0.05
"""No link takes less, s."""


@compiled
def crowding(entries: float, capacity: float, slot: float, sensitivity: float) -> float:
    """Time that a link takes beyond an empty one, s: waiting by the square of use, and the queue over capacity."""
    use = entries / capacity
    return sensitivity * use * use + 0.5 * slot * max(use - 1.0, 0.0)


@compiled
def crowding_price(entries: float, capacity: float, slot: float, sensitivity: float) -> float:
    """Time that one more vehicle costs all others on a link, s: entries times the slope of `crowding`."""
    use = entries / capacity
    over = 0.5 * slot * use if use > 1.0 else 0.0
    return 2.0 * sensitivity * use * use + over


@compiled
def link_cost(link: int, entered: float, times: Times, loads: Loads, rule: Rule) -> tuple[float, float]:
    """Time on a link entered `entered` s from now with all planned loads, and what others pay for it, s."""
    table, _, slot = times
    planned, others, held, capacity, free = loads
    row = min(int(entered / slot), len(table) - 1)
    # Who sets out later is not planned yet: no link is reckoned to be emptier than now.
    entries = max(others[link] + planned[row, link], held[link]) + 1.0
    more = crowding(entries, capacity[link], slot, rule[0]) - crowding(held[link], capacity[link], slot, rule[0])
    price = 0.0
    base = table[row, link]
    if rule[1] > 0.0:
        delay = min(max(base - free[link], 0.0), LONGEST_DELAY)
        price = rule[1] * (POWER * delay + crowding_price(entries, capacity[link], slot, rule[0]))
    return base + max(more, 0.0), price


@compiled
def search_turns(
    arcs: Arcs,
    times: Times,
    loads: Loads,
    rule: Rule,
    bit: np.uint32,
    ends: tuple[int, int],
    guide: tuple[Columns, float],
) -> tuple[Columns, Ints]:
    """Prices (links,) at which each link is entered from the start of `ends[0]`, s, and the link before it.

    Stops when `ends[1]` is settled. Links whose time is infinite are closed; the last link's own time is not counted.
    """
    starts, heads, seconds, allowed = arcs
    source, target = ends
    where, speed = guide
    count = len(starts) - 1
    price, clock = np.full(count, math.inf), np.zeros(count)
    before = np.full(count, -1, np.int32)
    done = np.zeros(count, np.bool_)
    heap = np.empty(len(heads) + 1), np.empty(len(heads) + 1, np.int32)
    price[source] = 0.0
    push(heap, 0, 0.0, source)
    size = 1
    while True:
        link, size = settle(heap, size, done)
        if link < 0 or link == target:
            break
        spent, toll = link_cost(link, clock[link], times, loads, rule)
        for arc in range(starts[link], starts[link + 1]):
            head = heads[arc]
            if done[head] or not allowed[arc] & bit:
                continue
            step = max(spent + times[1][arc], LEAST_TIME) + seconds[arc]
            cost = price[link] + step + toll
            if cost < price[head]:
                price[head], clock[head], before[head] = cost, clock[link] + step, link
                push(heap, size, cost + straight(where, head, target, speed), head)
                size += 1
    return price, before


@compiled
def walk(route: Ints, arcs: Arcs, times: Times, loads: Loads, rule: Rule) -> tuple[float, float, Columns]:
    """Price and time (s) of a route up to the end of its last link, and when it enters each link, s from now.

    A step that the network does not have makes both infinite.
    """
    starts, heads, seconds, _ = arcs
    price, clock = 0.0, 0.0
    entries = np.zeros(len(route))
    for place in range(len(route)):
        link = route[place]
        entries[place] = clock
        spent, toll = link_cost(link, clock, times, loads, rule)
        price += spent + toll
        clock += spent
        if place + 1 == len(route):
            break
        found = False
        for arc in range(starts[link], starts[link + 1]):
            if heads[arc] == route[place + 1]:
                step = seconds[arc] + max(times[1][arc], LEAST_TIME - spent)
                price += step
                clock += step
                found = True
                break
        if not found:
            return math.inf, math.inf, entries
    return price, clock, entries


@compiled
def load_route(route: Ints, entries: Columns, slot: float, planned: Columns, weight: float) -> None:
    """Add `weight` entries to `planned` (slots, links) for every link of a route but the first."""
    for place in range(1, len(route)):
        row = int(entries[place] / slot)
        if row < len(planned):
            planned[row, route[place]] += weight


@compiled
def load_routes(
    routes: tuple[Ints, NDArray[np.int64], Columns],
    arcs: Arcs,
    times: Times,
    loads: Loads,
    rule: Rule,
) -> Columns:
    """Entries (slots, links) that many routes bring.

    `routes` holds their links, where each begins (k + 1), and how many vehicles each stands for (k,).
    """
    links, begins, weights = routes
    planned = np.zeros_like(loads[0])
    for number in range(len(begins) - 1):
        route = links[begins[number] : begins[number + 1]]
        _, _, entries = walk(route, arcs, times, loads, rule)
        load_route(route, entries, times[2], planned, weights[number])
    return planned
