"""RAPTOR against a brute-force search on random small timetables, with live times and overtaking."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.maas.backwards import backwards, latest
from cloudctl.maas.raptor import Found, journeys, search
from cloudctl.maas.trip_table import Route, TripTable, columns, part

STOPS = [f"S{number}" for number in range(6)]
ROWS = {stop: row for row, stop in enumerate(STOPS)}
CHANGE = 3.0


@st.composite
def lines(draw: st.DrawFn) -> list[Route]:
    found: list[Route] = []
    for number in range(draw(st.integers(1, 4))):
        stops = tuple(draw(st.lists(st.sampled_from(STOPS), min_size=2, max_size=4, unique=True)))
        count = draw(st.integers(1, 4))
        times = []
        for _ in range(count):
            steps = draw(st.lists(st.integers(0, 15), min_size=2 * len(stops), max_size=2 * len(stops)))
            times.append(np.cumsum(steps) + draw(st.integers(0, 60)))
        table = np.array(times, float)
        keys = [f"{number}-{trip}" for trip in range(count)]
        found += part(str(number), stops, keys, table[:, 0::2], table[:, 1::2])
    return found


def brute_force(
    routes: list[Route], walks: list[tuple[int, int, float]], access: np.ndarray, egress: np.ndarray, most: int
) -> list[float]:
    """Earliest arrival at the goal with exactly 1, 2, ... buses: every trip, every place to board and to leave."""
    ready, best = {stop: access[stop] for stop in range(len(STOPS))}, []
    for step in range(1, most + 1):
        came: dict[int, float] = {}
        for route in routes:
            for trip in range(len(route.trips)):
                for on, stop in enumerate(route.stops):
                    slack = CHANGE if step > 1 else 0.0
                    if ready.get(ROWS[stop], np.inf) + slack <= route.departure[trip, on]:
                        for off in range(on + 1, len(route.stops)):
                            goal = ROWS[route.stops[off]]
                            came[goal] = min(came.get(goal, np.inf), route.arrival[trip, off])
        best.append(min((time + egress[stop] for stop, time in came.items()), default=np.inf))
        ready = dict(came)
        for start, end, seconds in walks:
            if start in came:
                ready[end] = min(ready.get(end, np.inf), came[start] + seconds)
    return best


def times() -> st.SearchStrategy[list[float]]:
    some = st.one_of(st.just(np.inf), st.integers(0, 40).map(float))
    return st.lists(some, min_size=len(STOPS), max_size=len(STOPS))


@settings(max_examples=300, deadline=None)
@given(
    routes=lines(), access=times(), egress=times(),
    ways=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 20).map(float)), max_size=6),
)  # fmt: skip
def test_no_journey_arrives_earlier_than_those_that_raptor_finds(
    routes: list[Route], access: list[float], egress: list[float], ways: list[tuple[int, int, float]]
) -> None:
    walks = sorted(way for way in ways if way[0] != way[1])
    start, end = np.array(access), np.array(egress)
    network = columns(routes, ROWS, walks)
    found = journeys(network, search(network, start, end, CHANGE, 3), end)
    truth = np.minimum.accumulate(brute_force(routes, walks, start, end, 3))
    told = {len(each.rides): each.arrival for each in found}
    best = np.minimum.accumulate([told.get(buses, np.inf) for buses in (1, 2, 3)])
    assert best.tolist() == truth.tolist()
    for each in found:
        check_journey(each, routes, walks, start, end)


def check_journey(
    found: Found, routes: list[Route], walks: list[tuple[int, int, float]], access: np.ndarray, egress: np.ndarray
) -> None:
    """A journey can be made: each bus is reached in time, and the arrival is what its last bus gives."""
    here, now = -1, 0.0
    for number, ride in enumerate(found.rides):
        route = routes[ride.route]
        on, off = ROWS[route.stops[ride.board]], ROWS[route.stops[ride.alight]]
        if number == 0:
            ready = access[on]
        else:
            ready = min([now] if here == on else [], default=np.inf)
            ready = min([ready, *(now + s for a, b, s in walks if (a, b) == (here, on))]) + CHANGE
        assert ready <= route.departure[ride.trip, ride.board]
        assert ride.board < ride.alight
        here, now = off, float(route.arrival[ride.trip, ride.alight])
    assert here == found.last_stop
    assert found.arrival == now + egress[here]


def latest_departures(
    routes: list[Route], walks: list[tuple[int, int, float]], access: np.ndarray, must: np.ndarray
) -> list[float]:
    """Latest departure from the door with exactly 1, 2, 3 buses: every first ride, and all that can follow it."""
    best = [-np.inf] * 3
    for route in routes:
        for trip in range(len(route.trips)):
            for on, stop in enumerate(route.stops[:-1]):
                depart = route.departure[trip, on] - access[ROWS[stop]]
                came = {
                    ROWS[route.stops[off]]: float(route.arrival[trip, off]) for off in range(on + 1, len(route.stops))
                }
                for buses in range(3):
                    if any(time <= must[end] for end, time in came.items()):
                        best[buses] = max(best[buses], depart)
                    ready = dict(came)
                    for start, end, seconds in walks:
                        if start in came:
                            ready[end] = min(ready.get(end, np.inf), came[start] + seconds)
                    came = _ride_once(routes, ready)
    return best


def _ride_once(routes: list[Route], ready: dict[int, float]) -> dict[int, float]:
    came: dict[int, float] = {}
    for route in routes:
        for trip in range(len(route.trips)):
            for on, stop in enumerate(route.stops):
                if ready.get(ROWS[stop], np.inf) + CHANGE <= route.departure[trip, on]:
                    for off in range(on + 1, len(route.stops)):
                        goal = ROWS[route.stops[off]]
                        came[goal] = min(came.get(goal, np.inf), float(route.arrival[trip, off]))
    return came


@settings(max_examples=80, deadline=None)
@given(
    routes=lines(), access=times(), egress=times(), by=st.integers(0, 200).map(float),
    ways=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 20).map(float)), max_size=6),
)  # fmt: skip
def test_nobody_can_set_out_later_and_be_there_in_time_than_the_search_says(
    routes: list[Route], access: list[float], egress: list[float], by: float, ways: list[tuple[int, int, float]]
) -> None:
    walks = sorted(way for way in ways if way[0] != way[1])
    start, must = np.array(access), by - np.array(egress)
    table = TripTable(tuple(routes), columns(routes, ROWS, walks))
    found = latest(table, backwards(table, ROWS), start, must, CHANGE, 3)
    truth = np.maximum.accumulate(latest_departures(routes, walks, start, must))
    told = {len(each.rides): _sets_out(each, routes, start) for each in found}
    best = np.maximum.accumulate([told.get(buses, -np.inf) for buses in (1, 2, 3)])
    assert best.tolist() == truth.tolist()
    for each in found:
        check_journey(each, routes, walks, np.where(np.isfinite(start), 0.0, np.inf), np.zeros(len(STOPS)))
        assert each.arrival <= must[each.last_stop]


@pytest.mark.parametrize(("gap", "leaves"), [(CHANGE - 1.0, 0.0), (CHANGE, 10.0)])
def test_who_changes_needs_time_for_it_also_when_the_arrival_is_given(gap: float, leaves: float) -> None:
    feeder = Route(
        "a", ("S0", "S1"), ("a0", "a1"), np.array([[0.0, 10.0], [10.0, 20.0]]), np.array([[0.0, 10.0], [10.0, 20.0]])
    )
    onward = np.array([[20.0 + gap, 30.0]])
    routes = (feeder, Route("b", ("S1", "S2"), ("b0",), onward, onward))
    table = TripTable(routes, columns(routes, ROWS, []))
    access, must = np.full(len(STOPS), np.inf), np.full(len(STOPS), -np.inf)
    access[0], must[2] = 0.0, 40.0
    [found] = latest(table, backwards(table, ROWS), access, must, CHANGE, 3)
    assert _sets_out(found, list(routes), access) == leaves


def _sets_out(found: Found, routes: list[Route], access: np.ndarray) -> float:
    first = found.rides[0]
    route = routes[first.route]
    return float(route.departure[first.trip, first.board] - access[ROWS[route.stops[first.board]]])


@settings(max_examples=100, deadline=None)
@given(routes=lines())
def test_nobody_overtakes_within_a_route_and_no_trip_is_lost(routes: list[Route]) -> None:
    for route in routes:
        assert (np.diff(route.arrival, axis=0) >= 0).all()
        assert (np.diff(route.departure, axis=0) >= 0).all()
    names = [trip for route in routes for trip in route.trips]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("count", [0, 1])
def test_a_network_without_buses_has_no_journeys(count: int) -> None:
    rows = {f"S{number}": number for number in range(count)}
    network = columns([], rows, [])
    access = np.zeros(count)
    assert journeys(network, search(network, access, access, CHANGE), access) == []
