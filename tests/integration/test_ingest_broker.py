"""The edges against a real Mosquitto: nothing lost on events, oldest shed on telemetry, back after a broker's death."""

import asyncio
from collections.abc import Callable, Sequence

import aiomqtt
import pytest
import uvloop
from conftest import MosquittoBroker
from ingest_samples import BSM_TOPIC, NOON, PARKING_TOPIC, bsm, new_pipeline, raw

from ingest.broker import EventReceiver, Publisher, RawMessage, TelemetryReceiver
from ingest.errors import DeliveryError

PATIENCE = 20.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # nothing signals it
            await asyncio.sleep(0.01)


async def send(broker: MosquittoBroker, topic: str, payloads: Sequence[bytes], qos: int = 1) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos)


class Store:
    """A handler that can fail or hang before its write is done."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.stored: list[bytes] = []
        self.failing = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, messages: Sequence[RawMessage]) -> None:
        self.seen += [message.payload for message in messages]
        await self.gate.wait()
        if self.failing:
            raise OSError("disk full")
        self.stored += [message.payload for message in messages]


async def test_telemetry_arrives_with_topic_payload_and_time(mosquitto_broker: MosquittoBroker) -> None:
    async with TelemetryReceiver(mosquitto_broker.url, client_id="t", clock=lambda: NOON) as receiver:
        await until(lambda: receiver.connected)
        payload = raw(bsm())
        await send(mosquitto_broker, BSM_TOPIC, [payload], qos=0)
        async with asyncio.timeout(PATIENCE):
            await receiver.wait()
        (message,) = receiver.take()
        assert (message.topic, message.payload, message.received) == (BSM_TOPIC, payload, NOON)
        assert receiver.take() == []


async def test_the_oldest_telemetry_is_shed_and_charged_to_its_topic(mosquitto_broker: MosquittoBroker) -> None:
    async with TelemetryReceiver(mosquitto_broker.url, client_id="t", capacity=10) as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, BSM_TOPIC, [b"%d" % number for number in range(25)])
        await until(lambda: receiver.received == 25)
        assert len(receiver) == 10
        assert [message.payload for message in receiver.take(4)] == [b"15", b"16", b"17", b"18"]
        assert [message.payload for message in receiver.take()] == [b"%d" % number for number in range(19, 25)]
        assert receiver.shed == 15
        assert receiver.take_shed() == {BSM_TOPIC: 15}
        assert receiver.take_shed() == {}


async def test_telemetry_comes_back_after_the_broker_was_killed(mosquitto_broker: MosquittoBroker) -> None:
    async with TelemetryReceiver(mosquitto_broker.url, client_id="t") as receiver:
        await until(lambda: receiver.connected)
        mosquitto_broker.kill()
        await until(lambda: not receiver.connected)
        mosquitto_broker.start()
        await until(lambda: receiver.connected)
        assert receiver.reconnects == 1
        await send(mosquitto_broker, BSM_TOPIC, [b"x"])
        await until(lambda: receiver.received == 1)


async def test_sent_is_accepted_or_refused_through_a_real_broker(mosquitto_broker: MosquittoBroker) -> None:
    pipeline = new_pipeline()
    async with TelemetryReceiver(mosquitto_broker.url, client_id="t", clock=lambda: NOON) as receiver:
        await until(lambda: receiver.connected)
        good = [raw(bsm(NOON - number * 0.1, msgCnt=number)) for number in range(50)]
        await send(mosquitto_broker, BSM_TOPIC, [*good, b"{", raw(bsm(speed=9000)), good[0]])
        await until(lambda: receiver.received == 53)
        for message in receiver.take():
            pipeline.accept(message.topic, message.payload, message.received)
    assert pipeline.counters.accepted == {"obu_bsm": 50}
    assert pipeline.counters.refused == {"not_json": 1, "out_of_range": 1, "duplicate": 1}


def test_all_edges_work_on_uvloop(mosquitto_broker: MosquittoBroker) -> None:
    async def main() -> None:
        store = Store()
        async with (
            TelemetryReceiver(mosquitto_broker.url, client_id="t") as telemetry,
            EventReceiver(mosquitto_broker.url, store, client_id="e") as events,
            Publisher(mosquitto_broker.url, client_id="p") as publisher,
        ):
            await until(lambda: telemetry.connected and events.connected)
            await publisher.publish(BSM_TOPIC, b"1")
            await publisher.publish(PARKING_TOPIC, b"2")
            await until(lambda: telemetry.received == 1 and events.acknowledged == 1)

    uvloop.run(main())


async def test_events_are_acknowledged_once_stored(mosquitto_broker: MosquittoBroker) -> None:
    store = Store()
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, PARKING_TOPIC, [b"1", b"2", b"3"])
        await until(lambda: receiver.acknowledged == 3)
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, PARKING_TOPIC, [b"4"])
        await until(lambda: receiver.acknowledged == 1)
    assert store.seen == [b"1", b"2", b"3", b"4"]


async def test_events_sent_while_we_were_away_are_waiting(mosquitto_broker: MosquittoBroker) -> None:
    store = Store()
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
    payloads = [b"%d" % number for number in range(200)]
    await send(mosquitto_broker, PARKING_TOPIC, payloads)
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.acknowledged == 200)
    assert store.stored == payloads


async def test_events_come_again_when_the_handler_did_not_finish(mosquitto_broker: MosquittoBroker) -> None:
    store = Store()
    store.gate.clear()
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, PARKING_TOPIC, [b"1", b"2"])
        await until(lambda: len(store.seen) >= 1)
    assert store.stored == []
    store.gate.set()
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.acknowledged == 2)
    assert store.stored == [b"1", b"2"]


async def test_events_come_again_when_the_handler_failed(mosquitto_broker: MosquittoBroker) -> None:
    store = Store()
    store.failing = True
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, PARKING_TOPIC, [b"1"])
        await until(lambda: receiver.failed >= 1)
        store.failing = False
        await until(lambda: receiver.acknowledged == 1)
        assert receiver.reconnects >= 1
    assert store.stored == [b"1"]


async def test_an_acknowledgement_of_an_earlier_connection_is_never_sent(mosquitto_broker: MosquittoBroker) -> None:
    store = Store()
    store.gate.clear()
    async with EventReceiver(mosquitto_broker.url, store, client_id="e") as receiver:
        await until(lambda: receiver.connected)
        await send(mosquitto_broker, PARKING_TOPIC, [b"1"])
        await until(lambda: store.seen == [b"1"])
        mosquitto_broker.stop()
        mosquitto_broker.start()
        store.gate.set()
        await until(lambda: store.stored == [b"1", b"1"])
        await until(lambda: receiver.acknowledged == 1)
        assert receiver.reconnects == 1


async def test_published_messages_arrive_in_order(mosquitto_broker: MosquittoBroker) -> None:
    heard: list[bytes] = []
    async with (
        aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as client,
        Publisher(mosquitto_broker.url, client_id="p") as publisher,
    ):
        await client.subscribe("out/#", 1)
        for number in range(300):
            publisher.offer("out/a", b"%d" % number, qos=1)
        await publisher.publish("out/a", b"last")
        async for message in client.messages:
            heard.append(bytes(message.payload) if isinstance(message.payload, bytes) else b"")
            if heard[-1] == b"last":
                break
        assert await publisher.flush()
    assert heard == [*(b"%d" % number for number in range(300)), b"last"]
    assert publisher.published == 301


async def test_a_publisher_says_when_nothing_can_be_delivered(mosquitto_broker: MosquittoBroker) -> None:
    mosquitto_broker.kill()
    async with Publisher(mosquitto_broker.url, client_id="p", capacity=2) as publisher:
        with pytest.raises(DeliveryError, match="out/a"):
            await publisher.publish("out/a", b"x", patience=0.2)
        for number in range(5):
            publisher.offer("out/a", b"%d" % number)
        assert len(publisher) == 2
        assert publisher.shed >= 3
        assert not await publisher.flush(0.05)
    mosquitto_broker.start()


async def test_a_publisher_sends_again_what_the_broker_had_not_confirmed(mosquitto_broker: MosquittoBroker) -> None:
    heard: set[bytes] = set()
    async with Publisher(mosquitto_broker.url, client_id="p") as publisher:
        await publisher.publish("out/a", b"first")
        mosquitto_broker.kill()
        await until(lambda: not publisher.connected)
        publisher.offer("out/a", b"kept", qos=1, retain=True)
        mosquitto_broker.start()
        await until(lambda: publisher.connected)
        assert await publisher.flush(PATIENCE)
        assert publisher.reconnects == 1
        async with aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as client:
            await client.subscribe("out/#", 1)
            async for message in client.messages:
                heard.add(bytes(message.payload) if isinstance(message.payload, bytes) else b"")
                break
    assert heard == {b"kept"}


async def test_an_impossible_topic_is_dropped_and_the_rest_goes_on(mosquitto_broker: MosquittoBroker) -> None:
    async with Publisher(mosquitto_broker.url, client_id="p") as publisher:
        publisher.offer("out/#", b"x")
        with pytest.raises(ValueError, match="topic"):
            await publisher.publish("out/+", b"x")
        await publisher.publish("out/a", b"y")
        assert (publisher.published, publisher.shed) == (1, 2)
