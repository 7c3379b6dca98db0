"""Puts the scenes of a replay where the live feed reads: a live state of its own for each replay."""

from collections.abc import Callable

import orjson

from cloudctl.api.live_state import LiveFrame, LiveState, Part
from cloudctl.api.state_messages import IncidentState
from cloudctl.playback.footage import Scene
from cloudctl.playback.player import Player
from cloudctl.playback.scene_frames import incident_event, links_frame, movers_frame, signals_frame
from cloudctl.publish.frames import decode_frame

LINKS_EVERY = 1.0
"""Links and figures change slowly and are sent this often, s."""


class ReplayStage:
    """Shows the player's scene in a live state; `changed` hears what is new."""

    def __init__(self, player: Player, state: LiveState, changed: Callable[[Part], None]) -> None:
        self._player = player
        self._state = state
        self._changed = changed
        self._told: Scene | None = None
        self._links_shown = float("-inf")
        self._advised: set[str] = set()
        self._advisory_number = 0

    async def show(self, shown: float) -> Scene:
        """Show the scene of the player's moment; frames bear the time `shown` (UTC epoch, s).

        Raises:
            CloudctlError: the source cannot be read.
        """
        scene = await self._player.scene()
        self._put(Part.MOVERS, movers_frame(scene, shown), shown)
        self._put(Part.SIGNALS, signals_frame(scene, shown), shown)
        if shown - self._links_shown >= LINKS_EVERY or self._jumped(scene):
            self._links_shown = shown
            self._put(Part.LINKS, links_frame(scene, shown), shown)
            self._changed(Part.STATUS)  # the figures in the head of the page
        self._tell_incidents(scene)
        self._tell_advisories(scene)
        self._told = scene
        return scene

    def status(self) -> str:
        """Where the replay stands, as a text of the feed."""
        player = self._player
        return orjson.dumps(
            {
                "type": "replay",
                "time": player.position,
                "start": player.start,
                "end": player.end,
                "playing": player.playing,
                "speed": player.speed,
                "waiting": player.waiting,
            }
        ).decode()

    def _put(self, part: Part, raw: bytes, shown: float) -> None:
        self._state.frames[part] = LiveFrame(raw, decode_frame(raw), shown)
        self._changed(part)

    def _jumped(self, scene: Scene) -> bool:
        return self._told is None or not 0 <= scene.time - self._told.time < LINKS_EVERY * 2

    def _tell_incidents(self, scene: Scene) -> None:
        if self._told is not None and self._told.incidents == scene.incidents:
            return
        events = (incident_event(incident, scene.time) for incident in scene.incidents)
        self._state.incidents = {
            event.incident_id: IncidentState(
                incident_id=event.incident_id,
                kind=event.kind,
                started=event.started,
                updated=event.updated,
                lon=event.lon,
                lat=event.lat,
                link_id=event.link_id,
                lane=event.lane,
                tracks=event.tracks,
                confidence=event.confidence,
                evidence=event.evidence,
                event=event.event,
            )
            for event in events
        }
        self._changed(Part.INCIDENTS)

    def _tell_advisories(self, scene: Scene) -> None:
        """Each once; after a jump back they are given again."""
        if self._told is not None and scene.time < self._told.time:
            self._advised.clear()
        fresh = [advisory for advisory in scene.advisories if advisory.id not in self._advised]
        if fresh:
            self._advised.update(advisory.id for advisory in fresh)
            numbered = enumerate(fresh, self._advisory_number + 1)
            self._state.advisories.extend(numbered)
            self._advisory_number += len(fresh)
            self._changed(Part.ADVISORIES)
