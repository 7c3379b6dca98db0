"""`/api/v1/live`: the WebSocket feed of the live map.

The client says `{"type": "view", "box": [w, s, e, n], "zoom": z, "layers": [...]}`; the server answers with binary
column frames (see `cloudctl.publish.frames`) and JSON texts told apart by `type`. A browser that is signed in needs a
ticket (`POST /api/v1/live/ticket`); a feed whose session is over is closed, and so is a client that does not take its
messages for SEND_TIMEOUT_S.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from cloudctl.access.errors import AccountsDownError
from cloudctl.access.permissions import Actor, Permission, current_actor, requires
from cloudctl.api.client_messages import Paint, Ping, View, read_client_message
from cloudctl.api.errors import ClientMessageError
from cloudctl.api.hub import PUSHED, Client, Hub
from cloudctl.api.line_sight import sight_of
from cloudctl.api.live_state import Part
from cloudctl.api.measures import Measures
from cloudctl.api.services import Services, now

SEND_TIMEOUT_S = 15.0
MESSAGES_A_SECOND = 20
CLOSE_POLICY = 1008
CLOSE_LATER = 1013
CLOSE_SIGNED_OUT = 4401
CHECK_SESSION_S = 10.0
NEEDS = {
    Part.MOVERS: Permission.SEE_TRAJECTORIES,
    Part.SIGNALS: Permission.READ_SIGNALS,
    Part.RECOMMENDATIONS: Permission.READ_SIGNALS,
    Part.PARKING: Permission.SEE_PARKING,
    Part.DEVICES: Permission.SEE_DEVICES,
    Part.TRANSIT: Permission.SEE_BUSES,
    Part.DESK: Permission.HANDLE_INCIDENTS,
    Part.EVENTS: Permission.PUBLISH_EVENT,
    Part.HOLDS: Permission.CONTROL_SIGNALS,
    Part.CORRIDORS: Permission.OPEN_CORRIDOR,
}
"""What a part needs beyond the picture; others are held back from who may not see them."""

router = APIRouter()
_log = structlog.get_logger("gateway.live")


@router.websocket("/api/v1/live", dependencies=[requires(Permission.SEE_PICTURE)])
async def live(socket: WebSocket) -> None:
    """Serve one live feed until it closes."""
    services = Services.of(socket)
    host = socket.client.host if socket.client else ""
    if not services.doors.enter(host):
        services.measures.turned_away.labels("crowded").inc()
        await socket.close(CLOSE_LATER, "too many feeds")
        return
    try:
        await socket.accept()
        actor = await current_actor(socket)
        allowed = frozenset(part for part in PUSHED if actor.may(NEEDS.get(part, Permission.SEE_PICTURE)))
        client = services.hub.join(allowed, sight_of(actor), services.districts.sight_of(actor))
        await _serve(socket, services.hub, services.measures, client, _while_in(services, actor))
    finally:
        services.doors.leave(host)


async def _serve(
    socket: WebSocket, hub: Hub, measures: Measures, client: Client, staying: Coroutine[None, None, None]
) -> None:
    writer = asyncio.create_task(_write(socket, hub, client, measures), name="live writer")
    reader = asyncio.create_task(_read(socket, client, measures), name="live reader")
    guard = asyncio.create_task(staying, name="live guard")
    try:
        done, _ = await asyncio.wait((writer, reader, guard), return_when=asyncio.FIRST_COMPLETED)
        if guard in done:
            measures.turned_away.labels("session").inc()
            await socket.close(CLOSE_SIGNED_OUT, "signed out")
    finally:
        hub.leave(client)
        writer.cancel()
        reader.cancel()
        guard.cancel()
        await asyncio.gather(writer, reader, guard, return_exceptions=True)


async def _while_in(services: Services, actor: Actor) -> None:
    """Return when the actor's session or token is over."""
    while True:
        await asyncio.sleep(CHECK_SESSION_S)
        with suppress(AccountsDownError):
            if not await services.access.still_in(actor):
                return


async def _write(socket: WebSocket, hub: Hub, client: Client, measures: Measures) -> None:
    while True:
        await client.wake.wait()
        for message in hub.take(client):
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message))
            except TimeoutError:
                measures.turned_away.labels("slow").inc()
                return
            except (WebSocketDisconnect, RuntimeError):
                return
            measures.sent_bytes.inc(len(message))


class _Rate:
    """Counts messages in windows of a second."""

    def __init__(self) -> None:
        self._window, self._count = now(), 0

    def check(self) -> None:
        """Count one message; raise ClientMessageError where they are too many."""
        if now() - self._window > 1.0:
            self._window, self._count = now(), 0
        self._count += 1
        if self._count > MESSAGES_A_SECOND:
            raise ClientMessageError(f"more than {MESSAGES_A_SECOND} messages a second", self._count)


async def _read(socket: WebSocket, client: Client, measures: Measures) -> None:
    rate = _Rate()
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError, RuntimeError):
            return
        try:
            rate.check()
            _obey(client, measures, text)
        except ClientMessageError as fault:
            measures.turned_away.labels("message").inc()
            _log.info("feed closed", reason=str(fault))
            await socket.close(CLOSE_POLICY, str(fault)[:100])
            return


def _obey(client: Client, measures: Measures, text: str) -> None:
    match read_client_message(text):
        case View() as view:
            client.look(view)
        case Paint(ages_ms=ages):
            measures.frames_painted([age / 1000.0 for age in ages])
        case Ping(t=asked):
            client.reply({"type": "pong", "t": asked, "server_time_ms": now() * 1000.0})
