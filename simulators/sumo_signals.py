"""The signal controllers of the running simulation: they take priority requests and carry them out."""

from dataclasses import dataclass, field

import libsumo

from maps.network import RoadNetwork
from simulators.commands import CommandResult, ControlStage, RequestPriority
from simulators.errors import UnknownObjectError
from simulators.signal_controller_stages import Handed, StageControl, late_by
from simulators.sumo_lights import LightStep, PriorityPlan, Running, SignalDesk, plan_priority

QUIET = 60.0
"""Seconds after a granted change before a signal takes the next one."""
_LEAST_GREEN = 5.0


def signal_links() -> dict[str, tuple[tuple[str, str], ...]]:
    """Lanes (from, to) at each place of each signal's state text; empty ids where nothing is controlled."""
    return {
        signal: tuple((links[0][0], links[0][1]) if links else ("", "") for links in _controlled(signal))
        for signal in libsumo.trafficlight.getIDList()
    }


def _controlled(signal: str) -> list[list[tuple[str, str, str]]]:
    links: list[list[tuple[str, str, str]]] = libsumo.trafficlight.getControlledLinks(signal)
    return links


def phase_links(network: RoadNetwork) -> dict[tuple[str, int], tuple[int, ...]]:
    """(signal id, phase id) to the places of its vehicle links in the signal's state text."""
    place = {(signal, *lanes): number for signal, links in signal_links().items() for number, lanes in enumerate(links)}
    found: dict[tuple[str, int], list[int]] = {}
    joins = network.connections
    for from_lane, to_lane, signal, group in zip(
        joins.from_lane.tolist(), joins.to_lane.tolist(), joins.signal.tolist(), joins.group.tolist(), strict=True
    ):
        if signal < 0 or group < 0 or from_lane < 0 or to_lane < 0:
            continue
        name = str(network.signals.id[signal])
        number = place.get((name, str(network.lanes.id[from_lane]), str(network.lanes.id[to_lane])))
        if number is not None:
            found.setdefault((name, int(network.groups.phase_id[group])), []).append(number)
    return {key: tuple(sorted(numbers)) for key, numbers in found.items()}


@dataclass
class Signals:
    """All controllers."""

    links: dict[tuple[str, int], tuple[int, ...]]
    """(signal id, phase id) to places in the state text."""
    desks: dict[str, SignalDesk] = field(default_factory=dict)
    _granted: dict[str, float] = field(default_factory=dict)
    _stages: dict[str, StageControl] = field(default_factory=dict)
    _programs: dict[str, str] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)
    """When each plan began a cycle, simulation time, s."""

    def start(self) -> None:
        """Read the programs and where they stand."""
        light = libsumo.trafficlight
        now = libsumo.simulation.getTime()
        for signal in light.getIDList():
            current = light.getProgram(signal)
            logic = next((one for one in light.getAllProgramLogics(signal) if one.programID == current), None)
            if logic is None or not logic.phases:
                continue
            steps = tuple(_light_step(phase) for phase in logic.phases)
            index = light.getPhase(signal)
            remaining = light.getNextSwitch(signal) - now
            self.desks[signal] = SignalDesk(steps, index, now - max(0.0, steps[index].duration - remaining))
            self._programs[signal] = current
            self._begun[signal] = self.desks[signal].entered - sum(step.duration for step in steps[:index])

    def follow(self) -> None:
        """After each step: give steps that began their new length."""
        now = libsumo.simulation.getTime()
        for signal, desk in self.desks.items():
            if signal in self._stages and self._stages[signal].commanded:
                self._follow_stage(signal, desk, now)
                continue
            index = libsumo.trafficlight.getPhase(signal)
            if index == desk.index:
                continue
            length = desk.enter(index, now)
            if length is not None:
                libsumo.trafficlight.setPhaseDuration(signal, length)

    def request(self, command: RequestPriority, arrival: float) -> CommandResult:
        """Answer a priority request; `arrival` is seconds from now.

        Raises:
            UnknownObjectError: No such signal or phase.
        """
        desk = self.desks.get(command.signal)
        if desk is None:
            raise UnknownObjectError("signal", command.signal)
        links = self.links.get((command.signal, command.phase_id))
        if links is None:
            raise UnknownObjectError("phase", f"{command.signal}/{command.phase_id}")
        if command.signal in self._stages and self._stages[command.signal].commanded:
            return CommandResult(command, accepted=False, reason="the platform commands the stages of the signal")
        now = libsumo.simulation.getTime()
        left = libsumo.trafficlight.getNextSwitch(command.signal) - now
        running = Running(desk.steps, desk.index, now - desk.entered, left)
        plan = plan_priority(running, links, arrival, command.max_seconds)
        if plan.durations and now - self._granted.get(command.signal, -QUIET) < QUIET:
            plan = PriorityPlan("refused", reason=f"the signal served another request less than {QUIET:.0f} s ago")
        if plan.strategy == "refused":
            return CommandResult(command, accepted=False, reason=plan.reason)
        self._carry_out(command.signal, desk, plan, running)
        return CommandResult(command, accepted=True, strategy=plan.strategy)

    def control(self, command: ControlStage) -> CommandResult:
        """Take a command of a stage.

        Raises:
            UnknownObjectError: No such signal.
        """
        desk = self.desks.get(command.signal)
        if desk is None:
            raise UnknownObjectError("signal", command.signal)
        known = self._stages.get(command.signal)
        if known is None:
            known = self._stages[command.signal] = StageControl(desk.steps, walking_lights(command.signal))
        links = {place for phase in command.phase_ids for place in self.links.get((command.signal, phase), ())}
        places = {place for (signal, _), each in self.links.items() if signal == command.signal for place in each}
        row = known.stage_of(links, places)
        now, fresh = libsumo.simulation.getTime(), not known.commanded
        reason = known.command(row, command.valid_for, now, desk.index, now - desk.entered)
        if not reason and fresh:
            libsumo.trafficlight.setRedYellowGreenState(command.signal, known.state)
        done = reason or f"stage {known.stages.index(known.row) + 1} since {now - known.since:.0f} s"
        return CommandResult(command, accepted=not reason, reason=done, strategy="" if reason else "stage")

    def _follow_stage(self, signal: str, desk: SignalDesk, now: float) -> None:
        """Show what the commanded controller shows now, or give the signal back to its plan."""
        control = self._stages[signal]
        shown = control.step(now)
        if isinstance(shown, str):
            libsumo.trafficlight.setRedYellowGreenState(signal, shown)
        elif isinstance(shown, Handed):
            libsumo.trafficlight.setProgram(signal, self._programs[signal])
            libsumo.trafficlight.setPhase(signal, shown.row)
            step = desk.steps[shown.row]
            left = max(step.duration - shown.elapsed, step.minimum - shown.elapsed, 0.0)
            libsumo.trafficlight.setPhaseDuration(signal, left)
            desk.overrides.clear()
            desk.index, desk.entered = shown.row, now - shown.elapsed
            cycle = sum(each.duration for each in desk.steps)
            into = (now - self._begun[signal]) % cycle
            desk.drift = late_by(desk.steps, shown.row, min(shown.elapsed, step.duration), into)

    def _carry_out(self, signal: str, desk: SignalDesk, plan: PriorityPlan, running: Running) -> None:
        if not plan.durations:
            return
        self._granted[signal] = libsumo.simulation.getTime()
        left = desk.apply(plan, running)
        if left is not None:
            libsumo.trafficlight.setPhaseDuration(signal, left)


def walking_lights(signal: str) -> frozenset[int]:
    """Places of lights for those on foot in the state of a signal: their ways begin inside the junction."""
    found = []
    for place, links in enumerate(_controlled(signal)):
        if links and all(lane.startswith(":") for lane, _, _ in links):
            found.append(place)
    return frozenset(found)


def _light_step(phase: "libsumo.trafficlight.Phase") -> LightStep:
    green = set(phase.state) & set("gG") and "y" not in phase.state
    minimum = phase.minDur if 0 < phase.minDur <= phase.duration else phase.duration
    if green and minimum >= phase.duration and phase.duration == phase.maxDur:
        minimum = min(_LEAST_GREEN, phase.duration)  # the program names no limits
    most = phase.maxDur if phase.duration < phase.maxDur < 1000 else phase.duration + 20.0
    return LightStep(phase.duration, minimum, most if green else phase.duration, phase.state)
