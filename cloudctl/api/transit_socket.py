"""`/api/v1/transit/feed?since=CURSOR`: a WebSocket of events of the bus lines that goes on where a client stopped.

Every message is JSON with `type`: `hello` (cursor of the newest), `event` (cursor, event), `gone` (status 410: the
cursor cannot be gone on from; read the lists again and go on from the cursor it names), `alive` after a quiet while.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from cloudctl.access.actor import Actor
from cloudctl.access.errors import AccountsDownError
from cloudctl.access.permissions import Permission, current_actor, requires
from cloudctl.api.services import Services, now
from cloudctl.api.transit_log import TransitLog

SEND_TIMEOUT_S = 15.0
QUIET_S = 5.0
CHECK_SESSION_S = 10.0
CLOSE_LATER, CLOSE_SIGNED_OUT = 1013, 4401
GONE = 410
router = APIRouter()


@router.websocket("/api/v1/transit/feed", dependencies=[requires(Permission.SEE_BUSES)])
async def transit_feed(socket: WebSocket, since: str = Query(default="", max_length=64)) -> None:
    """Serve one feed until it closes."""
    services = Services.of(socket)
    host = socket.client.host if socket.client else ""
    if not services.doors.enter(host):
        await socket.close(CLOSE_LATER, "too many feeds")
        return
    try:
        await socket.accept()
        actor = await current_actor(socket)
        reader = asyncio.create_task(_until_closed(socket), name="transit feed reader")
        writer = asyncio.create_task(_write(socket, services, actor, since), name="transit feed writer")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
    finally:
        services.doors.leave(host)


async def _until_closed(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue


async def _write(socket: WebSocket, services: Services, actor: Actor, since: str) -> None:
    checked = now()
    async for message in messages(services.state.transit_log, actor, since):
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await socket.send_text(msgspec.json.encode(message).decode())
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return
        if now() - checked > CHECK_SESSION_S:
            checked = now()
            if not await _still_in(services, actor):
                await socket.close(CLOSE_SIGNED_OUT, "signed out")
                return


async def _still_in(services: Services, actor: Actor) -> bool:
    try:
        return await services.access.still_in(actor)
    except AccountsDownError:
        return True


async def messages(log: TransitLog, actor: Actor, since: str) -> AsyncIterator[dict[str, object]]:
    """Give the messages of one feed, without end: nothing is left out between `since` and now, or `gone` says so."""
    number = log.number_of(since) if since else log.newest
    if number is None:
        number = log.newest
        yield _gone(log)
    else:
        yield {"type": "hello", "cursor": log.cursor(number)}
    while True:
        if not log.holds(number):
            number = log.newest
            yield _gone(log)
        sent = False
        for each in list(log.after(number)):
            number = each.number
            if actor.sees_line(each.event.line):
                sent = True
                yield {"type": "event", "cursor": log.cursor(number), "event": each.event}
        if not await log.wait(number, QUIET_S) and not sent:
            yield {"type": "alive", "cursor": log.cursor(number)}


def _gone(log: TransitLog) -> dict[str, object]:
    detail = "the cursor is too old or of another gateway: read the lists again, then go on from this cursor"
    return {"type": "gone", "status": GONE, "cursor": log.cursor(log.newest), "detail": detail}
