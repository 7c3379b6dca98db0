"""The engine without clock and sockets: messages in, messages out, one picture a beat.

A beat is this ordered list: columns from the pipeline, fusion, advice, downlink, broadcast, dead letters. The time is a
parameter, so a test can play any hour in a second.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.desk import AdviceDesk
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import Topology
from cloudctl.devices.delivery import DELIVER
from cloudctl.dispatch.kept import CONNECTIONS_TOPIC, DWELLS_TOPIC
from cloudctl.engine.admission import Admission
from cloudctl.engine.broadcast import Broadcast, Every
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.deliveries import DeliveryDesk
from cloudctl.engine.device_names import DeviceNames
from cloudctl.engine.device_watch import WATCH, DeviceWatch
from cloudctl.engine.dispatch import DispatchPart
from cloudctl.engine.events import EventHandler, Parts
from cloudctl.engine.figures import Figures
from cloudctl.engine.inbox import Inbox
from cloudctl.engine.lots import REGISTER_TOPIC as PARKING_TOPIC
from cloudctl.engine.lots import Lots
from cloudctl.engine.operator_work import OperatorWork
from cloudctl.engine.predictions import PREDICT, PredictionDesk
from cloudctl.engine.roadside import RoadsideUnits
from cloudctl.engine.signal_control import SignalControl, seeing
from cloudctl.engine.signal_quality import SignalQuality
from cloudctl.engine.transit import TransitPart
from cloudctl.engine.vehicle_routes import VehicleRoutes
from cloudctl.parking.orders import OCCUPANCY
from cloudctl.privacy.veil import TOPIC as PRIVACY_TOPIC
from cloudctl.privacy.veil import Veil
from cloudctl.publish.downlink import Downlink
from cloudctl.publish.outgoing import Outgoing
from cloudctl.publish.states import dead_letter, devices_state
from cloudctl.settings import EngineSettings
from fusion.cycle import FusionCycle, FusionParameters
from fusion.picture import TrafficPicture
from fusion.signal_state import SpatReport
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from ingest.raw_message import RawMessage
from ingest.verdicts import Refused, refusal_ack
from maps.network import RoadNetwork

UNITS_EVERY = 1.0
DEVICES_EVERY = 2.0


@dataclass(frozen=True)
class Beat:
    """What came of one beat."""

    picture: TrafficPicture
    messages: list[Outgoing]


class EngineCore:
    """All that the engine knows and does, driven from outside by `accept` and `beat`.

    `epoch` tells one life of the engine from another in frames; `stopwatch` measures stages, s. With `hold_unknown`
    roadside devices stay out of the picture until the register says that they are approved. `privacy_key` opens the
    register of lawful bases; without that register no vehicle is named to anybody. `timetable` is the buses' GTFS file.
    """

    def __init__(
        self,
        network: RoadNetwork,
        settings: EngineSettings,
        epoch: int,
        stopwatch: Callable[[], float] = time.perf_counter,
        *,
        hold_unknown: bool = False,
        privacy_key: bytes = b"",
        timetable: Path | None = None,
        fusion: FusionParameters | None = None,
    ) -> None:
        self._stopwatch = stopwatch
        self._epoch = epoch
        self._now = 0.0
        self.registry = DeviceRegistry(hold_unknown=hold_unknown)
        self.pipeline = Pipeline(network.plane, BoxE7.of_network(network), self.registry)
        self._veil = Veil(self.registry, privacy_key)
        self._fusion = FusionCycle(network, fusion)
        self._topology = Topology(network).prepare()
        self._desk = AdviceDesk(LiveRoutes(network))
        self._downlink = Downlink(first_sequence=epoch, registry=self.registry)
        self._quality = SignalQuality(self.registry)
        self._watch = DeviceWatch(self.registry, self._veil.is_open)
        self._lots = Lots(network)
        self._routes = VehicleRoutes(network)
        self._units = RoadsideUnits(network, self.registry)
        self._dispatch = DispatchPart(network, self._desk.bus_priority)
        self._transit = TransitPart(network, timetable, self._dispatch)
        self._desk.bus_priority.on_duty = self._veil.is_open
        self._signals = SignalControl(
            network,
            self.registry,
            self._desk.bus_priority,
            epoch,
            execute=settings.signal_control == "execute",
        )
        self._admission = Admission(self.registry, self._signals.commands.announce)
        self._seeing = self._units.sensors
        parts = Parts(
            network, self.registry, self._desk, self._downlink, self._lots, self._routes, self._transit, self._signals
        )
        self._events = EventHandler(parts)
        self._broadcast = Broadcast(network, self._lots, epoch, settings.live_hz, settings.trajectory_hz, self._veil)
        self._units_turn, self._devices_turn = Every(UNITS_EVERY), Every(DEVICES_EVERY)
        self.figures = Figures()
        self.commands = CommandDesk()
        self.commands.register(DELIVER, DeliveryDesk(self.registry, self._downlink).command)
        self.commands.register(WATCH, self._watch.command)
        self.commands.register(OCCUPANCY, self._lots.order)
        self._dispatch.register(self.commands)
        self._work = OperatorWork(network, self._desk.bus_priority, epoch)
        self._work.register(self.commands)
        self._signals.register(self.commands)
        self._predictions = PredictionDesk(network)
        self.commands.register(PREDICT, self._predictions.command)
        states: dict[str, Callable[[RawMessage], object]] = {
            PRIVACY_TOPIC: lambda message: self._veil.take(message.payload),
            PARKING_TOPIC: lambda message: self._lots.take_register(message.payload),
            CONNECTIONS_TOPIC: lambda message: self._dispatch.take_connections(message.payload, message.received),
            DWELLS_TOPIC: lambda message: self._transit.take_dwells(message.payload),
        }
        self._inbox = Inbox(self.commands, self._admission, states)

    def accept(self, messages: Sequence[RawMessage]) -> list[Outgoing]:
        """Take messages of devices; gives the replies to those that were refused."""
        started = self._stopwatch()
        replies: list[Outgoing] = []
        for message in messages:
            verdict = self.pipeline.accept(message.topic, message.payload, message.received)
            if self._watch.active:
                self._watch.note(message, verdict)
            refused = verdict if isinstance(verdict, Refused) else verdict.partly
            reply = None if refused is None else refusal_ack(message.topic, refused)
            if reply is not None:
                replies.append(Outgoing(*reply))
        if messages:
            self.figures.latency("decode").add(self._stopwatch() - started)
        return replies

    def control(self, messages: Sequence[RawMessage]) -> list[Outgoing]:
        """Carry out what the gateway asks for, and take over what the register says."""
        return self._inbox.take(messages)

    def handle_events(self) -> list[Outgoing]:
        """Act on the events accepted so far."""
        changed = [self._events.handle(report) for report in self.pipeline.take_events()]
        told = [self._told(advisory) for advisory in changed if advisory is not None]
        return told + self._lots.take_answers()

    def beat(self, now: float, finished: Callable[[], float]) -> Beat:
        """Make the picture of `now` (UTC epoch, s); `finished` gives the UTC epoch when the picture stands.

        A clock that was set back stands still until it has caught up: pictures never go back in time.
        """
        now = self._now = max(now, self._now)
        messages = self.handle_events()
        if self._units_turn.due(now):
            self._units.refresh()
            self._seeing = seeing(self._units.sensors, self._last_rsm, now)
        if withdrawn := self._veil.follow(now):
            self._fusion.tracker.rename(withdrawn)
        picture = self._fuse(now, finished)
        self._predictions.follow(picture)
        started = self._stopwatch()
        messages += self._advise(picture)
        advised = self._stopwatch()
        messages += self._control_signals(picture)
        messages += self._downlink.resend(now)
        self._work.note(self._downlink.take_settled(), now)
        messages += self._work.messages(now)
        messages += [Outgoing.on("delivery", msgspec.json.encode(each)) for each in self._downlink.take_deliveries()]
        messages += [Outgoing.on("connection", msgspec.json.encode(one)) for one in self._downlink.take_connections()]
        messages += self._quality.take_messages()
        messages += self._broadcast.messages(picture)
        messages += self._transit.messages(picture, DeviceNames(self.registry), self._veil.names)
        for advisory in self._dispatch.take_advisories():
            messages += self._downlink.send(advisory, now, {})  # told on streams of their own, by line
        messages += [
            Outgoing.on("dead_letter", dead_letter(self._veil.letter(letter)))
            for letter in self.pipeline.take_dead_letters()
        ]
        if self._devices_turn.due(now):
            self._watch.forget(now)
            self.pipeline.health.measure(now)
            reports = self._veil.reports(self.pipeline.report_devices(now))
            state = devices_state(reports, self._epoch, self._downlink.abnormal)
            messages.append(Outgoing.on("devices_now", state))
        self.figures.latency("advise").add(advised - started)
        self.figures.latency("publish").add(self._stopwatch() - advised)
        self._count(picture)
        return Beat(picture, messages)

    def _fuse(self, now: float, finished: Callable[[], float]) -> TrafficPicture:
        started = self._stopwatch()
        observations = self.pipeline.take_observations(now)
        held = self.registry.held
        spats = [report for report in self.pipeline.take_spats() if report.device not in held]
        for report in spats:
            self._units.note_signal(report.device, report.message.intersections[0].intersection_id.key)
        self._quality.follow(self.pipeline.take_maps(), spats, now)
        self.figures.latency("collect").add(self._stopwatch() - started)
        reports = [SpatReport(report.message, report.event_time, report.received) for report in spats]
        self._fusion.routes = self._routes.now
        draft = self._fusion.begin(observations, reports, now, self._units.sensors)
        for name, stage in self._fusion.stages:
            begun = self._stopwatch()
            stage(draft)
            self.figures.latency(f"fuse_{name}").add(self._stopwatch() - begun)
        picture = self._fusion.finish(draft)
        self.figures.latency("fuse").add(self._stopwatch() - started)
        self.figures.note_way(observations.publish_time, observations.receive_time, finished())
        self.figures.add("reports_fused", len(observations))
        return picture

    def _advise(self, picture: TrafficPicture) -> list[Outgoing]:
        self._routes.follow(picture.tracks, picture.time)
        scene = Scene(
            now=picture.time,
            picture=picture,
            topology=self._topology,
            device_names=DeviceNames(self.registry),
            roadside_units=self._units.at_signal,
            unit_places=self._units.places,
            routes=self._routes.now,
            lots=self._lots.now,
            lot_table=self._lots.table,
            lot_profiles=self._lots.profiles,
            lot_zone=self._lots.register.zone,
        )
        self._work.prepare(scene)
        messages: list[Outgoing] = []
        for advisory in (*self._desk.run(scene), *self._work.advise(scene)):
            messages.append(self._told(advisory))
            met = self._signals.take(advisory, picture.time)
            if met is not None:
                messages.append(self._told(met))
                continue
            messages += self._downlink.send(advisory, picture.time, self._units.by_signal_id)
        self._lots.under_way = self._desk.parking.under_way
        return messages

    def _control_signals(self, picture: TrafficPicture) -> list[Outgoing]:
        started = self._stopwatch()
        messages = self._signals.follow(picture, self._seeing, self._units.at_signal, self._veil.is_public)
        for advisory in self._signals.take_feedback():
            if self.registry.find(DeviceKind.OBU, advisory.target.removeprefix("obu:")) is not None:
                messages += self._downlink.send(advisory, picture.time, {})  # recorded as the state of the request
        self.figures.latency("signals").add(self._stopwatch() - started)
        return messages

    def _last_rsm(self, row: int) -> float:
        """When a device last told what it sees, UTC epoch s."""
        health = self.pipeline.health
        return max(health.last_received(row, "rsu_rsm"), health.last_received(row, "radar_track"))

    def _told(self, advisory: Advisory) -> Outgoing:
        self._dispatch.hear(advisory)
        return Outgoing.on("advisory", msgspec.json.encode(self._veil.advisory(advisory)))

    def _count(self, picture: TrafficPicture) -> None:
        figures = self.figures
        figures.note_pipeline(self.pipeline.counters)
        figures.set(self._quality.counts, "signal_faults")
        figures.set(self._desk.counts, "advisories")
        figures.set(self._desk.bus_priority.outcomes, "priority")
        figures.set(self._dispatch.desk.counts, "dispatch")
        figures.set(self._downlink.counts, "downlink")
        figures.set(self._signals.commands.counts, "stage_commands")
        figures.set(self._events.counts, "requests")
        figures.set(self.commands.counts, "commands")
        figures.set(self._admission.counts, "register")
        figures.set({"downlink_waiting": self._downlink.waiting, "devices": len(self.registry)})
        figures.set({"parking_unanswered": self._desk.parking.unanswered, "unknown_lots": self._lots.unknown})
        figures.set(self._lots.counts, "lots")
        figures.set({"tracks": len(picture.tracks), "vehicles_hidden": self._veil.hidden})
        figures.peak("tracks_peak", len(picture.tracks))
        figures.add("cycles")
