"""One junction with a program of two stages, and pictures of it: vehicles, lights, pedestrians."""

import dataclasses
from collections.abc import Sequence
from functools import cache

import numpy as np
from advice_city import NOW, Vehicle, build_network, free_links, lights, tracks_of

from fusion.picture import SignalStates, TrafficPicture
from fusion.sensors import SensorTable
from maps.network import Program, RoadNetwork

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0), "D": (500.0, 400.0), "E": (500.0, -400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1), ("BE", "B", "E", 1)]
STATES = ((6, 3), (7, 3), (3, 3), (3, 6), (3, 7), (3, 3))
"""Lights of the approaches AB and DB in each row of the program."""
DURATIONS = (30.0, 3.0, 2.0, 30.0, 3.0, 2.0)


@cache
def network() -> RoadNetwork:
    """Roads AB and DB meet at signal SB; rows of its program are `STATES`."""
    made = build_network(PLACES, ROADS, ["B"])
    count = len(STATES)
    program = Program(
        signal=np.zeros(count, np.int32),
        duration=np.array(DURATIONS, np.float32),
        minimum=np.array([8, 3, 2, 8, 3, 2], np.float32),
        maximum=np.array([60, 3, 2, 60, 3, 2], np.float32),
        state_start=np.arange(0, 2 * count, 2, dtype=np.int32),
    )
    signals = dataclasses.replace(made.signals, program_count=np.array([count], np.int32))
    states = np.array(STATES, np.uint8).ravel()
    return dataclasses.replace(made, program=program, program_states=states, signals=signals)


def shown(row: int, now: float, *, confidence: float = 1.0) -> SignalStates:
    """Lights of a row of the program, told at `now`."""
    plain = lights(network(), green=False, change=np.nan, received=now, conf=confidence)
    return dataclasses.replace(plain, state=np.array(STATES[row], np.uint8))


def picture(
    second: float, row: int, vehicles: Sequence[Vehicle] = (), signals: SignalStates | None = None
) -> TrafficPicture:
    """The junction so many seconds after `NOW`."""
    now = NOW + second
    tracks = tracks_of(network(), vehicles)
    said = signals or shown(row, now)
    return TrafficPicture(1, now, tracks, free_links(network()), said, ())


def queue(link: str, number: int) -> list[Vehicle]:
    """Vehicles that stand before the stop line of a link."""
    length = float(network().links.length[network().link_rows[link]])
    return [Vehicle(link, length - 4.0 - 7.0 * place, 0.0) for place in range(number)]


def sensors(radius: float = 300.0) -> SensorTable:
    """One sensor at the junction."""
    return SensorTable(np.array([500.0]), np.array([0.0]), np.array([radius]))
