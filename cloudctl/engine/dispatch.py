"""Dispatch in the engine: advice after each turn of the bus network, answers and requests, what is published."""

from dataclasses import replace

import msgspec
import structlog

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.priority_request import Cause
from cloudctl.dispatch.advice import TO_DRIVERS, AdviceStatus, DispatchAdvice, as_advisory
from cloudctl.dispatch.desk import DispatchDesk
from cloudctl.dispatch.errors import DispatchError, UnknownBusError
from cloudctl.dispatch.measures import Connection
from cloudctl.dispatch.orders import CONNECTIONS, FEEDBACK, PRIORITY, Feedback, PriorityOrder, TrunkArrivals
from cloudctl.dispatch.priority import PriorityState, PriorityWatch
from cloudctl.dispatch.state import DispatchState
from cloudctl.engine.bus_needs import needs_of
from cloudctl.engine.commands import CommandDesk, Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import Command
from cloudctl.publish.outgoing import Outgoing
from cloudctl.transit.desk import TransitDesk
from maps.network import RoadNetwork

_SAID = {each.value: each for each in (AdviceStatus.ACCEPTED, AdviceStatus.REJECTED, AdviceStatus.DONE)}
DRIVER = "driver"
_LOG = structlog.get_logger("engine")


class DispatchPart:
    """One desk of dispatch and the requests for priority."""

    def __init__(self, network: RoadNetwork, bus_priority: BusPriority) -> None:
        self.desk = DispatchDesk(network)
        self.priority = PriorityWatch(network)
        self._bus_priority = bus_priority
        self._heard: list[Advisory] = []
        self._transit: TransitDesk | None = None
        self._to_drivers: list[Advisory] = []

    def register(self, commands: CommandDesk) -> None:
        """Take over the commands of dispatch."""
        commands.register(FEEDBACK, self.feedback)
        commands.register(PRIORITY, self.request)
        commands.register(CONNECTIONS, self.connect)

    def hear(self, advisory: Advisory) -> None:
        """Take note of what was advised or answered elsewhere."""
        self._heard.append(advisory)

    def turn(self, transit: TransitDesk, now: float) -> list[Outgoing]:
        """Advise on the network after its turn; gives what is to be published."""
        self._transit = transit
        self._to_drivers += [as_advisory(each) for each in self.desk.turn(transit, now) if each.kind in TO_DRIVERS]
        heard, self._heard = self._heard, []
        self.priority.follow(heard, transit.buses, now)
        self._bus_priority.needs = needs_of(transit.buses)
        state = DispatchState(time=now, advice=tuple(self.desk.advice), priority=tuple(self.priority.states))
        return [*self._news(), Outgoing.on("dispatch_now", msgspec.json.encode(state))]

    def take_advisories(self) -> list[Advisory]:
        """Give what is to be sent to terminals on board since the last call."""
        found, self._to_drivers = self._to_drivers, []
        return found

    def answered(self, advice_id: str, *, accepted: bool, now: float) -> None:
        """Take the answer of a terminal; one to an advice that is over changes nothing."""
        status = AdviceStatus.ACCEPTED if accepted else AdviceStatus.REJECTED
        if any(each.id == advice_id for each in self.desk.advice):
            self.desk.answer(advice_id, status, DRIVER, now)

    def feedback(self, command: Command, now: float) -> Outcome:
        """Carry out `transit_feedback`."""
        said = content_of(command, Feedback)
        if said.status not in _SAID:
            raise RefusedCommandError(command.kind, f"status {said.status!r} is none of {', '.join(_SAID)}")
        try:
            advice: DispatchAdvice = self.desk.answer(said.advice, _SAID[said.status], command.issued_by, now)
        except DispatchError as fault:
            raise RefusedCommandError(command.kind, str(fault)) from fault
        return Outcome(content={"advice": msgspec.to_builtins(advice)}, messages=self._news())

    def request(self, command: Command, now: float) -> Outcome:
        """Carry out `transit_priority`."""
        order = content_of(command, PriorityOrder)
        known = self._find(order.id)
        if known is not None and known.vehicle != order.vehicle:
            raise RefusedCommandError(command.kind, f"the key was used for bus {known.vehicle!r}")
        if known is not None:
            return Outcome(content={"request": msgspec.to_builtins(known)})
        bus = None if self._transit is None else self._transit.buses.get(order.vehicle)
        try:
            if bus is None:
                raise UnknownBusError(order.vehicle)
            asked = self.priority.request(order.id, bus, now, order.signal)
            self._bus_priority.request(replace(asked, cause=Cause.DISPATCH))
        except DispatchError as fault:
            raise RefusedCommandError(command.kind, str(fault)) from fault
        state = self._find(order.id)
        return Outcome(content={"request": msgspec.to_builtins(state)}, messages=self._news())

    def _find(self, request_id: str) -> PriorityState | None:
        return next((each for each in self.priority.states if each.id == request_id), None)

    def connect(self, command: Command, now: float) -> Outcome:
        """Carry out `transit_connections`; arrivals that are past are left out."""
        return Outcome(content={"taken": self._connect(content_of(command, TrunkArrivals), now)})

    def take_connections(self, payload: bytes, now: float) -> None:
        """Take over what the gateway keeps; what cannot be read changes nothing."""
        try:
            arrivals = msgspec.json.decode(payload, type=TrunkArrivals)
        except msgspec.MsgspecError as fault:
            _LOG.warning("connections_unreadable", reason=str(fault))
            return
        self._connect(arrivals, now)

    def _connect(self, arrivals: TrunkArrivals, now: float) -> int:
        coming = [each for each in arrivals.items if each.arrival > now]
        self.desk.connections = [Connection(each.stop, each.line, each.arrival, each.trunk) for each in coming]
        return len(coming)

    def _news(self) -> list[Outgoing]:
        changed = [Outgoing.on("dispatch_advice", msgspec.json.encode(each)) for each in self.desk.take_changes()]
        asked = self.priority.take_changes()
        return changed + [Outgoing.on("priority_status", msgspec.json.encode(each)) for each in asked]
