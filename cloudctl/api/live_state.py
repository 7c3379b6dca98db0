"""The newest of everything the platform publishes of itself, as the gateway holds it.

One object lives in the gateway's event loop; `accept` takes one MQTT message and says what it changed. Nothing here
queues: a newer message replaces the older one, so a gateway that was busy goes on with the present.
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.api.errors import StateMessageError
from cloudctl.api.signal_faults import TOPIC as FAULT_TOPIC
from cloudctl.api.signal_faults import FaultLog, SignalFault
from cloudctl.api.signal_masks import masked_signals
from cloudctl.api.state_messages import (
    DevicesState,
    DeviceState,
    Health,
    IncidentState,
    LotState,
    ParkingState,
    read_state,
)
from cloudctl.api.transit_log import TransitLog, VisitState
from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.priority import PriorityState
from cloudctl.dispatch.state import DispatchState
from cloudctl.incidents.work import WorkState
from cloudctl.privacy.names import Names
from cloudctl.publish.errors import FrameError
from cloudctl.publish.frames import Frame, FrameKind, decode_frame
from cloudctl.signals.live.state import SignalsState
from cloudctl.transit.lines import LinesState
from cloudctl.transit.state import TransitState

ADVISORIES_KEPT = 300
VEHICLE = "obu"
"""Kind of devices that are vehicles."""
INCIDENTS_KEPT = 200
PREFIX = "V2X/CLOUD/"
WORK_TOPIC = PREFIX + "STATE/WORK"
SUBSCRIPTIONS: tuple[tuple[str, int], ...] = (
    (PREFIX + "LIVE/+", 0),
    (PREFIX + "TRAJECTORY", 0),
    (PREFIX + "STATE/+", 1),
    (PREFIX + "ADVISORY", 1),
    (PREFIX + "TRANSIT/+", 1),
    (PREFIX + "INCIDENT", 1),
    (PREFIX + "HEALTH/+", 0),
    (FAULT_TOPIC, 1),
)
"""Topic filters of the gateway and their QoS. Trajectories are taken at QoS 0: only the newest frame is of use here."""


class Part(StrEnum):
    """A part of the state that clients hear about on its own."""

    MOVERS = "movers"
    LINKS = "links"
    SIGNALS = "signals"
    INCIDENTS = "incidents"
    ADVISORIES = "advisories"
    PARKING = "parking"
    DEVICES = "devices"
    TRANSIT = "transit"
    STATUS = "status"
    DESK = "desk"
    """Priority and handling of incidents, mutes."""
    EVENTS = "events"
    HOLDS = "holds"
    CORRIDORS = "corridors"
    """What operators published, held and opened."""
    RECOMMENDATIONS = "recommendations"
    """What is recommended to each signal, and which of them follow."""
    MOVEMENTS = "movements"
    INTERSECTIONS = "intersections"
    """State of movements and intersections; asked for, never pushed."""
    DETAILS = "details"
    """Trajectory frame: lane, accuracy and source of each track; asked for, never pushed."""


FRAME_PARTS: dict[str, tuple[FrameKind, Part]] = {
    PREFIX + "LIVE/MOVERS": (FrameKind.MOVERS, Part.MOVERS),
    PREFIX + "LIVE/LINKS": (FrameKind.LINKS, Part.LINKS),
    PREFIX + "LIVE/SIGNALS": (FrameKind.SIGNALS, Part.SIGNALS),
    PREFIX + "LIVE/MOVEMENTS": (FrameKind.MOVEMENTS, Part.MOVEMENTS),
    PREFIX + "LIVE/INTERSECTIONS": (FrameKind.INTERSECTIONS, Part.INTERSECTIONS),
    PREFIX + "TRAJECTORY": (FrameKind.TRAJECTORY, Part.DETAILS),
}


@dataclass(frozen=True)
class LiveFrame:
    """One received frame: the bytes as they came, and what they hold."""

    raw: bytes
    frame: Frame
    received: float
    """UTC epoch, s."""


@dataclass
class LiveState:
    """Latest frames, incidents, advisories, car parks, devices and health reports."""

    connected: bool = False
    """The broker is connected."""
    past: bool = False
    """Shows a stored moment: what is not stored is not known."""
    frames: dict[Part, LiveFrame] = field(default_factory=dict)
    incidents: dict[str, IncidentState] = field(default_factory=dict)
    """Open incidents by id."""
    closed: deque[IncidentState] = field(default_factory=lambda: deque(maxlen=INCIDENTS_KEPT))
    """Incidents that ended, the latest last."""
    advisories: deque[tuple[int, Advisory]] = field(default_factory=lambda: deque(maxlen=ADVISORIES_KEPT))
    """Running number and advisory, the latest last."""
    transit: TransitState | None = None
    """The bus network; None before the first word of it."""
    lines: LinesState | None = None
    dispatch: DispatchState | None = None
    transit_log: TransitLog = field(default_factory=lambda: TransitLog(secrets.token_hex(4)))
    signals: SignalsState | None = None
    """What the engine says of signals; None before the first word of it."""
    signal_faults: FaultLog = field(default_factory=FaultLog)
    work: WorkState | None = None
    """What the engine does for operators; None before the first word of it."""
    desk: dict[Part, dict[str, object]] = field(default_factory=dict)
    """Desk work as it is shown, by part."""
    lots: tuple[LotState, ...] = ()
    devices: tuple[DeviceState, ...] = ()
    health: dict[str, Health] = field(default_factory=dict)
    names: Names | None = None
    """Masks private vehicles as they come in; None shows every name."""
    _advisory_number: int = 0

    def accept(self, topic: str, payload: bytes, now: float) -> Part | None:
        """Take one message; return the part that changed, None for a topic of no interest here.

        Raises FrameError or StateMessageError where the message cannot be read; the state is then as before.
        """
        if topic in FRAME_PARTS:
            return self._accept_frame(topic, payload, now)
        if topic.startswith(PREFIX + "HEALTH/"):
            report = read_state(topic, payload, Health)
            self.health[report.process] = report
            return Part.STATUS
        if topic == WORK_TOPIC:
            self.work = read_state(topic, payload, WorkState)
            return None
        handler = _JSON_TOPICS.get(topic)
        return handler(self, topic, payload) if handler else None

    def find_frame(self, part: Part) -> LiveFrame | None:
        """Give the newest frame of a part, None before the first."""
        return self.frames.get(part)

    def picture_age(self, now: float) -> float | None:
        """Age (s) of the content of the newest movers frame, None before the first."""
        movers = self.frames.get(Part.MOVERS)
        return None if movers is None else max(0.0, now - movers.frame.time)

    def _accept_frame(self, topic: str, payload: bytes, now: float) -> Part:
        kind, part = FRAME_PARTS[topic]
        frame = decode_frame(payload)
        if frame.kind is not kind:
            raise FrameError(f"{topic} carries a frame of kind {frame.kind.name}", frame.kind)
        if missing := REQUIRED_COLUMNS[part] - frame.columns.keys():
            raise FrameError(f"{topic} lacks the columns {sorted(missing)}", missing)
        self.frames[part] = LiveFrame(payload, frame, now)
        return part

    def _accept_incident(self, topic: str, payload: bytes) -> Part:
        self._put_incident(read_state(topic, payload, IncidentState))
        return Part.INCIDENTS

    def _accept_incidents(self, topic: str, payload: bytes) -> Part:
        listed = read_state(topic, payload, list[IncidentState])
        gone = self.incidents.keys() - {incident.incident_id for incident in listed}
        for incident_id in gone:
            self.closed.append(self.incidents.pop(incident_id))
        for incident in listed:
            self._put_incident(incident)
        return Part.INCIDENTS

    def _put_incident(self, incident: IncidentState) -> None:
        if incident.event == "close" or incident.ended is not None:
            if self.incidents.pop(incident.incident_id, None) is not None:
                self.closed.append(incident)
        else:
            self.incidents[incident.incident_id] = incident

    def _accept_advisory(self, topic: str, payload: bytes) -> Part:
        self._advisory_number += 1
        advisory = read_state(topic, payload, Advisory)
        if self.names is not None:
            advisory = self.names.advisory(advisory)
        self.advisories.append((self._advisory_number, advisory))
        return Part.ADVISORIES

    def _accept_parking(self, topic: str, payload: bytes) -> Part:
        self.lots = read_state(topic, payload, ParkingState).lots
        return Part.PARKING

    def _accept_transit(self, topic: str, payload: bytes) -> Part:
        self.transit = read_state(topic, payload, TransitState)
        self.transit_log.findings(self.transit)
        return Part.TRANSIT

    def _accept_lines(self, topic: str, payload: bytes) -> Part:
        self.lines = read_state(topic, payload, LinesState)
        return Part.TRANSIT

    def _accept_dispatch(self, topic: str, payload: bytes) -> Part:
        self.dispatch = read_state(topic, payload, DispatchState)
        return Part.TRANSIT

    def _accept_signals(self, topic: str, payload: bytes) -> Part:
        said = read_state(topic, payload, SignalsState)
        self.signals = said if self.names is None else masked_signals(said, self.names.shown)
        return Part.RECOMMENDATIONS

    def _accept_fault(self, topic: str, payload: bytes) -> Part:
        self.signal_faults.note(read_state(topic, payload, SignalFault))
        return Part.RECOMMENDATIONS

    def _accept_visit(self, topic: str, payload: bytes) -> Part:
        self.transit_log.visit(read_state(topic, payload, VisitState))
        return Part.TRANSIT

    def _accept_dispatch_advice(self, topic: str, payload: bytes) -> Part:
        advice = read_state(topic, payload, DispatchAdvice)
        self.transit_log.advice(advice)
        self.dispatch = (self.dispatch or DispatchState(time=advice.updated)).with_advice(advice)
        return Part.TRANSIT

    def _accept_priority(self, topic: str, payload: bytes) -> Part:
        request = read_state(topic, payload, PriorityState)
        self.transit_log.priority(request)
        self.dispatch = (self.dispatch or DispatchState(time=request.updated)).with_priority(request)
        return Part.TRANSIT

    def _accept_devices(self, topic: str, payload: bytes) -> Part:
        state = read_state(topic, payload, DevicesState)
        self.devices = state.devices if self.names is None else mask_devices(state, self.names)
        return Part.DEVICES


def mask_devices(state: DevicesState, names: Names) -> tuple[DeviceState, ...]:
    """Mask private vehicles in a list of devices, and note what the engine calls them."""
    shown = {each.id: names.shown(each.id) for each in state.devices if each.kind == VEHICLE}
    private = {
        each.row: each.id for each in state.devices if each.row is not None and shown.get(each.id, each.id) != each.id
    }
    names.note_rows(state.epoch, private)
    return tuple(
        msgspec.structs.replace(each, id=shown[each.id]) if each.row in private else each for each in state.devices
    )


REQUIRED_COLUMNS: dict[Part, frozenset[str]] = {
    Part.MOVERS: frozenset({"id", "lon", "lat", "speed", "heading", "age", "class", "flags", "length", "width"}),
    Part.LINKS: frozenset({"link", "level", "conf", "speed", "queue", "flow"}),
    Part.SIGNALS: frozenset({"group", "state", "conf", "likely", "min", "max", "nextgrn", "age"}),
    Part.MOVEMENTS: frozenset({"move", "from", "to", "flow", "share", "delay", "queue", "level", "conf", "est"}),
    Part.INTERSECTIONS: frozenset({"signal", "flow", "delay", "queue", "level", "conf", "est"}),
    Part.DETAILS: frozenset({"id", "sigma", "lane", "dev"}),
}

_JSON_TOPICS: dict[str, Callable[[LiveState, str, bytes], Part]] = {
    PREFIX + "INCIDENT": LiveState._accept_incident,  # noqa: SLF001  # a table of this class's own methods
    PREFIX + "STATE/INCIDENTS": LiveState._accept_incidents,  # noqa: SLF001  # the same
    PREFIX + "ADVISORY": LiveState._accept_advisory,  # noqa: SLF001  # the same
    PREFIX + "STATE/PARKING": LiveState._accept_parking,  # noqa: SLF001  # the same
    PREFIX + "STATE/TRANSIT": LiveState._accept_transit,  # noqa: SLF001  # the same
    PREFIX + "STATE/LINES": LiveState._accept_lines,  # noqa: SLF001  # the same
    PREFIX + "STATE/DISPATCH": LiveState._accept_dispatch,  # noqa: SLF001  # the same
    PREFIX + "STATE/SIGNALS": LiveState._accept_signals,  # noqa: SLF001  # the same
    FAULT_TOPIC: LiveState._accept_fault,  # noqa: SLF001  # the same
    PREFIX + "TRANSIT/VISIT": LiveState._accept_visit,  # noqa: SLF001  # the same
    PREFIX + "TRANSIT/ADVICE": LiveState._accept_dispatch_advice,  # noqa: SLF001  # the same
    PREFIX + "TRANSIT/PRIORITY": LiveState._accept_priority,  # noqa: SLF001  # the same
    PREFIX + "STATE/DEVICES": LiveState._accept_devices,  # noqa: SLF001  # the same
}

READ_ERRORS = (FrameError, StateMessageError, msgspec.MsgspecError)
