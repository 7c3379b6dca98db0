"""The gateway's way to the engine: publish a command, await the reply, and say so where none comes in time.

A command is published anew, with the same id, whenever the broker was lost meanwhile; the engine carries it out once.
"""

import asyncio
import random
import time
import uuid
from contextlib import suppress
from typing import Protocol

import aiomqtt
import msgspec
import structlog

from cloudctl.api.errors import ProblemError
from cloudctl.publish.commands import REPLY_TOPIC, Command, CommandReply, CommandStatus, command_topic
from ingest.broker_url import parse_broker_url

PATIENCE_S = 5.0
"""A reply is awaited no longer than this."""
RETRY_FIRST_S = 0.2
RETRY_MOST_S = 5.0
_QOS = 1
_LOG = structlog.get_logger("gateway.commands")


class CommandSender(Protocol):
    """Gives commands to the engine."""

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = PATIENCE_S
    ) -> CommandReply:
        """Give a command in somebody's name (an account's id) and await the reply, whatever it says.

        Raises:
            ProblemError: 504 where no reply comes within `patience` s; the engine refuses a command that comes later.
        """
        ...


async def order(
    sender: CommandSender, kind: str, content: dict[str, object], *, issued_by: str, patience: float = PATIENCE_S
) -> CommandReply:
    """Give a command that has to be carried out.

    Raises:
        ProblemError: 409 where the engine refuses, 502 where it fails, 504 where it does not answer.
    """
    reply = await sender.send(kind, content, issued_by=issued_by, patience=patience)
    if reply.status is CommandStatus.REFUSED:
        raise ProblemError(409, "Refused by the engine", reply.detail)
    if reply.status is CommandStatus.FAILED:
        raise ProblemError(502, "The engine failed", reply.detail)
    return reply


class NoEngine:
    """What an application has that was given no way to the engine."""

    async def send(
        self,
        kind: str,
        content: dict[str, object],  # noqa: ARG002  # the signature is CommandSender's
        *,
        issued_by: str,  # noqa: ARG002  # the same
        patience: float = PATIENCE_S,  # noqa: ARG002  # the same
    ) -> CommandReply:
        """Answer 504 at once."""
        raise ProblemError(504, "No answer", f"no engine is reachable for {kind!r}")


class CommandChannel:
    """One connection to the broker; `run` holds it open until cancelled."""

    def __init__(self, url: str) -> None:
        self._url = parse_broker_url(url)
        self._client: aiomqtt.Client | None = None
        self._changed = asyncio.Condition()
        self._waiting: dict[str, asyncio.Future[CommandReply]] = {}

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client is not None

    async def run(self) -> None:
        """Stay connected, however often the broker goes away."""
        pause = RETRY_FIRST_S
        while True:
            try:
                async with self._connection() as client:
                    await client.subscribe(REPLY_TOPIC, qos=_QOS)
                    pause = RETRY_FIRST_S
                    await self._use(client)
                    async for message in client.messages:
                        self._take(message.payload)
            except aiomqtt.MqttError as fault:
                _LOG.warning("broker lost", reason=str(fault), retry_s=round(pause, 1))
            finally:
                self._client = None
            await self._use(None)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, RETRY_MOST_S)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = PATIENCE_S
    ) -> CommandReply:
        """Give a command and await the reply, as `CommandSender` says."""
        now = time.time()
        command = Command(
            id=uuid.uuid4().hex, kind=kind, issued_by=issued_by, time=now, expires=now + patience, content=content
        )
        reply = self._waiting[command.id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience):
                return await self._ask(command, reply)
        except TimeoutError:
            raise ProblemError(504, "No answer", f"the engine did not answer {kind!r} within {patience:g} s") from None
        finally:
            del self._waiting[command.id]

    async def _ask(self, command: Command, reply: asyncio.Future[CommandReply]) -> CommandReply:
        payload, topic = msgspec.json.encode(command), command_topic(command.kind)
        while True:
            client = await self._await_client()
            with suppress(aiomqtt.MqttError):
                await client.publish(topic, payload, qos=_QOS)
            gone = asyncio.create_task(self._await_change(client), name="gateway-command-watch")
            try:
                await asyncio.wait((gone, reply), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
            if reply.done():
                return reply.result()

    async def _await_client(self) -> aiomqtt.Client:
        async with self._changed:
            await self._changed.wait_for(lambda: self._client is not None)
            if self._client is None:
                raise RuntimeError("woken without a connection")
            return self._client

    async def _await_change(self, client: aiomqtt.Client) -> None:
        """Wait until this connection is no longer the one in use."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._client is not client)

    async def _use(self, client: aiomqtt.Client | None) -> None:
        async with self._changed:
            self._client = client
            self._changed.notify_all()

    def _connection(self) -> aiomqtt.Client:
        url = self._url
        return aiomqtt.Client(
            url.host, url.port, username=url.user, password=url.password, keepalive=15, timeout=PATIENCE_S
        )

    def _take(self, payload: object) -> None:
        try:
            reply = msgspec.json.decode(payload if isinstance(payload, bytes) else b"", type=CommandReply)
        except msgspec.MsgspecError as fault:
            _LOG.warning("reply refused", reason=str(fault))
            return
        waiting = self._waiting.get(reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
