"""Signals in the engine: recommendations on every picture, execution, learned times, requests for priority.

`V2X/CLOUD/STATE/SIGNALS` tells the present once a second; what changes goes to `V2X/CLOUD/SIGNALS/{id}/RECOMMENDATION`
and `.../PRIORITY`. A request for priority at a signal that follows the platform's stages is met by the recommendation
itself; every other one goes to the controller as before.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.priority_request import Cause, PriorityRequest
from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.advice.scene import Numbering
from cloudctl.engine.broadcast import Every
from cloudctl.engine.commands import CommandDesk, Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.engine.stage_commands import StageCommands
from cloudctl.publish.commands import Command
from cloudctl.publish.outgoing import Outgoing
from cloudctl.signals.live.change_times import LearnedChanges
from cloudctl.signals.live.estimated_state import StateEstimator
from cloudctl.signals.live.forced import ForcedStages
from cloudctl.signals.live.orders import REQUEST_PRIORITY, Orders, PriorityWish
from cloudctl.signals.live.recommender import LiveRecommender
from cloudctl.signals.live.state import UNKNOWN, GroupTimes, SignalsState
from cloudctl.signals.live.weighing import coming_buses, is_weighed
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from ingest.device_registry import DeviceRegistry
from ingest.messages.status import RsuInfo
from maps.network import RoadNetwork

TELL_EVERY = 1.0
FEEDBACK_HOLDS = 30.0
"""What a vehicle is told of its request counts so long, s."""
SENSOR_SILENT = 2.0
"""A sensor that has told nothing for so long sees nothing, s."""
SLACK = 60.0
"""A request by API ends this long after its arrival, s."""


class SignalControl:
    """All that the engine does about signals beside the advice to vehicles."""

    def __init__(
        self, network: RoadNetwork, registry: DeviceRegistry, priority: BusPriority, epoch: int, *, execute: bool
    ) -> None:
        self._network, self._priority, self._epoch = network, priority, epoch
        self.recommender = LiveRecommender(network)
        self.commands = StageCommands(network, registry, epoch, execute=execute)
        self._learned = LearnedChanges(len(network.groups.signal))
        self._estimator = StateEstimator(network, self.recommender.programs)
        self._forced = ForcedStages()
        self._turn = Every(TELL_EVERY)
        self._ids = Numbering("priority-status")
        self._feedback: list[Advisory] = []
        signals, groups = network.signals, network.groups
        self._signals = {str(name): row for row, name in enumerate(signals.id)}
        pairs = zip(groups.signal.tolist(), groups.phase_id.tolist(), strict=True)
        self._groups = {pair: row for row, pair in enumerate(pairs)}

    def register(self, desk: CommandDesk) -> None:
        """Take the commands."""
        desk.register(REQUEST_PRIORITY, self._request)

    def announced(self, unit: str, info: RsuInfo) -> None:
        """Take what a roadside unit says of its controller."""
        self.commands.announce(unit, info.signal_control)

    def follow(
        self,
        picture: TrafficPicture,
        sensors: SensorTable,
        units: Mapping[int, str],
        named: Callable[[str], bool] = bool,
    ) -> list[Outgoing]:
        """Recommend, command, learn and tell; `units` stand at signals, `named` tells who may be named."""
        now = picture.time
        following = self.commands.following(now)
        self._priority.inserting = following
        forced = self._forced.follow(self._priority.near, now)
        orders = Orders(self._priority.held, forced, following, coming_buses(self._priority))
        changed = self.recommender.follow(picture, sensors, orders)
        out = [
            Outgoing.on("signal_recommendation", msgspec.json.encode(each), topic_level(each.signal))
            for each in changed
        ]
        self.commands.refresh(units, now)
        for row, wanted in self.recommender.current.items():
            if now <= wanted.until:
                out += self.commands.command(row, wanted, now)
        estimated = self._estimator.newest.state
        self._learned.follow(np.where(picture.signals.state > 0, picture.signals.state, estimated), now)
        out += self._priority_news(now, named)
        if self._turn.due(now):
            self._estimator.follow(picture)
            out.append(Outgoing.on("signals_now", msgspec.json.encode(self.state(now, named))))
        return out

    def take(self, advisory: Advisory, now: float) -> Advisory | None:
        """Meet a request at a signal that follows the platform; None where the controller is to be asked."""
        content = advisory.content
        row = self._signals.get(str(content.get("signal")), -1)
        if advisory.kind is not AdvisoryKind.BUS_PRIORITY or row not in self.commands.following(now):
            return None
        phase, needed, passes = (content.get(name) for name in ("phase_id", "arrival", "passes"))
        group = self._groups.get((row, phase if isinstance(phase, int) else -1), -1)
        stage = self.recommender.stage_for_group(row, group) if group >= 0 else None
        if stage is None or not isinstance(needed, float) or not isinstance(passes, float):
            return None
        weighed = any(bus.vehicle == content.get("vehicle") for bus in self._priority.near if is_weighed(bus))
        if content.get("urgent") or not weighed:  # a bus in the picture is weighed by the strategy, see `coming_buses`
            self._forced.add(row, str(content.get("vehicle")), group, stage, needed, passes)
        return self._priority.answer(advisory.id, granted=True, now=now)

    def take_feedback(self) -> list[Advisory]:
        """Give what vehicles are to be told of their requests since the last call."""
        found, self._feedback = self._feedback, []
        return found

    def state(self, now: float, named: Callable[[str], bool] = bool) -> SignalsState:
        """Give everything at one moment."""
        current = self.recommender.current
        return SignalsState(
            time=now,
            epoch=self._epoch,
            recommendations=tuple(current[row] for row in sorted(current)),
            control=self.commands.states(now),
            priority=tuple(_veiled(each, named) for each in self._priority.book.states),
            groups=self._times(now),
        )

    def counts(self) -> Mapping[str, int]:
        """Commands by what became of them."""
        return self.commands.counts

    def _priority_news(self, now: float, named: Callable[[str], bool]) -> list[Outgoing]:
        changed = self._priority.book.take_changes()
        self._feedback += [self._told(each, now) for each in changed]
        return [
            Outgoing.on("signal_priority", msgspec.json.encode(_veiled(each, named)), topic_level(each.signal))
            for each in changed
        ]

    def _told(self, state: SignalPriorityState, now: float) -> Advisory:
        """Tell a vehicle what became of its request."""
        row = self._signals[state.signal]
        lon, lat = self._network.plane.inverse(self._network.signals.x[row], self._network.signals.y[row])
        return Advisory(
            id=self._ids.next(now),
            kind=AdvisoryKind.BUS_PRIORITY,
            target=f"obu:{state.vehicle}",
            created=now,
            valid_until=now + FEEDBACK_HOLDS,
            reason=state.reason or f"Priority at signal {state.signal} is requested.",
            reason_code=f"bus_priority.{state.status}",
            lon=float(lon),
            lat=float(lat),
            content={
                "request_id": state.id,
                "signal": state.signal,
                "phase_id": state.phase_id,
                "status": state.status,
                "strategy": state.strategy,
                "arrival": state.arrival,
            },
        )

    def _times(self, now: float) -> GroupTimes:
        learned, estimated, cycles = self._learned.remaining(now), self._estimator.newest, self._estimator.cycles
        return GroupTimes(
            p10=_tenths(learned.p10),
            p50=_tenths(learned.p50),
            p90=_tenths(learned.p90),
            samples=tuple(learned.samples.tolist()),
            estimated=tuple(estimated.state.tolist()),
            confidence=tuple(np.round(100 * estimated.confidence).astype(int).tolist()),
            cycle=_tenths(cycles.cycle),
            spread=_tenths(cycles.spread),
        )

    def _request(self, command: Command, now: float) -> Outcome:
        """Carry out `request_priority`."""
        wish = content_of(command, PriorityWish)
        row = self._signals.get(wish.signal, -1)
        group = self._groups.get((row, wish.phase_id))
        if group is None:
            raise RefusedCommandError(command.kind, f"signal {wish.signal!r} has no phase {wish.phase_id}")
        if wish.arrival < now - 1.0:
            raise RefusedCommandError(command.kind, f"the arrival was {now - wish.arrival:.0f} s ago")
        self._priority.request(
            PriorityRequest(
                vehicle=wish.vehicle,
                group=group,
                arrival=wish.arrival,
                received=now,
                expires=wish.arrival + SLACK,
                request_id=wish.id,
                lateness=wish.lateness,
                urgent=wish.urgent,
                cause=Cause.API,
            )
        )
        return Outcome("requested", {"id": wish.id, "status": "requested"})


def topic_level(signal: str) -> str:
    """Write the id of a signal as one level of a topic."""
    return "".join("_" if letter in "+#/" or letter.isspace() else letter for letter in signal)


def seeing(sensors: SensorTable, last_word: Callable[[int], float], now: float) -> SensorTable:
    """Leave out sensors that have fallen silent; `last_word` gives when a device (row) last told what it sees."""
    radius = sensors.radius.copy()
    for row in np.flatnonzero(radius > 0).tolist():
        if not now - last_word(row) <= SENSOR_SILENT:
            radius[row] = np.nan
    return SensorTable(sensors.x, sensors.y, radius)


def _tenths(seconds: NDArray[np.float64]) -> tuple[int, ...]:
    known = np.isfinite(seconds)
    return tuple(np.where(known, np.round(10 * np.where(known, seconds, 0.0)), UNKNOWN).astype(int).tolist())


def _veiled(state: SignalPriorityState, named: Callable[[str], bool]) -> SignalPriorityState:
    """Leave out the name of a vehicle that may not be named."""
    if named(state.vehicle):
        return state
    gone = {
        "vehicle": "",
        "id": state.id.replace(state.vehicle, "-"),
        "reason": state.reason.replace(state.vehicle, "-"),
    }
    return msgspec.structs.replace(state, **gone)
