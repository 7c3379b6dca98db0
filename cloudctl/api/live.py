"""`/api/v1/live`: the WebSocket feed of the live map.

The client says `{"type": "view", "box": [w, s, e, n], "zoom": z, "layers": [...]}`; the server answers with binary
column frames (see `cloudctl.publish.frames`) and JSON texts told apart by `type`. Cross-site pages are turned away by
their Origin; a client that does not take its messages for SEND_TIMEOUT_S is let go.
"""

import asyncio

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from cloudctl.api.client_messages import Paint, Ping, View, read_client_message
from cloudctl.api.doors import same_origin
from cloudctl.api.errors import ClientMessageError
from cloudctl.api.hub import Client, Hub
from cloudctl.api.measures import Measures
from cloudctl.api.services import Services, now

SEND_TIMEOUT_S = 15.0
MESSAGES_A_SECOND = 20
CLOSE_POLICY = 1008
CLOSE_LATER = 1013

router = APIRouter()
_log = structlog.get_logger("gateway.live")


@router.websocket("/api/v1/live")
async def live(socket: WebSocket) -> None:
    """Serve one live feed until it closes."""
    services = Services.of(socket)
    if not same_origin(socket.headers.get("origin"), socket.headers.get("host")):
        services.measures.turned_away.labels("origin").inc()
        await socket.close(CLOSE_POLICY, "origin")
        return
    host = socket.client.host if socket.client else ""
    if not services.doors.enter(host):
        services.measures.turned_away.labels("crowded").inc()
        await socket.close(CLOSE_LATER, "too many feeds")
        return
    try:
        await socket.accept()
        await _serve(socket, services.hub, services.measures)
    finally:
        services.doors.leave(host)


async def _serve(socket: WebSocket, hub: Hub, measures: Measures) -> None:
    client = hub.join()
    writer = asyncio.create_task(_write(socket, hub, client, measures), name="live writer")
    reader = asyncio.create_task(_read(socket, client, measures), name="live reader")
    try:
        await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(client)
        writer.cancel()
        reader.cancel()
        await asyncio.gather(writer, reader, return_exceptions=True)


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
