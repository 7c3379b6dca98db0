"""What the platform says of itself, and when: frames of the picture, incidents, car parks, devices."""

import msgspec
import numpy as np

from cloudctl.engine.lots import Lots
from cloudctl.privacy.veil import Veil
from cloudctl.publish.frames import FrameKind
from cloudctl.publish.incident_feed import IncidentFeed
from cloudctl.publish.live import links_frame, movers_frame, positions, signals_frame, trajectory_frame
from cloudctl.publish.outgoing import Outgoing
from cloudctl.publish.states import parking_state
from cloudctl.publish.traffic_frames import intersections_frame, movements_frame
from fusion.movements import Movements
from fusion.picture import TrafficPicture
from ingest.streams import BY_NAME
from maps.network import RoadNetwork

INCIDENTS_EVERY = 5.0
PARKING_EVERY, PARKING_NEWS_EVERY = 10.0, 1.0
SIGNALS_WHOLE_EVERY = 60.0
"""All lights are stored at least this often, else only those that changed, s."""


class Every:
    """Comes round once a period, on multiples of it."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._last: int | None = None

    def due(self, now: float) -> bool:
        """Say whether a new period has begun since the last call that said so."""
        beat = int(now / self._period + 1e-6)
        if beat == self._last:
            return False
        self._last = beat
        return True


class Broadcast:
    """Turns pictures into messages at the rates of the table of streams."""

    def __init__(
        self, network: RoadNetwork, lots: Lots, epoch: int, live_hz: float, trajectory_hz: float, veil: Veil
    ) -> None:
        self._network = network
        self._lots = lots
        self._epoch = epoch
        self._veil = veil
        self._live = Every(1 / live_hz)
        self._trajectory = Every(1 / trajectory_hz)
        self._links = Every(1 / (BY_NAME["live_links"].rate_hz or 1.0))
        self._movements = Movements.of(network)
        self._moves = Every(1 / (BY_NAME["live_movements"].rate_hz or 1.0))
        self._move_archive = Every(1 / (BY_NAME["movement_state"].rate_hz or 1 / 60))
        self._crossing_archive = Every(1 / (BY_NAME["intersection_state"].rate_hz or 0.1))
        self._link_archive = Every(1 / (BY_NAME["link_state"].rate_hz or 0.1))
        self._incidents_whole = Every(INCIDENTS_EVERY)
        self._parking_whole, self._parking_news = Every(PARKING_EVERY), Every(PARKING_NEWS_EVERY)
        self._signals_whole = Every(SIGNALS_WHOLE_EVERY)
        self._trajectories = 0
        self._feed = IncidentFeed(network)
        self._lights = np.full(len(network.groups.signal), 255, np.uint8)

    def messages(self, picture: TrafficPicture) -> list[Outgoing]:
        """Give what is due with this picture."""
        return [
            *self._frames(picture),
            *self._junctions(picture),
            *self._signal_changes(picture),
            *self._states(picture),
        ]

    def _frames(self, picture: TrafficPicture) -> list[Outgoing]:
        found: list[Outgoing] = []
        live, trajectory = self._live.due(picture.time), self._trajectory.due(picture.time)
        if live or trajectory:
            where = positions(picture, self._network.plane)
            if live:
                found.append(Outgoing.on("live_movers", movers_frame(picture, where, self._epoch)))
                found.append(Outgoing.on("live_signals", signals_frame(picture, self._epoch)))
            if trajectory:
                sources = self._veil.sources(picture.tracks.sources)
                owners = self._veil.owners(picture.tracks.self_device)
                self._trajectories += 1
                frame = trajectory_frame(picture, where, self._epoch, sources, owners, self._trajectories)
                found.append(Outgoing.on("trajectory", frame))
        if self._links.due(picture.time):
            found.append(Outgoing.on("live_links", links_frame(picture, self._epoch)))
        if self._link_archive.due(picture.time):
            found.append(Outgoing.on("link_state", links_frame(picture, self._epoch, FrameKind.LINK_ARCHIVE)))
        return found

    def _junctions(self, picture: TrafficPicture) -> list[Outgoing]:
        """Give the states of movements and intersections that are due."""
        found: list[Outgoing] = []
        if not len(picture.movements.flow):
            return found
        if self._moves.due(picture.time):
            found.append(Outgoing.on("live_movements", movements_frame(picture, self._movements, self._epoch)))
            found.append(Outgoing.on("live_intersections", intersections_frame(picture, self._epoch)))
        if self._crossing_archive.due(picture.time):
            kind = FrameKind.INTERSECTION_ARCHIVE
            found.append(Outgoing.on("intersection_state", intersections_frame(picture, self._epoch, kind)))
        if self._move_archive.due(picture.time):
            frame = movements_frame(picture, self._movements, self._epoch, FrameKind.MOVEMENT_ARCHIVE)
            found.append(Outgoing.on("movement_state", frame))
        return found

    def _signal_changes(self, picture: TrafficPicture) -> list[Outgoing]:
        changed = picture.signals.state != self._lights
        self._lights = picture.signals.state
        if self._signals_whole.due(picture.time):
            changed = np.ones_like(changed)
        if not (changed & np.isfinite(picture.signals.received)).any():
            return []
        return [Outgoing.on("signal_state", signals_frame(picture, self._epoch, changed))]

    def _states(self, picture: TrafficPicture) -> list[Outgoing]:
        events = self._feed.follow(picture)
        found = [Outgoing.on("incident", msgspec.json.encode(event)) for event in events]
        if self._incidents_whole.due(picture.time) or events:
            found.append(Outgoing.on("incidents_now", msgspec.json.encode(self._feed.open)))
        if self._parking_whole.due(picture.time) or (self._lots.changed and self._parking_news.due(picture.time)):
            lots = self._lots
            lots.changed = False
            found.append(Outgoing.on("parking_now", parking_state(lots.table, lots.now, lots.under_way)))
        return found
