"""The gateway's commands over a real broker: replies, silence, and a broker that goes away in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from conftest import MosquittoBroker

from cloudctl.api.command_channel import CommandChannel, NoEngine, order
from cloudctl.api.errors import ProblemError
from cloudctl.engine.commands import CommandDesk, Outcome
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import COMMAND_FILTER, REPLY_TOPIC, Command, CommandStatus
from ingest.broker import EventReceiver, Publisher, RawMessage


class Engine:
    """The engine's side of the channel alone."""

    def __init__(self, url: str) -> None:
        self.done: list[str] = []
        self.desk = CommandDesk()
        self.desk.register("count", self._count)
        self.desk.register("refuse", self._refuse)
        self.desk.register("break", self._break)
        self._publisher = Publisher(url, client_id="test-engine-out")
        self._receiver = EventReceiver(url, self._take, client_id="test-engine-in", filters=(COMMAND_FILTER,))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Engine"]:
        async with self._publisher, self._receiver:
            async with asyncio.timeout(10):
                while not (self._receiver.connected and self._publisher.connected):
                    await asyncio.sleep(0.02)
            yield self

    async def _take(self, messages: Sequence[RawMessage]) -> None:
        for message in messages:
            if message.topic != REPLY_TOPIC:
                for out in self.desk.handle(message.payload, message.received):
                    self._publisher.offer(out.topic, out.payload, qos=out.qos)

    def _count(self, command: Command, _: float) -> Outcome:
        self.done.append(command.id)
        return Outcome(f"by {command.issued_by}", {"number": len(self.done)})

    def _refuse(self, command: Command, _: float) -> Outcome:
        raise RefusedCommandError(command.kind, "not now")

    def _break(self, _: Command, __: float) -> Outcome:
        raise KeyError("lamp")


@asynccontextmanager
async def channel_to(url: str) -> AsyncIterator[CommandChannel]:
    channel = CommandChannel(url)
    running = asyncio.create_task(channel.run())
    try:
        yield channel
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_commands_at_once_each_get_their_own_reply(mosquitto_broker: MosquittoBroker) -> None:
    async with Engine(mosquitto_broker.url).running(), channel_to(mosquitto_broker.url) as channel:
        replies = await asyncio.gather(*(channel.send("count", {}, issued_by="li", patience=15) for _ in range(20)))
    assert {reply.status for reply in replies} == {CommandStatus.DONE}
    assert sorted(int(str(reply.content["number"])) for reply in replies) == list(range(1, 21))
    assert {reply.detail for reply in replies} == {"by li"}


@pytest.mark.parametrize(("kind", "status"), [("refuse", 409), ("break", 502), ("unheard", 409)])
async def test_an_order_that_is_not_carried_out_is_a_problem(
    mosquitto_broker: MosquittoBroker, kind: str, status: int
) -> None:
    async with Engine(mosquitto_broker.url).running(), channel_to(mosquitto_broker.url) as channel:
        with pytest.raises(ProblemError) as caught:
            await order(channel, kind, {}, issued_by="li", patience=15)
    assert caught.value.status == status


async def test_silence_of_the_engine_is_504_and_the_late_command_is_not_carried_out(
    mosquitto_broker: MosquittoBroker,
) -> None:
    engine = Engine(mosquitto_broker.url)
    async with engine.running():  # leaves a session that keeps commands while it is away
        pass
    async with channel_to(mosquitto_broker.url) as channel:
        with pytest.raises(ProblemError) as caught:
            await channel.send("count", {}, issued_by="li", patience=1.0)
        assert caught.value.status == 504
        later = Engine(mosquitto_broker.url)
        async with later.running():
            reply = await channel.send("count", {}, issued_by="li", patience=15)
    assert reply.content == {"number": 1}
    assert later.desk.counts == {"refused": 1, "done": 1}


async def test_a_command_outlives_a_restart_of_the_broker_and_is_carried_out_once(
    mosquitto_broker: MosquittoBroker,
) -> None:
    engine = Engine(mosquitto_broker.url)
    async with engine.running(), channel_to(mosquitto_broker.url) as channel:
        await channel.send("count", {}, issued_by="li", patience=15)
        mosquitto_broker.kill()
        asked = asyncio.create_task(channel.send("count", {}, issued_by="li", patience=40))
        await asyncio.sleep(0.5)
        mosquitto_broker.start()
        reply = await asked
    assert reply.status is CommandStatus.DONE
    assert len(engine.done) == len(set(engine.done)) == 2


async def test_without_a_broker_the_answer_is_504() -> None:
    async with channel_to("mqtt://127.0.0.1:1") as channel:
        assert not channel.connected
        with pytest.raises(ProblemError, match="504"):
            await channel.send("count", {}, issued_by="li", patience=0.3)
    with pytest.raises(ProblemError, match="504"):
        await order(NoEngine(), "count", {}, issued_by="li")
