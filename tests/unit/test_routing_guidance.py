"""Guidance: nobody for little, nobody too often, and never everybody onto one street."""

from collections import Counter

import numpy as np
import pytest
from advice_city import build_network

from cloudctl.routing.capacity import green_shares, link_begins, link_capacities
from cloudctl.routing.guidance import Change, Guidance, GuidanceRules, Traveller
from cloudctl.routing.outlook import CLOSED_SECONDS, SLOT, SLOTS, Outlook, Usual, free_usual, make_outlook, turn_delays
from cloudctl.routing.ways import WayFinder, Wish
from maps.errors import NoRouteError
from maps.link_graph import link_graph

PLACES = {
    "A": (0.0, 0.0),
    "B": (400.0, 0.0),
    "C": (800.0, 0.0),
    "D": (1200.0, 0.0),
    "N": (400.0, 300.0),
    "O": (800.0, 300.0),
    "S": (400.0, -330.0),
    "T": (800.0, -330.0),
}
ROADS = [
    *[("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CD", "C", "D", 1)],
    *[("BN", "B", "N", 1), ("NO", "N", "O", 1), ("OC", "O", "C", 1)],
    *[("BS", "B", "S", 1), ("ST", "S", "T", 1), ("TC", "T", "C", 1)],
]
NETWORK = build_network(PLACES, ROADS)
GRAPH = link_graph(NETWORK)
FREE = NETWORK.links.length.astype(np.float64) / NETWORK.links.speed
STRAIGHT = ("AB", "BC", "CD")
NO_FLOW = np.zeros(len(FREE))


def rows(*names: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array([NETWORK.link_rows[name] for name in names], np.int32)


def outlook(**seconds: float) -> Outlook:
    present = FREE.copy()
    for name, value in seconds.items():
        present[NETWORK.link_rows[name]] = value
    return make_outlook(present, np.zeros(len(GRAPH.heads)), free_usual(FREE), present_spread=0.1 * present)


def guidance(**rules: float) -> Guidance:
    return Guidance(GRAPH, link_capacities(NETWORK), link_begins(NETWORK), FREE, GuidanceRules(**rules))  # type: ignore[arg-type]


def travellers(count: int, *, fresh: bool = False) -> list[Traveller]:
    return [Traveller(f"v{number}", rows(*STRAIGHT), fresh=fresh) for number in range(count)]


def names(change: Change) -> tuple[str, ...]:
    return tuple(NETWORK.links.id[change.route].tolist())


def test_a_vehicle_before_a_jam_is_led_around_it() -> None:
    [change] = guidance().plan(0.0, travellers(1), outlook(BC=600.0), NO_FLOW)
    assert names(change) == ("AB", "BN", "NO", "OC", "CD")
    assert change.saves > 60.0


def test_a_small_saving_is_not_worth_telling_except_to_who_sets_out() -> None:
    slow = outlook(BC=FREE[NETWORK.link_rows["BC"]] + 75.0)
    assert guidance(others=0.0).plan(0.0, travellers(1), slow, NO_FLOW) == []
    assert len(guidance(others=0.0).plan(0.0, travellers(1, fresh=True), slow, NO_FLOW)) == 1


def test_many_vehicles_are_split_over_both_streets() -> None:
    found = Counter(names(change) for change in guidance().plan(0.0, travellers(120), outlook(BC=900.0), NO_FLOW))
    assert len(found) == 2
    assert min(found.values()) >= 30


def test_a_vehicle_that_was_told_is_left_alone_for_a_while() -> None:
    brain = guidance()
    assert len(brain.plan(0.0, travellers(1), outlook(BC=600.0), NO_FLOW)) == 1
    assert brain.plan(60.0, travellers(1), outlook(BC=600.0), NO_FLOW) == []
    assert len(brain.plan(121.0, travellers(1), outlook(BC=600.0), NO_FLOW)) == 1


def test_a_vehicle_is_told_only_so_often() -> None:
    brain = guidance(tellings=1)
    assert len(brain.plan(0.0, travellers(1), outlook(BC=600.0), NO_FLOW)) == 1
    assert brain.plan(9999.0, travellers(1), outlook(BC=600.0), NO_FLOW) == []
    brain.forget(set())
    assert len(brain.plan(9999.0, travellers(1), outlook(BC=600.0), NO_FLOW)) == 1


def test_links_that_a_vehicle_cannot_leave_any_more_stay_on_its_way() -> None:
    committed = [Traveller("v", rows(*STRAIGHT), fixed=2)]
    assert guidance().plan(0.0, committed, outlook(BC=900.0), NO_FLOW) == []


def test_who_is_not_open_to_advice_still_counts_as_load() -> None:
    others = [
        Traveller(f"o{number}", rows("AB", "BN", "NO", "OC", "CD"), open_to_advice=False) for number in range(200)
    ]
    [change] = guidance().plan(0.0, [*others, *travellers(1)], outlook(BC=900.0), NO_FLOW)
    assert names(change) == ("AB", "BS", "ST", "TC", "CD")


def test_a_closed_link_opens_again_when_it_is_expected_to() -> None:
    made = make_outlook(FREE, np.zeros(len(GRAPH.heads)), free_usual(FREE), closed={1: 2 * SLOT})
    assert (made.times[:2, 1] == CLOSED_SECONDS).all()
    assert made.times[2:, 1] == pytest.approx(np.full(SLOTS - 2, FREE[1]))


def test_what_is_measured_fades_into_what_is_usual() -> None:
    usual = Usual(np.full((SLOTS, len(FREE)), 50.0), np.full((SLOTS, len(FREE)), 5.0))
    made = make_outlook(np.full(len(FREE), 200.0), np.zeros(len(GRAPH.heads)), usual)
    assert made.times[0] == pytest.approx(np.full(len(FREE), 200.0))
    assert (np.diff(made.times[:, 0]) < 0).all()
    assert (np.diff(made.spread[:, 0]) > 0).all()
    assert made.at(SLOT * 1.5)[0][0] == made.times[1, 0]


def test_turn_times_are_kept_as_what_they_take_beyond_their_link() -> None:
    by_turn = np.full(len(GRAPH.heads), np.nan)
    by_turn[0] = FREE[GRAPH.tails[0]] + 12.0
    delays = turn_delays(GRAPH, FREE, by_turn)
    assert delays[0] == pytest.approx(12.0)
    assert not delays[1:].any()


def test_ways_avoid_a_slow_turn_and_closed_links() -> None:
    finder = WayFinder(NETWORK)
    ahead = outlook(BC=600.0)
    wish = Wish(NETWORK.link_rows["AB"], NETWORK.link_rows["CD"], count=3)
    found = finder.find(wish, ahead)
    assert len(found) == 2
    assert found[0].travel_time < found[1].travel_time
    assert found[0].low < found[0].travel_time < found[0].high
    shut = tuple(rows("BC", "BN", "BS").tolist())
    with pytest.raises(NoRouteError):
        finder.find(Wish(wish.source, wish.target, closed=shut), ahead)


def test_a_later_departure_meets_the_jam_as_it_will_be() -> None:
    finder = WayFinder(NETWORK)
    present = FREE.copy()
    present[NETWORK.link_rows["BC"]] = 90.0
    ahead = make_outlook(present, np.zeros(len(GRAPH.heads)), free_usual(FREE), closed={NETWORK.link_rows["BC"]: 600.0})
    wish = Wish(NETWORK.link_rows["AB"], NETWORK.link_rows["CD"])
    later = Wish(wish.source, wish.target, departure=3600.0)
    assert NETWORK.link_rows["BC"] not in finder.find(wish, ahead)[0].links
    assert NETWORK.link_rows["BC"] in finder.find(later, ahead)[0].links


def test_capacity_follows_green_and_lanes() -> None:
    lit = build_network(PLACES, [*ROADS, ("XB", "O", "B", 2)], signal_nodes=["B"])
    shares = green_shares(lit)
    assert shares == pytest.approx(np.full(2, 0.5))
    capacity = link_capacities(lit)
    assert capacity[lit.link_rows["XB"]] == pytest.approx(2 * capacity[lit.link_rows["AB"]])


def test_a_link_where_others_wait_is_dearer_than_its_time() -> None:
    queue = outlook(BC=60.0)
    [change] = guidance(others=0.5).plan(0.0, travellers(1, fresh=True), queue, NO_FLOW)
    assert names(change) == ("AB", "BN", "NO", "OC", "CD")
    assert change.saves < 0.0
    assert guidance(others=0.0).plan(0.0, travellers(1, fresh=True), queue, NO_FLOW) == []
