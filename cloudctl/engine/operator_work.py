"""What operators ask of the engine: events to devices, signals under manual hold, green corridors.

All of it can be told again after a restart; the engine says once a second what it has, and who reads that tells it
what is missing.
"""

from collections.abc import Iterable

import msgspec

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.scene import Scene
from cloudctl.engine.commands import CommandDesk, Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.incidents.corridors import Corridors
from cloudctl.incidents.errors import UnusableWorkError
from cloudctl.incidents.operator_events import OperatorEvents
from cloudctl.incidents.work import (
    CLOSE_CORRIDOR,
    END_EVENT,
    HOLD_SIGNAL,
    OPEN_CORRIDOR,
    PUBLISH_EVENT,
    RELEASE_SIGNAL,
    CorridorOrder,
    EventOrder,
    HoldOrder,
    HoldState,
    WorkEnd,
    WorkState,
)
from cloudctl.publish.commands import Command
from cloudctl.publish.delivery import DeliveryStatus
from cloudctl.publish.outgoing import Outgoing
from maps.network import RoadNetwork

TELL_EVERY = 1.0


class OperatorWork:
    """Carries out the six commands of `cloudctl.incidents.work`."""

    def __init__(self, network: RoadNetwork, priority: BusPriority, epoch: int) -> None:
        self._network, self._priority, self._epoch = network, priority, epoch
        self._signals = {str(name): row for row, name in enumerate(network.signals.id)}
        self.events = OperatorEvents()
        self.corridors = Corridors(network, priority.request, priority.answer_of, priority.held.__contains__)
        self._holds: dict[str, HoldOrder] = {}
        self._turn = -1

    def register(self, commands: CommandDesk) -> None:
        """Take the commands."""
        commands.register(PUBLISH_EVENT, self._publish)
        commands.register(END_EVENT, self._end_event)
        commands.register(HOLD_SIGNAL, self._hold)
        commands.register(RELEASE_SIGNAL, self._release)
        commands.register(OPEN_CORRIDOR, self._open)
        commands.register(CLOSE_CORRIDOR, self._close)

    def prepare(self, scene: Scene) -> None:
        """Renew what the advisors are to know before they look at a picture."""
        self._holds = {name: hold for name, hold in self._holds.items() if scene.now < hold.until}
        held = self._held_until()
        self._priority.held.clear()
        self._priority.held.update(held)
        self._priority.held_back = {row: self._priority.held_back.get(row, 0) for row in held}
        if self._due(scene.now):
            self.corridors.follow(scene)

    def advise(self, scene: Scene) -> list[Advisory]:
        """Tell devices of events; each once."""
        return self.events.advise(scene)

    def note(self, settled: Iterable[tuple[Advisory, DeliveryStatus]], now: float) -> None:
        """Note what became of advisories."""
        for advisory, status in settled:
            if advisory.kind is AdvisoryKind.EVENT:
                self.events.settled(advisory.id, status.value, now)

    def messages(self, now: float) -> list[Outgoing]:
        """Say once a second what there is."""
        if not self._due(now):
            return []
        self._turn = int(now / TELL_EVERY)
        state = WorkState(
            time=now,
            epoch=self._epoch,
            events=self.events.states(),
            holds=tuple(self._hold_state(hold) for hold in self._holds.values()),
            corridors=self.corridors.states(),
        )
        return [Outgoing.on("work_now", msgspec.json.encode(state))]

    def _due(self, now: float) -> bool:
        return int(now / TELL_EVERY) != self._turn

    def _held_until(self) -> dict[int, float]:
        """Give every signal (row) that is held and the latest end of its holds, UTC epoch s."""
        held: dict[int, float] = {}
        for hold in self._holds.values():
            for signal in hold.all_signals:
                row = self._signals[signal]
                held[row] = max(hold.until, held.get(row, hold.until))
        return held

    def _hold_state(self, hold: HoldOrder) -> HoldState:
        back = sum(self._priority.held_back.get(self._signals[signal], 0) for signal in hold.all_signals)
        return HoldState(id=hold.id, revision=hold.revision, held_back=back)

    def _publish(self, command: Command, now: float) -> Outcome:
        order = content_of(command, EventOrder)
        if order.until <= now:
            raise RefusedCommandError(command.kind, f"the event was over {now - order.until:.0f} s ago")
        unknown = [link for link in order.links if link not in self._network.link_rows]
        if unknown:
            raise RefusedCommandError(command.kind, f"links {unknown} are not on the map")
        self.events.publish(order)
        return Outcome()

    def _end_event(self, command: Command, now: float) -> Outcome:
        del now
        return Outcome("ended" if self.events.end(content_of(command, WorkEnd).id) else "was over already")

    def _hold(self, command: Command, now: float) -> Outcome:
        order = content_of(command, HoldOrder)
        unknown = [signal for signal in order.all_signals if signal not in self._signals]
        if unknown:
            raise RefusedCommandError(command.kind, f"no signal {unknown[0]!r}")
        if order.until <= now:
            raise RefusedCommandError(command.kind, f"the hold was over {now - order.until:.0f} s ago")
        self._holds[order.id] = order
        self._priority.held.update(self._held_until())
        return Outcome()

    def _release(self, command: Command, now: float) -> Outcome:
        del now
        hold = self._holds.pop(content_of(command, WorkEnd).id, None)
        return Outcome("was over already" if hold is None else "released")

    def _open(self, command: Command, now: float) -> Outcome:
        order = content_of(command, CorridorOrder)
        if order.until <= now:
            raise RefusedCommandError(command.kind, f"the corridor was over {now - order.until:.0f} s ago")
        try:
            self.corridors.open(order)
        except UnusableWorkError as fault:
            raise RefusedCommandError(command.kind, str(fault)) from fault
        return Outcome()

    def _close(self, command: Command, now: float) -> Outcome:
        del now
        return Outcome("closed" if self.corridors.close(content_of(command, WorkEnd).id) else "was closed already")
