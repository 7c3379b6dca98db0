"""The built demo city is a city: streets, river, lights that are safe, bus lines that run."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString, shape

from maps.geodesy import LocalPlane
from simulators import city_plan as plan
from simulators.city_build import build_city
from simulators.city_demand import city_demand
from simulators.city_files import CityFiles
from simulators.city_plan_xml import to_degrees
from simulators.city_streets import directed, stretches
from simulators.errors import CityBuildError
from simulators.sumo_demand import Demand
from simulators.sumo_net import SumoNet, read_net
from simulators.sumo_plane import sumo_plane
from simulators.sumo_routes import route_graph


@pytest.fixture(scope="module")
def net(built_city: CityFiles) -> SumoNet:
    return read_net(built_city.net)


@pytest.fixture(scope="module")
def demand(net: SumoNet) -> Demand:
    return city_demand(net, 1)


def test_city_has_at_least_24_signals(net: SumoNet) -> None:
    assert len(net.programs) >= 24


def test_city_lies_where_changsha_is(net: SumoNet) -> None:
    plane = LocalPlane(*plan.CENTRE)
    middle = net.bounds[0] + net.bounds[2], net.bounds[1] + net.bounds[3]
    x, y = sumo_plane(net, plane).points(np.array([middle[0] / 2]), np.array([middle[1] / 2]))
    assert abs(x[0]) < 500
    assert abs(y[0]) < 500


def test_links_that_conflict_never_both_have_protected_green(net: SumoNet) -> None:
    for signal, steps in net.programs.items():
        foes = net.junctions[signal].foes
        for _, state in steps:
            green = [i for i, letter in enumerate(state) if letter == "G"]
            assert not [(a, b) for a in green for b in green if a < b and foes[a] >> b & 1], (signal, state)


def test_permissive_green_yields_to_every_conflicting_green(net: SumoNet) -> None:
    for signal, steps in net.programs.items():
        junction = net.junctions[signal]
        for _, state in steps:
            for a in (i for i, letter in enumerate(state) if letter == "g"):
                rivals = [b for b, letter in enumerate(state) if letter == "G" and junction.foes[a] >> b & 1]
                assert all(junction.response[a] >> b & 1 for b in rivals), (signal, state, a)


def test_every_vehicle_green_ends_in_3_s_of_yellow_and_2_s_of_all_red(net: SumoNet) -> None:
    for signal, steps in net.programs.items():
        walks = {c.link_index for c in net.connections if c.signal == signal and c.end in net.crossings}
        for (_, now), (length, then), (pause, red) in zip(
            steps, steps[1:] + steps[:1], steps[2:] + steps[:2], strict=True
        ):
            ended = [i for i, letter in enumerate(now) if letter in "gG" and then[i] not in "gG" and i not in walks]
            if ended:
                assert all(then[i] == "y" for i in ended), (signal, now, then)
                assert (length, pause) == (3.0, 2.0)
                assert set(red) == {"r"}


def test_every_movement_gets_green_once_in_a_cycle_of_90_to_120_s(net: SumoNet) -> None:
    for signal, steps in net.programs.items():
        assert 90 <= sum(length for length, _ in steps) <= 120
        served = ["".join(column) for column in zip(*(state for _, state in steps), strict=True)]
        assert all(set(column) & set("gG") for column in served), signal


def test_pedestrians_can_finish_crossing_before_the_next_green(net: SumoNet) -> None:
    for signal, steps in net.programs.items():
        walks = {c.link_index: c.end for c in net.connections if c.signal == signal and c.end in net.crossings}
        for place, crossing in walks.items():
            lanes = sum(net.edges[edge].lanes[-1].index for edge in net.crossings[crossing])
            column = [(length, state[place] in "gG") for length, state in steps]
            first = next(i for i, (_, green) in enumerate(column) if green and not column[i - len(column) + 1][1])
            after = column[first + 1 :] + column[: first + 1]
            rest = 0.0
            for length, green in after:
                if green:
                    break
                rest += length
            assert rest >= lanes * 3.2 / 1.5, (signal, crossing)


def test_exactly_two_bridges_cross_the_river(built_city: CityFiles) -> None:
    assert built_city.background_geojson is not None
    features = json.loads(built_city.background_geojson.read_text())["features"]
    river = shape(next(f["geometry"] for f in features if f["properties"]["kind"] == "water"))
    over = {
        frozenset((way.start, way.end)): way.name
        for way in directed(stretches())
        if LineString(to_degrees(way.line)).intersects(river)
    }
    assert len(over) == 2
    assert all("Bridge" in name for name in over.values())


def test_twelve_bus_lines_run_both_ways_over_streets_that_join(net: SumoNet, demand: Demand) -> None:
    graph = route_graph(net, "bus")
    assert len({service.line for service in demand.services}) == 12
    for service in demand.services:
        assert graph.first_gap(service.route) is None, service.id
        assert len(service.stops) >= 4, service.id
        assert 240 <= service.headway <= 480


def test_four_car_parks_have_their_places(demand: Demand) -> None:
    assert [site.capacity for site in demand.sites] == [90, 120, 200, 60]
    assert all(len(demand.to_park[site.id]) >= 5 for site in demand.sites)


def test_trips_follow_turns_that_exist(net: SumoNet, demand: Demand) -> None:
    graph = route_graph(net, "passenger")
    assert len(demand.trips) >= 1000
    assert all(graph.first_gap(trip) is None for trip in demand.trips)


def test_no_lane_but_those_with_bays_ends_at_a_light_without_a_way_on(net: SumoNet) -> None:
    served = {(c.start, c.from_lane) for c in net.connections}
    for edge in net.edges.values():
        if edge.end in net.programs:
            dead = [lane.id for lane in edge.lanes if lane.admits("passenger") and (edge.id, lane.index) not in served]
            assert not dead


def test_a_built_city_is_kept_and_another_seed_is_another_city(built_city: CityFiles, tmp_path: Path) -> None:
    before = built_city.state.stat().st_mtime_ns
    assert build_city(built_city.net.parent, seed=1) == built_city
    assert built_city.state.stat().st_mtime_ns == before
    other = build_city(tmp_path / "other", seed=2)
    assert other.routes.read_bytes() != built_city.routes.read_bytes()
    assert other.net.read_text().partition("<location")[2] == built_city.net.read_text().partition("<location")[2]


def test_the_same_seed_gives_the_same_demand(net: SumoNet, demand: Demand) -> None:
    assert city_demand(net, 1) == demand


def test_what_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "no.net.xml"
    path.write_text("<routes/>")
    with pytest.raises(CityBuildError, match=r"no\.net\.xml is no SUMO network"):
        read_net(path)


def test_streets_are_smooth(net: SumoNet) -> None:
    for way in stretches():
        bends = np.diff(np.unwrap(np.arctan2(*np.diff(way.line, axis=0).T[::-1])))
        assert np.all(np.abs(bends) < np.radians(40)), (way.start, way.end)
    assert all(a != b for a, b in pairwise(sorted(net.edges)))
