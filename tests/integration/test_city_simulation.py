"""The running city: what is on its streets, and that orders to drivers and signals take effect."""

import random
from collections.abc import Iterator

import libsumo
import numpy as np
import pytest

from maps.importers.sumo import import_sumo
from maps.participants import ParticipantKind
from simulators.city import CitySimulation
from simulators.city_files import CityFiles
from simulators.city_link import CityConfig, CityLink
from simulators.commands import DriveToStop, EnterVan, ParkAt, RequestPriority, SetRoute, SetSpeed
from simulators.sumo_frames import carries_obu
from simulators.world import WorldFrame

EPOCH = 1_760_000_000.0


@pytest.fixture(scope="module")
def config(built_city: CityFiles) -> CityConfig:
    network = import_sumo(built_city.net, built_city.additional).network
    return CityConfig(built_city, network, real_time=False, epoch=EPOCH)


@pytest.fixture
def city(config: CityConfig) -> Iterator[CitySimulation]:
    simulation = CitySimulation(config)
    yield simulation
    simulation.close()


def steps(city: CitySimulation, seconds: float) -> WorldFrame:
    frame = city.step()
    while city.elapsed < seconds:
        frame = city.step()
    return frame


def cars(frame: WorldFrame) -> list[str]:
    return [str(v) for v in frame.id[(frame.kind == ParticipantKind.CAR) & (frame.goal == "")]]


def test_a_minute_of_the_city_is_full_of_traffic_that_flows(city: CitySimulation) -> None:
    frame, teleports, blocked = city.step(), 0, ""
    while city.elapsed < 60:
        frame = city.step()
        teleports += libsumo.simulation.getStartingTeleportNumber()
        blocked = blocked or next(iter(city.blockers), "")
    count = np.bincount(frame.kind, minlength=9)
    assert count[1:8].sum() >= 1000
    assert count[ParticipantKind.BUS] >= 24
    assert count[ParticipantKind.CYCLIST] >= 50
    assert count[ParticipantKind.PEDESTRIAN] >= 100
    assert teleports <= 3
    assert blocked == city._config.files.incident.lane
    assert frame.speed[frame.kind < ParticipantKind.CYCLIST].mean() > 3.0
    assert frame.time == pytest.approx(EPOCH + city.elapsed)
    assert set(frame.line[frame.kind == ParticipantKind.BUS]) - {""}
    assert 0.15 < frame.equipped[frame.kind == ParticipantKind.CAR].mean() < 0.25
    assert frame.equipped[frame.kind == ParticipantKind.BUS].all()
    assert frame.occupancy["P4"] > 40
    assert (frame.goal != "").sum() > 10


def test_a_broken_down_vehicle_stands_until_its_time_is_over(city: CitySimulation) -> None:
    incident = city._config.files.incident
    steps(city, incident.after + 60)
    blocker = city.blockers[incident.lane]
    steps(city, city.elapsed + 60)
    assert libsumo.vehicle.getSpeed(blocker) == 0.0
    assert libsumo.vehicle.getLaneID(blocker) == incident.lane
    assert libsumo.vehicle.getLanePosition(blocker) == pytest.approx(incident.position, abs=2.0)


def test_positions_are_the_middle_of_the_body_on_the_networks_plane(city: CitySimulation) -> None:
    frame = steps(city, 2)
    network = city._config.network
    row = next(i for i, lane in enumerate(frame.lane) if lane and frame.kind[i] == ParticipantKind.BUS)
    name = str(frame.id[row])
    lon, lat = libsumo.simulation.convertGeo(*libsumo.vehicle.getPosition(name))
    front_x, front_y = network.plane.forward(lon, lat)
    half = frame.length[row] / 2
    assert frame.x[row] + np.sin(frame.heading[row]) * half == pytest.approx(float(front_x), abs=0.05)
    assert frame.y[row] + np.cos(frame.heading[row]) * half == pytest.approx(float(front_y), abs=0.05)


def test_a_driver_keeps_to_an_advised_speed_until_it_ends(city: CitySimulation) -> None:
    frame = steps(city, 2)
    fast = next(str(frame.id[i]) for i in np.argsort(-frame.speed) if frame.kind[i] == ParticipantKind.CAR)
    assert city.obey(SetSpeed(fast, 5.0)).accepted
    steps(city, city.elapsed + 12)
    assert libsumo.vehicle.getSpeed(fast) <= 5.1
    assert city.obey(SetSpeed(fast, None)).accepted
    assert libsumo.vehicle.getMaxSpeed(fast) > 20


def _drives_freely(name: str) -> bool:
    ahead = libsumo.lane.getLength(libsumo.vehicle.getLaneID(name)) - libsumo.vehicle.getLanePosition(name)
    return libsumo.vehicle.getSpeed(name) > 12 and ahead > 100 and not libsumo.vehicle.getLeader(name, 80)


def test_drivers_slow_down_to_an_advised_speed_in_comfort(city: CitySimulation) -> None:
    frame = steps(city, 2)
    free = [name for name in cars(frame) if _drives_freely(name)][:30]
    assert len(free) > 10
    assert all(city.obey(SetSpeed(name, 6.0)).accepted for name in free)
    speeds = [[libsumo.vehicle.getSpeed(name) for name in free]]
    for _ in range(6):
        steps(city, city.elapsed + 0.5)
        speeds.append([libsumo.vehicle.getSpeed(name) for name in free])
    hardest = -np.diff(speeds, axis=0).min(axis=0) / 0.5
    assert 1.0 < hardest.max() < 3.5, "1.5 m/s2, and what drivers dawdle besides"


def test_a_driver_takes_another_way_to_the_same_goal(city: CitySimulation) -> None:
    frame = steps(city, 2)
    changed = 0
    for name in cars(frame)[:200]:
        old, index = libsumo.vehicle.getRoute(name), libsumo.vehicle.getRouteIndex(name)
        turns = [c.end for c in city.net.connections if index + 1 < len(old) and c.start == old[index + 1]]
        other = next((t for t in turns if t in city.net.edges and t not in old and t.split("_")[1][0] != "G"), None)
        if other and city.obey(SetRoute(name, (old[index], old[index + 1], other))).accepted:
            new = libsumo.vehicle.getRoute(name)
            assert new[libsumo.vehicle.getRouteIndex(name) + 2] == other
            assert new[-1] == old[-1]
            changed += 1
    assert changed > 5


def test_a_route_worked_out_before_a_driver_went_on_is_followed_from_there(city: CitySimulation) -> None:
    frame = steps(city, 2)
    followed = 0
    for name in cars(frame)[:40]:
        old, index = libsumo.vehicle.getRoute(name), libsumo.vehicle.getRouteIndex(name)
        if index and index + 2 < len(old):
            result = city.obey(SetRoute(name, tuple(old[index - 1 : index + 3])))
            assert result.accepted, result.reason
            assert libsumo.vehicle.getRoute(name)[-1] == old[-1]
            followed += 1
    assert followed > 5


def test_a_route_that_does_not_join_is_refused_with_the_reason(city: CitySimulation) -> None:
    frame = steps(city, 2)
    result = city.obey(SetRoute(cars(frame)[0], ("W0A_W0B", "E2A_E3A")))
    assert not result.accepted
    assert "turn" in result.reason


def test_a_driver_goes_to_the_car_park_that_guidance_names(city: CitySimulation) -> None:
    frame = steps(city, 2)
    lost = [str(v) for v in frame.id[frame.goal == "P4"]]
    guided = next(v for v in lost if city.obey(ParkAt(v, "P2")).accepted)
    frame = city.step()
    assert frame.goal[list(frame.id).index(guided)] == "P2"
    assert libsumo.vehicle.getStops(guided, 1)[0].stoppingPlaceID == "P2"


def test_unknown_names_are_refused_by_name(city: CitySimulation) -> None:
    city.step()
    assert "'nobody'" in city.obey(SetSpeed("nobody", 3.0)).reason
    assert "'P9'" in city.obey(ParkAt(cars(city.step())[0], "P9")).reason
    assert "'XX'" in city.request_priority("XX", 1, EPOCH + 10, 10).reason


def test_signals_keep_minimum_green_yellow_and_all_red_under_random_requests(city: CitySimulation) -> None:
    rng = random.Random(7)
    phases = sorted(city._signals.links)
    seen: dict[str, tuple[int, float]] = {}
    granted = 0
    while city.elapsed < 240:
        city.step()
        now = libsumo.simulation.getTime()
        for signal, desk in city._signals.desks.items():
            index, since = seen.get(signal, (-1, 0.0))
            phase = libsumo.trafficlight.getPhase(signal)
            if phase == index:
                continue
            if index >= 0 and since > 0:
                assert now - since >= desk.steps[index].minimum, (signal, index)
                assert phase == (index + 1) % len(desk.steps)
            seen[signal] = (phase, now if index >= 0 else 0.0)
        for signal, phase_id in rng.sample(phases, 3):
            arrival = EPOCH + city.elapsed + rng.uniform(0, 60)
            result = city.obey(RequestPriority("r", signal, phase_id, arrival, 15.0))
            granted += result.strategy in {"extension", "early_green"}
    assert granted > 20


def test_a_granted_extension_holds_green_until_the_vehicle_has_come(city: CitySimulation) -> None:
    city.step()
    for (signal, phase_id), links in sorted(city._signals.links.items()):
        for ahead in range(5, 60, 3):
            result = city.request_priority(signal, phase_id, EPOCH + city.elapsed + ahead, 10.0)
            if result.strategy == "extension":
                frame = steps(city, city.elapsed + ahead)
                assert {frame.lights[signal][link] for link in links} <= {"g", "G"}
                return
    pytest.fail("no signal could extend a green")


def test_every_phase_of_a_vehicle_movement_is_known_to_the_controllers(city: CitySimulation) -> None:
    network = city._config.network
    rows = {int(group) for group in network.connections.group if group >= 0}
    wanted = {(str(network.signals.id[network.groups.signal[row]]), int(network.groups.phase_id[row])) for row in rows}
    assert wanted == set(city._signals.links)


def test_every_bus_and_a_fifth_of_the_cars_carry_an_obu() -> None:
    assert all(carries_obu(f"bus{i}", ParticipantKind.BUS) for i in range(50))
    assert not carries_obu("cycle.1", ParticipantKind.CYCLIST)
    share = np.mean([carries_obu(f"car0.{i}", ParticipantKind.CAR) for i in range(5000)])
    assert share == pytest.approx(0.2, abs=0.02)


def test_the_city_runs_in_its_own_process_and_answers_commands(config: CityConfig) -> None:
    with CityLink(config) as link:
        first = link.wait_ready()
        link.send(SetSpeed("nobody", 1.0))
        results = link.results()
        while not results and link.alive:
            results = link.results()
        assert not results[0].accepted
        assert link.latest is not None
        assert link.latest.time >= first.time
    assert not link.alive


def _van_leaves_the_road(city: CitySimulation, patience: float) -> str:
    """Lane on which the van was seen last before it stood beside the road."""
    seen, until = "", city.elapsed + patience
    while city.elapsed < until:
        frame = city.step()
        rows = np.flatnonzero(frame.id == "VAN001")
        if len(rows):
            seen = str(frame.lane[rows[0]]) or seen
        elif seen and "VAN001" in libsumo.vehicle.getIDList():
            return seen
    return ""


def test_a_van_drives_from_stop_to_stop_and_waits_beside_the_road(city: CitySimulation) -> None:
    city.step()
    first, second = "S.W1B_W2B", "S.W2B_W3B"
    assert city.obey(EnterVan("VAN001", first)).accepted
    assert city.obey(EnterVan("VAN001", first)).accepted, "asked again, it is there already"
    assert _van_leaves_the_road(city, 90.0) == libsumo.busstop.getLaneID(first)
    assert city.obey(DriveToStop("VAN001", second)).accepted
    assert _van_leaves_the_road(city, 240.0) == libsumo.busstop.getLaneID(second)
    assert not city.obey(DriveToStop("VAN001", "nowhere")).accepted
    assert not city.obey(DriveToStop("VAN999", first)).accepted


def test_a_van_that_is_told_inside_a_junction_drives_there_once_it_has_left_it(city: CitySimulation) -> None:
    city.step()
    assert city.obey(EnterVan("VAN001", "S.W1B_W2B")).accepted
    assert _van_leaves_the_road(city, 90.0)
    assert city.obey(DriveToStop("VAN001", "S.W3B_P1e")).accepted
    until = city.elapsed + 240.0
    while city.elapsed < until and not libsumo.vehicle.getRoadID("VAN001").startswith(":"):
        city.step()
    assert libsumo.vehicle.getRoadID("VAN001").startswith(":")
    assert city.obey(DriveToStop("VAN001", "S.W2B_W3B")).accepted
    assert _van_leaves_the_road(city, 300.0) == libsumo.busstop.getLaneID("S.W2B_W3B")
