"""A SUMO scenario under libsumo: start, layout of its signals, tracks of each second, lights."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import libsumo
import numpy as np

from cloudctl.signals.errors import ScenarioError
from cloudctl.signals.layout import Layout, Roads, Tracks
from cloudctl.signals.layout_build import Link, Way, build_layout
from cloudctl.signals.program import Phase, Program

_VARIABLES = (0x51, 0x56, 0x40)
"""lane, position on the lane m, speed m/s (TraCI variables of a vehicle)"""
_ROW_GROWTH = 2


def start(config: Path, seed: int, trips: Path, end: float | None, more: Sequence[str] = ()) -> None:
    """Start SUMO with a seed and `more` options; what each vehicle lost is written to `trips`.

    Raises:
        ScenarioError: SUMO refuses the scenario.
    """
    options = ["-c", str(config), "--seed", str(seed), "--no-step-log", "--no-warnings", "--duration-log.disable"]
    options += ["--tripinfo-output", str(trips), "--tripinfo-output.write-unfinished"]
    options += ["--tripinfo-output.write-undeparted", *(["--end", str(end)] if end is not None else []), *more]
    try:
        libsumo.start(["sumo", *options])
    except (libsumo.TraCIException, libsumo.FatalTraCIError, RuntimeError) as error:
        raise ScenarioError(str(config), str(error).strip()) from error


def close() -> None:
    """End the simulation; SUMO writes what it owes."""
    libsumo.close()


def read_layout() -> Layout:
    """Layout of all signals of the running scenario."""
    ids = tuple(libsumo.lane.getIDList())
    roads = Roads(
        ids,
        np.array([libsumo.lane.getLength(lane) for lane in ids]),
        np.array([libsumo.lane.getMaxSpeed(lane) for lane in ids]),
    )
    signals = libsumo.trafficlight.getIDList()
    links = {signal: list(_links(signal)) for signal in signals}
    programs = [_program(signal, links[signal]) for signal in signals]
    controlled = {(link.lane, link.out) for each in links.values() for link in each}
    walking = {lane for lane in ids if _walked(lane)}
    for signal, each in links.items():
        links[signal] = [link for link in each if link.lane not in walking and link.via not in walking]
    return build_layout(roads, programs, links, _open_ways(ids, controlled))


def _links(signal: str) -> Iterator[Link]:
    for light, group in enumerate(libsumo.trafficlight.getControlledLinks(signal)):
        for lane, out, via in group:
            foes = frozenset(foe for foe in libsumo.lane.getFoes(lane, out) if not foe.startswith(":"))
            yield Link(lane, out, via, light, foes)


def _program(signal: str, links: Iterable[Link]) -> Program:
    active = libsumo.trafficlight.getProgram(signal)
    logics = libsumo.trafficlight.getAllProgramLogics(signal)
    logic = next((each for each in logics if each.programID == active), logics[0])
    crossings = frozenset(link.light for link in links if _walked(link.via) or _walked(link.lane))
    phases = tuple(
        Phase(
            phase.state,
            phase.duration,
            phase.minDur if 0 < phase.minDur < phase.duration or phase.maxDur > phase.duration else 0.0,
            phase.maxDur if phase.maxDur > phase.duration else 0.0,
        )
        for phase in logic.phases
    )
    return Program(signal, phases, _offset(signal, phases), crossings)


def _offset(signal: str, phases: tuple[Phase, ...]) -> float:
    """Time at which the running program begins a cycle, s, from where in it it stands now."""
    now = float(libsumo.simulation.getTime())
    row = libsumo.trafficlight.getPhase(signal)
    into = phases[row].duration - (float(libsumo.trafficlight.getNextSwitch(signal)) - now)
    begun: float = now - into - sum(phase.duration for phase in phases[:row])
    return begun


def _walked(lane: str) -> bool:
    return (
        libsumo.lane.getEdgeID(lane).startswith(":") and set(libsumo.lane.getAllowed(lane)) == {"pedestrian"}
        if lane
        else False
    )


def _open_ways(ids: Iterable[str], controlled: set[tuple[str, str]]) -> Iterator[Way]:
    """Ways that no light is on; those inside junctions lead on from where a light let vehicles in."""
    inside: list[str] = []
    known: set[str] = set()
    for lane in ids:
        if lane.startswith(":"):
            inside.append(lane)
            continue
        for way in libsumo.lane.getLinks(lane):
            if (lane, way[0]) not in controlled and way[6] != "t":
                known.add(way[4])
                yield Way(lane, way[0], way[4])
    for lane in inside:
        if lane not in known:
            for way in libsumo.lane.getLinks(lane):
                yield Way(lane, way[4] or way[0], "")


class TrackSource:
    """Turns the vehicles of each step into tracks; a share of them is seen, chosen once per vehicle and seed."""

    def __init__(self, roads: Roads, share: float, seed: int) -> None:
        self._row = {lane: row for row, lane in enumerate(roads.ids)}
        self._length = roads.length
        self._share = share
        self._random = np.random.default_rng((seed, 9))
        self._track: dict[str, int] = {}
        self._size = np.zeros(1024)
        self._next = 0

    def track_of(self, name: str) -> int:
        """Number of a vehicle's track, -1 where it is not seen."""
        return self._track.get(name, -1)

    def read(self) -> Tracks:
        """Tracks after the step just made."""
        rows, track = self._row, self._track
        seen = [
            (track[name], rows[values[0x51]], values[0x56], values[0x40])
            for name, values in libsumo.vehicle.getAllSubscriptionResults().items()
            if values[0x51]
        ]
        table = np.array(seen, np.float64).reshape(-1, 4)
        ids, road = table[:, 0].astype(np.int64), table[:, 1].astype(np.int32)
        return Tracks(ids, road, self._length[road] - table[:, 2], table[:, 3], self._size[ids])

    def admit(self) -> None:
        """Take in who departed in the step just made; SUMO tells it once, so this is for every step."""
        for name in libsumo.simulation.getDepartedIDList():
            if self._share < 1 and self._random.random() >= self._share:
                continue
            if self._next == len(self._size):
                self._size = np.resize(self._size, _ROW_GROWTH * self._next)
            self._track[name] = self._next
            self._size[self._next] = libsumo.vehicle.getLength(name)
            self._next += 1
            libsumo.vehicle.subscribe(name, _VARIABLES)


def read_trips(trips: Path) -> Iterator[dict[str, str]]:
    """Rows of SUMO's trip file, one a vehicle."""
    for _, element in ET.iterparse(trips):  # noqa: S314  # the file is what SUMO just wrote
        if element.tag == "tripinfo":
            yield dict(element.attrib)
            element.clear()
