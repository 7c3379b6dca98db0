"""GTFS-Realtime of the simulated city by protoc against the MobilityData rules.

`V2X_GTFS_SECONDS` sets how long the city runs; the proof over ten minutes is V2X_GTFS_SECONDS=600.
"""

import os
from pathlib import Path

import gtfs_rules as rules
import pytest
from gtfs_rules import Iteration
from gtfs_trip_rules import OF_TRIPS
from transit_city import TransitCity

from cloudctl.feeds.gtfs_realtime import alerts, trip_updates, vehicle_positions
from cloudctl.transit.describe import describe
from cloudctl.transit.timetable import Timetable
from simulators.city_files import CityFiles

SECONDS = float(os.environ.get("V2X_GTFS_SECONDS", "20"))
EVERY = max(5, round(SECONDS / 40))
"""Turns between two looks at the feeds."""
OF_ONE = {**rules.OF_ONE, **OF_TRIPS}


@pytest.fixture(scope="module")
def told(built_city: CityFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Iteration], Timetable]:
    """What the feeds say, and the timetable that they speak of."""
    folder: Path = tmp_path_factory.mktemp("city")
    schema, city = rules.schema_file(folder), TransitCity(built_city, folder)
    found: list[Iteration] = []
    for turn, now in enumerate(city.seconds(SECONDS)):
        if turn % EVERY:
            continue
        state = describe(city.desk, city.network.plane, lambda _: 2, {}, now)
        bodies = vehicle_positions(state, now), trip_updates(state, now), alerts(state, {}, now)
        found.append(Iteration(now, *(rules.by_protoc(body, schema) for body in bodies)))
    city.close()
    return found, city.timetable


@pytest.mark.parametrize("rule", sorted([*OF_ONE, *rules.BETWEEN]))
def test_the_city_keeps_the_rule(told: tuple[list[Iteration], Timetable], rule: str) -> None:
    assert rules.check(told[0], told[1], OF_ONE)[rule] == []


def test_most_buses_of_the_city_are_told_of(told: tuple[list[Iteration], Timetable]) -> None:
    newest = told[0][-1]
    assert len(newest.positions.entity) > 30
    assert len(newest.updates.entity) == len(newest.positions.entity)
