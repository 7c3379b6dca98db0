"""The running city: SUMO in lock-step with the clock, frames out, commands in."""

import time
from dataclasses import replace
from multiprocessing.connection import Connection

import libsumo
import numpy as np
from numpy.typing import NDArray

from simulators.city_link import CityConfig
from simulators.commands import (
    BlockLane,
    ClearLane,
    Command,
    CommandResult,
    ControlStage,
    DriveToStop,
    EnterVan,
    HoldAtStop,
    ParkAt,
    RequestPriority,
    SetRoute,
    SetSpeed,
    Stop,
)
from simulators.errors import UnknownObjectError
from simulators.staged_incidents import StagedIncidents
from simulators.sumo_drivers import Breakdowns, Drivers
from simulators.sumo_frames import FrameReader
from simulators.sumo_net import SumoNet, read_net
from simulators.sumo_plane import sumo_plane
from simulators.sumo_signals import Signals, phase_links
from simulators.sumo_vans import Vans
from simulators.world import WorldFrame

MOST_LAG = 2.0
"""Seconds that the simulation may run late before it lets the missed time go instead of catching up."""


class CitySimulation:
    """One SUMO run; libsumo allows one at a time in a process. Close it with `close`."""

    def __init__(self, config: CityConfig) -> None:
        self._config = config
        self.net: SumoNet = read_net(config.files.net)
        libsumo.start(
            [
                "sumo", "-c", str(config.files.sumocfg), "--load-state", str(config.files.state),
                "--step-length", str(config.step),
            ]
        )  # fmt: skip
        self._begin = float(libsumo.simulation.getTime())
        self._drivers, self._vans = Drivers(self.net), Vans(self.net)
        self._breakdowns = Breakdowns(self.net)
        self._staged = StagedIncidents(self.net, by_itself=config.staged)
        self._signals = Signals(phase_links(config.network))
        self._signals.start()
        self._reader = FrameReader(sumo_plane(self.net, config.network.plane), config.step)
        self._reader.start()
        self.epoch = time.time() if config.epoch is None else config.epoch
        """UTC epoch to which the first second of the run is mapped, s; moves on when missed time is let go."""
        self._incident_due = self._begin + config.files.incident.after if config.incident else float("inf")

    @property
    def elapsed(self) -> float:
        """Simulated seconds since the start."""
        return float(libsumo.simulation.getTime()) - self._begin

    @property
    def blockers(self) -> dict[str, str]:
        """Lane to the vehicle that broke down on it."""
        return dict(self._breakdowns.blockers)

    def step(self, lag: float = 0.0) -> WorldFrame:
        """Simulate one step and read it."""
        libsumo.simulationStep()
        self._reader.admit_new()
        self._reader.bodies.update(self._staged.bodies)
        self._drivers.follow()
        self._signals.follow()
        if libsumo.simulation.getTime() >= self._incident_due:
            self._incident_due = float("inf")
            incident = self._config.files.incident
            self._breakdowns.block(BlockLane(incident.lane, incident.position, incident.duration))
        self._breakdowns.follow()
        self._vans.follow()
        self._staged.follow()
        frame = self._reader.frame(self.epoch + self.elapsed, lag)
        return replace(frame, staged=self._labels(frame))

    def _labels(self, frame: WorldFrame) -> NDArray[np.str_]:
        """By road user the kind of incident that it is at this moment, empty for all others."""
        labels = dict(self._staged.labels)
        for vehicle in self._breakdowns.blockers.values():
            if vehicle in libsumo.vehicle.getIDList() and libsumo.vehicle.isStopped(vehicle):
                labels[vehicle] = "blocked_lane"
        return np.array([labels.get(name, "") for name in frame.id.tolist()], str)

    def obey(self, command: Command) -> CommandResult:
        """Carry a command out; whatever is wrong with it is the reason in the result."""
        try:
            return self._obey(command)
        except UnknownObjectError as error:
            return CommandResult(command, accepted=False, reason=str(error))

    def _obey(self, command: Command) -> CommandResult:
        match command:
            case SetSpeed():
                reason = "" if self.set_speed(command.vehicle, command.mps) else "the speed cannot be set"
            case HoldAtStop():
                until = libsumo.simulation.getTime() + command.until - self.epoch - self.elapsed
                reason = self._drivers.hold(command.vehicle, until)
            case SetRoute():
                reason = self._drivers.set_route(command.vehicle, command.links)
            case ParkAt():
                reason = self._park(command.vehicle, command.car_park)
            case EnterVan():
                reason = self._vans.enter(command.vehicle, command.stop)
            case DriveToStop():
                reason = self._vans.drive(command.vehicle, command.stop)
            case RequestPriority():
                return self._signals.request(command, command.arrival - self.epoch - self.elapsed)
            case ControlStage():
                return self._signals.control(command)
            case BlockLane():
                reason = self._breakdowns.block(command)
            case ClearLane():
                reason = self._breakdowns.clear(command.lane)
            case Stop():
                reason = ""
        return CommandResult(command, accepted=not reason, reason=reason)

    def set_speed(self, vehicle: str, mps: float | None) -> bool:
        """Cap the speed a driver wants until told otherwise; None ends it. UnknownObjectError: no such vehicle."""
        return self._drivers.set_speed(vehicle, mps)

    def park_at(self, vehicle: str, car_park: str) -> bool:
        """Send a car to a car park. UnknownObjectError: no such vehicle or car park."""
        return not self._park(vehicle, car_park)

    def request_priority(self, signal: str, phase_id: int, arrival: float, max_seconds: float) -> CommandResult:
        """Ask for green of a phase at the UTC epoch `arrival` (s)."""
        return self.obey(RequestPriority("", signal, phase_id, arrival, max_seconds))

    def block_lane(self, lane: str, position: float, duration: float) -> bool:
        """Let a passing vehicle break down on a lane, m from its start, for so many seconds."""
        return not self._breakdowns.block(BlockLane(lane, position, duration))

    def stage(self, kind: str) -> None:
        """Stage an incident of a kind as soon as there is a place for it. UnknownObjectError: no such kind."""
        self._staged.stage(kind)

    def _park(self, vehicle: str, car_park: str) -> str:
        reason = self._drivers.park_at(vehicle, car_park)
        if not reason:
            self._reader.goals[vehicle] = car_park
        return reason

    def close(self) -> None:
        """End the run."""
        if self._staged.acting:
            # libsumo keeps orders to move a vehicle (`moveToXY`) beyond the end of a run; the first step of the next
            # run in this process would carry them out on vehicles that are no more
            libsumo.simulationStep()
        libsumo.close()


def run_city(config: CityConfig, conn: "Connection[WorldFrame | CommandResult, Command]") -> None:
    """Run the city until a `Stop` comes or the other end closes: frames and results out, commands in.

    Each frame is sent one step before the time it is about, see `WorldFrame.time`.
    """
    city = CitySimulation(config)
    lag = 0.0
    try:
        while True:
            frame = city.step(lag)
            conn.send(frame)
            due = frame.time if config.real_time else 0.0
            if not _serve_until(city, conn, due):
                return
            lag = max(0.0, time.time() - due - config.step) if config.real_time else 0.0
            if lag > MOST_LAG:
                city.epoch += lag
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        city.close()


def _serve_until(city: CitySimulation, conn: "Connection[WorldFrame | CommandResult, Command]", due: float) -> bool:
    """Take commands until a moment; False when the city is to end."""
    while conn.poll(max(0.0, due - time.time())):
        command = conn.recv()
        if isinstance(command, Stop):
            return False
        conn.send(city.obey(command))
    return True
