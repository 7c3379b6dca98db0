"""The engine process: three connections to the broker around one core, a beat ten times a second until told to stop."""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Sequence

import structlog

from cloudctl.engine.broadcast import Every
from cloudctl.engine.core import EngineCore
from cloudctl.engine.metronome import Metronome
from cloudctl.engine.pulse import AliveFile, Silence
from cloudctl.engine.tuning import fusion_parameters
from cloudctl.engine.warm_up import set_aside, warm_up
from cloudctl.privacy.keys import REGISTER, KeyRing
from cloudctl.publish.commands import COMMAND_FILTER
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import Settings
from ingest.broker import EventReceiver, Publisher, RawMessage, TelemetryReceiver
from ingest.streams import BY_NAME
from maps.network_file import open_network

PUMP_PAUSE = 0.015
"""Between two rounds of decoding: messages gather, so that a round is worth its overhead, s."""
PUMP_MOST = 300
"""Messages decoded in one round: about 10 ms, so that the loop is never held up."""
HEALTH_EVERY = 1.0
FLUSH_PATIENCE = 2.0
CONTROL_FILTERS = (
    COMMAND_FILTER,
    BY_NAME["device_register"].subscription,
    BY_NAME["privacy_register"].subscription,
    BY_NAME["parking_register"].subscription,
    BY_NAME["trunk_arrivals"].subscription,
    BY_NAME["stored_dwells"].subscription,
)
_LOG = structlog.get_logger("engine")


class EngineProcess:
    """Runs until `stop` is set."""

    def __init__(self, settings: Settings) -> None:
        url, self._settings = settings.broker.url, settings
        self._started = time.time()
        self._network = open_network(settings.map.file)
        hold = settings.devices.admission == "approval"
        self._core = EngineCore(
            self._network,
            settings.engine,
            epoch=int(self._started),
            hold_unknown=hold,
            privacy_key=KeyRing(settings.data_dir / "keys").key(REGISTER),
            timetable=settings.timetable_file,
            fusion=fusion_parameters(settings.traffic),
        )
        self._telemetry = TelemetryReceiver(url, client_id="v2x-engine-telemetry")
        self._events = EventReceiver(url, self._take_events, client_id="v2x-engine-events")
        self._control = EventReceiver(url, self._take_control, client_id="v2x-engine-control", filters=CONTROL_FILTERS)
        self._publisher = Publisher(url, client_id="v2x-engine-publish")
        self._alive = AliveFile(settings.data_dir / "engine.alive")
        self._silence = Silence()
        self._health_turn = Every(HEALTH_EVERY)
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Work until told to stop, then hand the last messages over and leave."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        warm_up(self._network)
        set_aside()
        self._name_gap()
        async with self._publisher, self._telemetry, self._events, self._control:
            pump = asyncio.create_task(self._pump(), name="engine-pump")
            beats = asyncio.create_task(self._beat_on(), name="engine-beats")
            stopped = asyncio.create_task(self.stop.wait(), name="engine-stop")
            try:
                done, _ = await asyncio.wait((pump, beats, stopped), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    _raise_fault(task)
            finally:
                for task in (pump, beats, stopped):
                    task.cancel()
                self._publisher.offer(*self._health(ready=False), retain=True)
                await self._publisher.flush(FLUSH_PATIENCE)
        _LOG.info("engine_stopped")

    def _name_gap(self) -> None:
        gap = self._alive.gap(time.time())
        self._core.figures.set({"gap_seconds": gap})
        if gap:
            _LOG.warning("engine_gap", missed_s=round(gap, 1), detail="telemetry sent meanwhile was not seen")
        self._alive.touch()

    async def _pump(self) -> None:
        """Decode what has arrived, round by round."""
        while True:
            await self._telemetry.wait()
            self._send(self._core.accept(self._telemetry.take(PUMP_MOST)))
            await asyncio.sleep(0 if len(self._telemetry) > PUMP_MOST else PUMP_PAUSE)

    async def _take_events(self, messages: Sequence[RawMessage]) -> None:
        """Act on events; they are acknowledged when this returns."""
        self._send(self._core.accept(messages))
        self._send(self._core.handle_events())

    async def _take_control(self, messages: Sequence[RawMessage]) -> None:
        """Carry out commands and take over the register; they are acknowledged when this returns."""
        self._send(self._core.control(messages))

    async def _beat_on(self) -> None:
        period = 1 / self._settings.engine.cycle_hz
        metronome = Metronome(period, asyncio.get_running_loop().time)
        figures = self._core.figures
        while True:
            await metronome.wait()
            begun = time.perf_counter()
            self._send(self._core.accept(self._telemetry.take(PUMP_MOST)))
            self._send(self._core.beat(time.time(), time.time).messages)
            took = time.perf_counter() - begun
            figures.latency("cycle").add(took)
            figures.add("cycle_overruns", took > period)
            figures.set({"ticks_missed": metronome.missed})
            if self._health_turn.due(time.time()):
                self._second()

    def _second(self) -> None:
        """Do what is done once a second."""
        self._alive.touch()
        for topic, count in self._telemetry.take_shed().items():
            self._core.pipeline.note_shed(topic, count)
        connected = self._telemetry.connected and self._publisher.connected
        gap = self._silence.follow(connected=connected, now=time.time())
        if gap is not None:
            self._core.figures.add("gap_seconds", gap)
            _LOG.warning("broker_gap", missed_s=round(gap, 1), detail="the picture coasted meanwhile")
        self._publisher.offer(*self._health(ready=connected and self._events.connected), retain=True)

    def _health(self, *, ready: bool) -> tuple[str, bytes]:
        figures, telemetry, events, publisher = self._core.figures, self._telemetry, self._events, self._publisher
        figures.set({"shed": telemetry.shed, "publisher_shed": publisher.shed, "events_failed": events.failed})
        reconnects = {"telemetry": telemetry.reconnects, "events": events.reconnects, "publisher": publisher.reconnects}
        figures.set(reconnects, "reconnects")
        report = figures.health(os.getpid(), time.time(), self._started, ready=ready)
        return BY_NAME["health"].topic_of("engine"), report

    def _send(self, messages: Iterable[Outgoing]) -> None:
        """Hand messages over; frames that nobody hears are not kept for later, when they would be old."""
        for message in messages:
            if message.qos == 0 and not self._publisher.connected:
                self._core.figures.add("frames_unheard")
                continue
            self._publisher.offer(message.topic, message.payload, qos=message.qos, retain=message.retain)


def _raise_fault(task: asyncio.Task[object]) -> None:
    """Raise what ended a task, and say so before connections are closed."""
    fault = task.exception()
    if fault is not None:
        _LOG.error("engine_task_failed", task=task.get_name(), exc_info=fault)
        raise fault
