"""Incidents in the simulated city: nothing is invented in usual traffic, and a breakdown is found in ten seconds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from sensed_city import SensedCity

from fusion.incidents import Incident, IncidentKind
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from simulators.city import CitySimulation
from simulators.city_files import CityFiles
from simulators.city_files import Incident as Breakdown
from simulators.city_link import CityConfig
from simulators.scoring_incidents import Told, Truth, find_staged, is_real
from simulators.signal_controller_wiring import links_of_groups
from simulators.world import WorldFrame

EPOCH = 1_760_000_000.0
SECONDS = 75.0
STAGED_AT = 15.0
JAMS = {IncidentKind.CONGESTION, IncidentKind.CONGESTION_TAIL, IncidentKind.SPILL_BACK}
"""Full roads are full in truth as well, and are judged by it."""


@dataclass(frozen=True)
class Played:
    """A stretch of the city: its frames, what broke down where, and the incidents with when they were told first."""

    frames: list[WorldFrame]
    blockers: dict[str, str]
    incidents: list[tuple[float, Incident]]


def frames_of(city: CitySimulation, place: Breakdown) -> Iterator[WorldFrame]:
    staged = False
    while city.elapsed < SECONDS:
        if city.elapsed >= STAGED_AT and not staged:
            staged = True
            assert city.block_lane(place.lane, place.position, SECONDS)
        yield city.step()


@pytest.fixture(scope="module")
def played(built_city: CityFiles) -> Played:
    files = built_city
    network: RoadNetwork = import_sumo(files.net, files.additional).network
    city = CitySimulation(CityConfig(files, network, incident=False, real_time=False, epoch=EPOCH))
    frames, told = [], dict[str, tuple[float, Incident]]()

    def kept() -> Iterator[WorldFrame]:
        for frame in frames_of(city, files.incident):
            frames.append(frame)
            yield frame

    sensed = SensedCity(network, links_of_groups(network, files.net))
    for picture, _ in sensed.pictures(kept()):
        for incident in picture.incidents:
            told[incident.incident_id] = (told.get(incident.incident_id, (picture.time,))[0], incident)
    blockers = city.blockers
    city.close()
    return Played(frames, blockers, list(told.values()))


def standstill(played: Played) -> tuple[float, float, float]:
    """When and where the vehicle that broke down came to a stand."""
    [vehicle] = played.blockers.values()
    for frame in played.frames:
        rows = np.flatnonzero((frame.id == vehicle) & (frame.speed < 0.1))
        if len(rows) and frame.time > EPOCH + STAGED_AT:
            return frame.time, float(frame.x[rows[0]]), float(frame.y[rows[0]])
    raise AssertionError("nobody broke down")


def truth_of(frames: list[WorldFrame]) -> Truth:
    """What was there: simulated drivers do brake hard now and then, and that is no false alarm."""
    times = np.repeat([frame.time for frame in frames], [len(frame.id) for frame in frames])
    names, x, y, *motion, staged = (
        np.concatenate([getattr(frame, name) for frame in frames])
        for name in ("id", "x", "y", "speed", "heading", "length", "staged")
    )
    speed, heading, length = (column.astype(np.float64) for column in motion)
    return Truth(times, names.astype(np.str_), x, y, speed, heading, length, staged.astype(np.str_))


def told_of(played: Played) -> list[Told]:
    return [Told(one.kind.value, when, one.x, one.y, one.figures) for when, one in played.incidents]


@pytest.mark.timeout(600)
def test_a_breakdown_is_found_within_ten_seconds(played: Played) -> None:
    time, x, y = standstill(played)
    near = [when for when, incident in played.incidents if np.hypot(incident.x - x, incident.y - y) < 15.0]
    assert near
    assert min(near) - time <= 10.0


@pytest.mark.timeout(600)
def test_usual_traffic_raises_no_alarm(played: Played) -> None:
    truth = truth_of(played.frames)
    staged = find_staged(truth)
    false = [
        told
        for told in told_of(played)
        if told.kind not in JAMS and not any(one.caused(told) for one in staged) and not is_real(truth, told)
    ]
    assert false == []
