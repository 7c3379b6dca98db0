"""`/api/v1/replay`: a stored period on the live map, with the messages of the live feed.

The client opens it with `start`, `end` (RFC 3339) and `purpose`, says `view` and `ping` as on the live feed, and
steers with `{"type": "play"}`, `pause`, `{"type": "seek", "time": epoch s}`, `{"type": "step", "seconds": 0.2}` and
`{"type": "speed", "value": 4}`. The server answers with the frames and texts of the live feed and `{"type": "replay",
"time": ..., "playing": ..., "speed": ..., "waiting": ..., "start": ..., "end": ...}`.
"""

import asyncio
import time
from contextlib import suppress
from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import AwareDatetime

from cloudctl.access.permissions import Permission, current_actor, requires
from cloudctl.api.client_messages import MAX_MESSAGE_BYTES, Paint, Ping, View, read_client_message
from cloudctl.api.errors import ClientMessageError
from cloudctl.api.history_door import DEFAULT_PURPOSE, Purpose
from cloudctl.api.hub import PUSHED, Client, Hub
from cloudctl.api.line_sight import sight_of
from cloudctl.api.live import CLOSE_LATER, CLOSE_POLICY, NEEDS, SEND_TIMEOUT_S
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.replay_stage import ReplayStage
from cloudctl.api.services import Services, now
from cloudctl.errors import CloudctlError
from cloudctl.playback.database_source import DatabaseSource
from cloudctl.playback.errors import PlaybackError
from cloudctl.playback.player import Player

FRAME_SECONDS = 0.1
CLOSE_FAILED = 1011
_SEES = [requires(Permission.SEE_HISTORY), requires(Permission.SEE_TRAJECTORIES)]

router = APIRouter()
_log = structlog.get_logger("gateway.replay")


class Play(msgspec.Struct, frozen=True, tag="play", tag_field="type"):
    """Let the clock run."""


class Pause(msgspec.Struct, frozen=True, tag="pause", tag_field="type"):
    """Stop the clock."""


class Seek(msgspec.Struct, frozen=True, tag="seek", tag_field="type"):
    """Go to a moment, UTC epoch s."""

    time: float


class Step(msgspec.Struct, frozen=True, tag="step", tag_field="type"):
    """Go on, or back, by so much and stop."""

    seconds: Annotated[float, msgspec.Meta(ge=-3600, le=3600)]


class Speed(msgspec.Struct, frozen=True, tag="speed", tag_field="type"):
    """Change the pace."""

    value: Annotated[float, msgspec.Meta(ge=0.25, le=16)]


_DECODER: msgspec.json.Decoder[Play | Pause | Seek | Step | Speed] = msgspec.json.Decoder(
    Play | Pause | Seek | Step | Speed
)
_STEERS = frozenset({"play", "pause", "seek", "step", "speed"})


class _Typed(msgspec.Struct, frozen=True):
    type: str


@router.websocket("/api/v1/replay", dependencies=_SEES)
async def replay(
    socket: WebSocket,
    start: Annotated[AwareDatetime, Query()],
    end: Annotated[AwareDatetime, Query()],
    purpose: Purpose = DEFAULT_PURPOSE,
) -> None:
    """Serve one replay until it closes."""
    services = Services.of(socket)
    host = socket.client.host if socket.client else ""
    if services.store is None or not services.doors.enter(host):
        services.measures.turned_away.labels("crowded").inc()
        await socket.close(CLOSE_LATER, "too many feeds, or no database")
        return
    try:
        player = Player(DatabaseSource(services.store.questions), start.timestamp(), end.timestamp(), time.monotonic)
        actor = await current_actor(socket)
        what = {"route": "/api/v1/replay", "start": player.start, "end": player.end}
        await services.audit.record_look(actor.id, purpose, what)
        await socket.accept()
        allowed = frozenset(part for part in PUSHED if actor.may(NEEDS.get(part, Permission.SEE_PICTURE)))
        hub = Hub(LiveState(connected=True, past=True), Measures())
        client = hub.join(allowed, sight_of(actor), services.districts.sight_of(actor))
        await _serve(socket, player, hub, client)
    except CloudctlError as fault:
        _log.info("replay refused", reason=str(fault))
        await _close(socket, CLOSE_POLICY if isinstance(fault, PlaybackError) else CLOSE_FAILED, str(fault))
    finally:
        services.doors.leave(host)


async def _serve(socket: WebSocket, player: Player, hub: Hub, client: Client) -> None:
    stage = ReplayStage(player, hub.state, hub.changed)
    shown = asyncio.Event()
    tasks = [
        asyncio.create_task(_show(socket, stage, shown), name="replay clock"),
        asyncio.create_task(_write(socket, hub, client, stage, shown), name="replay writer"),
        asyncio.create_task(_read(socket, client, player, shown), name="replay reader"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await player.close()


async def _show(socket: WebSocket, stage: ReplayStage, shown: asyncio.Event) -> None:
    """Put the scene of now into the state, ten times a second."""
    while True:
        began = time.monotonic()
        try:
            await stage.show(now())
        except CloudctlError as fault:
            _log.warning("replay ends", reason=str(fault))
            await _close(socket, CLOSE_FAILED, "the database does not answer")
            return
        shown.set()
        await asyncio.sleep(max(FRAME_SECONDS - (time.monotonic() - began), 0.01))


async def _write(socket: WebSocket, hub: Hub, client: Client, stage: ReplayStage, shown: asyncio.Event) -> None:
    while True:
        await shown.wait()
        shown.clear()
        for message in (stage.status(), *hub.take(client)):
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message))
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return


async def _read(socket: WebSocket, client: Client, player: Player, shown: asyncio.Event) -> None:
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError, RuntimeError):
            return
        try:
            obey(text, client, player)
        except ClientMessageError as fault:
            await _close(socket, CLOSE_POLICY, str(fault))
            return
        shown.set()


def obey(text: str, client: Client, player: Player) -> None:
    """Do what a client says; raise ClientMessageError where it is no message of a replay."""
    try:
        steers = len(text) <= MAX_MESSAGE_BYTES and msgspec.json.decode(text, type=_Typed).type in _STEERS
        order = _DECODER.decode(text) if steers else read_client_message(text)
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise ClientMessageError(str(fault), text[:200]) from fault
    match order:
        case Play():
            player.play()
        case Pause():
            player.pause()
        case Seek(time=moment):
            player.seek(moment)
        case Step(seconds=seconds):
            player.step(seconds)
        case Speed(value=value):
            player.set_speed(value)
        case View():
            client.look(order)
        case Ping(t=asked):
            client.reply({"type": "pong", "t": asked, "server_time_ms": now() * 1000.0})
        case Paint():
            pass  # the age of what was drawn is measured on the live feed


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError):
        await socket.close(code, reason[:100])
