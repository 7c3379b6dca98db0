"""A stored period onto a broker: what the platform itself publishes for the live map, at any pace."""

import asyncio
import time

import msgspec

from cloudctl.playback.player import Player
from cloudctl.playback.scene_frames import incident_event, links_frame, movers_frame, signals_frame
from cloudctl.playback.source import PlaybackSource
from cloudctl.store.reader import StoredIncident
from ingest.publisher import Publisher
from ingest.streams import BY_NAME

CLIENT_ID = "v2x-replay"
FRAME_SECONDS = 0.2
LINKS_EVERY = 5
"""Frames between two of the links."""
CONNECT_PATIENCE = 10.0
_encode = msgspec.json.Encoder().encode


class BrokerReplay:
    """Publishes scenes one after another; times in frames are those of now unless `as_recorded`."""

    def __init__(self, source: PlaybackSource, start: float, end: float, *, as_recorded: bool = False) -> None:
        self._player = Player(source, start, end, time.monotonic)
        self._as_recorded = as_recorded
        self._incidents: tuple[StoredIncident, ...] | None = None
        self._advised: set[str] = set()
        self.scenes = 0
        self.road_users = 0
        """Positions published."""

    async def run(self, broker: str, speed: float, stop: asyncio.Event) -> None:
        """Publish from the start to the end of the period, or until `stop`.

        Raises:
            CloudctlError: the source cannot be read.
            IngestError: the address of the broker is wrong.
        """
        async with Publisher(broker, client_id=CLIENT_ID) as publisher:
            try:
                self._player.set_speed(speed)
                await self._player.scene()
                self._player.play()
                last = False
                while not (last or stop.is_set()):
                    began = time.monotonic()
                    last = not self._player.playing
                    await self._publish(publisher)
                    await asyncio.sleep(max(FRAME_SECONDS - (time.monotonic() - began), 0.0))
            finally:
                await self._player.close()
            await publisher.flush(CONNECT_PATIENCE)

    async def _publish(self, publisher: Publisher) -> None:
        scene = await self._player.scene()
        shown = scene.time if self._as_recorded else time.time()
        publisher.offer(BY_NAME["live_movers"].topic, movers_frame(scene, shown))
        publisher.offer(BY_NAME["live_signals"].topic, signals_frame(scene, shown))
        if self.scenes % LINKS_EVERY == 0:
            publisher.offer(BY_NAME["live_links"].topic, links_frame(scene, shown))
        if scene.incidents != self._incidents:
            self._incidents = scene.incidents
            listed = [incident_event(incident, scene.time) for incident in scene.incidents]
            publisher.offer(BY_NAME["incidents_now"].topic, _encode(listed), qos=1, retain=True)
        for advisory in scene.advisories:
            if advisory.id not in self._advised:
                self._advised.add(advisory.id)
                publisher.offer(BY_NAME["advisory"].topic, _encode(advisory), qos=1)
        self.scenes += 1
        self.road_users += len(scene.points)
