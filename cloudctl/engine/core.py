"""The engine without clock and sockets: messages in, messages out, one picture a beat.

A beat is this ordered list: columns from the pipeline, fusion, advice, downlink, broadcast, dead letters. The time is a
parameter, so a test can play any hour in a second.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.desk import AdviceDesk
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import Topology
from cloudctl.engine.broadcast import Broadcast, Every
from cloudctl.engine.events import EventHandler, Parts
from cloudctl.engine.figures import Figures
from cloudctl.engine.lots import Lots
from cloudctl.engine.roadside import RoadsideUnits
from cloudctl.engine.vehicle_routes import VehicleRoutes
from cloudctl.publish.downlink import Downlink
from cloudctl.publish.outgoing import Outgoing
from cloudctl.publish.states import dead_letter, devices_state
from cloudctl.settings import EngineSettings
from fusion.cycle import FusionCycle
from fusion.picture import TrafficPicture
from fusion.signal_state import SpatReport
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

    `epoch` tells one life of the engine from another in frames; `stopwatch` measures stages, s.
    """

    def __init__(
        self,
        network: RoadNetwork,
        settings: EngineSettings,
        epoch: int,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stopwatch = stopwatch
        self._epoch = epoch
        self._now = 0.0
        self.registry = DeviceRegistry()
        self.pipeline = Pipeline(network.plane, BoxE7.of_network(network), self.registry)
        self._fusion = FusionCycle(network)
        self._topology = Topology(network).prepare()
        self._desk = AdviceDesk(LiveRoutes(network))
        self._downlink = Downlink(first_sequence=epoch)
        self._lots = Lots(network)
        self._routes = VehicleRoutes(network)
        self._units = RoadsideUnits(network, self.registry)
        parts = Parts(network, self.registry, self._desk, self._downlink, self._lots, self._routes)
        self._events = EventHandler(parts)
        self._broadcast = Broadcast(network, self._lots, epoch, settings.live_hz, settings.trajectory_hz)
        self._units_turn, self._devices_turn = Every(UNITS_EVERY), Every(DEVICES_EVERY)
        self.figures = Figures()

    def accept(self, messages: Sequence[RawMessage]) -> list[Outgoing]:
        """Take messages of devices; gives the replies to those that were refused."""
        started = self._stopwatch()
        replies: list[Outgoing] = []
        for message in messages:
            verdict = self.pipeline.accept(message.topic, message.payload, message.received)
            refused = verdict if isinstance(verdict, Refused) else verdict.partly
            reply = None if refused is None else refusal_ack(message.topic, refused)
            if reply is not None:
                replies.append(Outgoing(*reply))
        if messages:
            self.figures.latency("decode").add(self._stopwatch() - started)
        return replies

    def handle_events(self) -> list[Outgoing]:
        """Act on the events accepted so far."""
        changed = [self._events.handle(report) for report in self.pipeline.take_events()]
        return [_told(advisory) for advisory in changed if advisory is not None]

    def beat(self, now: float, finished: Callable[[], float]) -> Beat:
        """Make the picture of `now` (UTC epoch, s); `finished` gives the UTC epoch when the picture stands.

        A clock that was set back stands still until it has caught up: pictures never go back in time.
        """
        now = self._now = max(now, self._now)
        messages = self.handle_events()
        if self._units_turn.due(now):
            self._units.refresh()
        picture = self._fuse(now, finished)
        started = self._stopwatch()
        messages += self._advise(picture)
        advised = self._stopwatch()
        messages += self._downlink.resend(now)
        messages += self._broadcast.messages(picture)
        messages += [Outgoing.on("dead_letter", dead_letter(letter)) for letter in self.pipeline.take_dead_letters()]
        if self._devices_turn.due(now):
            self.pipeline.health.measure(now)
            state = devices_state(self.pipeline.report_devices(now), self._epoch)
            messages.append(Outgoing.on("devices_now", state))
        self.figures.latency("advise").add(advised - started)
        self.figures.latency("publish").add(self._stopwatch() - advised)
        self._count(picture)
        return Beat(picture, messages)

    def _fuse(self, now: float, finished: Callable[[], float]) -> TrafficPicture:
        started = self._stopwatch()
        observations = self.pipeline.take_observations(now)
        spats = self.pipeline.take_spats()
        for report in spats:
            self._units.note_signal(report.device, report.message.intersections[0].intersection_id.key)
        self.pipeline.take_maps()
        self.figures.latency("collect").add(self._stopwatch() - started)
        reports = [SpatReport(report.message, report.event_time, report.received) for report in spats]
        draft = self._fusion.begin(observations, reports, now, self._units.sensors)
        for name, stage in self._fusion.stages:
            begun = self._stopwatch()
            stage(draft)
            self.figures.latency(f"fuse_{name}").add(self._stopwatch() - begun)
        picture = self._fusion.finish(draft)
        self.figures.latency("fuse").add(self._stopwatch() - started)
        self.figures.latency("publish_to_picture").add(finished() - observations.publish_time)
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
            routes=self._routes.now,
            lots=self._lots.now,
        )
        messages: list[Outgoing] = []
        for advisory in self._desk.run(scene):
            messages.append(_told(advisory))
            messages += self._downlink.send(advisory, picture.time, self._units.by_signal_id)
        return messages

    def _count(self, picture: TrafficPicture) -> None:
        figures, counters = self.figures, self.pipeline.counters
        figures.set(counters.received, "messages_received")
        figures.set({"messages_received": counters.received.total()})
        figures.set(counters.refused, "messages_refused")
        figures.set(counters.participants_refused, "participants_refused")
        figures.set({"dead_letters_shed": counters.dead_letters_shed, "reports_shed": counters.reports_shed})
        figures.set(self._desk.counts, "advisories")
        figures.set(self._desk.bus_priority.outcomes, "priority")
        figures.set(self._downlink.counts, "downlink")
        figures.set(self._events.counts, "requests")
        figures.set({"downlink_waiting": self._downlink.waiting, "devices": len(self.registry)})
        figures.set({"parking_unanswered": self._desk.parking.unanswered, "unknown_lots": self._lots.unknown})
        figures.set({"tracks": len(picture.tracks)})
        figures.peak("tracks_peak", len(picture.tracks))
        figures.add("cycles")


class DeviceNames(Sequence[str]):
    """Ids of the devices of a registry by row, without a copy."""

    def __init__(self, registry: DeviceRegistry) -> None:
        self._registry = registry

    def __len__(self) -> int:
        return len(self._registry)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # nobody slices names
        return self._registry.get(row).id


def _told(advisory: Advisory) -> Outgoing:
    return Outgoing.on("advisory", msgspec.json.encode(advisory))
