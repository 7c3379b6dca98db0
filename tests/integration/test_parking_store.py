"""Parking in a real database and over a real broker: register, minutes, history, what is learned of them."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import aiomqtt
import msgspec
import psycopg
import pytest
from advice_city import build_network
from conftest import MosquittoBroker
from store_servers import schema_database

from cloudctl.parking.errors import ParkingStoreError, RegisterError
from cloudctl.parking.office import TOPIC, ParkingOffice, Tally
from cloudctl.parking.register import CarPark, ParkingRegister, Price
from cloudctl.parking.store import ParkingStore, Sample
from cloudctl.store.embedded import EmbeddedPostgres

NETWORK = build_network({"A": (0.0, 0.0), "B": (400.0, 0.0)}, [("AB", "A", "B", 1)], car_parks=[("P1", "AB", 10)])
KERB = CarPark(id="K1", lon=112.932, lat=28.2, capacity=5, kind="kerb", price=Price(per_hour=3.0))
START = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(days=3)


@dataclass
class Seen:
    """A lot as it is seen."""

    id: str
    occupied: int | None
    capacity: int | None = 10


@pytest.fixture(scope="module")
def url(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    with schema_database(plain_postgres.url) as found:
        yield found


def minutes(count: int, lot: str = "P1") -> list[Sample]:
    start = START.timestamp()
    return [Sample(start + 60.0 * n, lot, n % 10, 10, 2, 1) for n in range(count)]


def test_minutes_are_stored_once_and_summed_in_steps(url: str) -> None:
    async def work() -> None:
        store = ParkingStore(url)
        async with store.opened():
            for _ in range(2):
                await store.add(minutes(60))
            await store.add([])
            found = await store.history("P1", START, START + dt.timedelta(hours=1), dt.timedelta(minutes=20))
            assert [(each.arrived, each.departed, each.least, each.most) for each in found] == [(40, 20, 0, 9)] * 3
            assert found[1].time == START + dt.timedelta(minutes=20)
            assert found[0].occupied == pytest.approx(4.5)
            slots = await store.slots("Asia/Shanghai")
            assert sum(each.hours for each in slots) == pytest.approx(1.0)
            assert {each.arrived for each in slots} == {60}

    asyncio.run(work())


def test_a_lot_is_entered_told_to_the_engine_and_taken_out(url: str, mosquitto_broker: MosquittoBroker) -> None:
    async def work() -> None:
        store = ParkingStore(url)
        office = ParkingOffice(NETWORK, store, mosquitto_broker.url, lambda: [Seen("P1", 3)])
        running = asyncio.create_task(office.run())
        async with aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as client:
            await client.subscribe(TOPIC, qos=1)
            told = (msgspec.json.decode(message.payload, type=ParkingRegister) async for message in client.messages)
            async with asyncio.timeout(20):
                assert (await anext(told)).lots == ()
                with pytest.raises(RegisterError):
                    await office.put(msgspec.structs.replace(KERB, capacity=0), "user:1")
                await office.put(KERB, "user:1")
                assert (await anext(told)).lots == (KERB,)
                assert await store.lots() == {"K1": KERB}
                assert [lot.id for lot in office.table.lots] == ["P1", "K1"]
                assert await office.remove("K1", "user:1")
                assert not await office.remove("K1", "user:1")
                assert (await anext(told)).lots == ()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


@pytest.mark.usefixtures("impatient")
def test_without_a_database_every_question_says_so() -> None:
    async def work() -> None:
        store = ParkingStore("postgresql://127.0.0.1:1/none?connect_timeout=1")
        async with store.opened():
            with pytest.raises(ParkingStoreError):
                await store.lots()

    asyncio.run(work())


def test_who_comes_and_goes_is_counted_from_the_looks() -> None:
    tally = Tally()
    for cars in (5, 7, 6, 6, None, 9):
        tally.look([Seen("P1", cars), Seen("P2", 1)])
    assert tally.take(60.0) == [Sample(60.0, "P1", 9, 10, 5, 1), Sample(60.0, "P2", 1, 10, 0, 0)]
    tally.look([Seen("P1", 8)])
    assert tally.take(120.0) == [Sample(120.0, "P1", 8, 10, 0, 1)]


def test_the_table_of_minutes_is_kept_and_thrown_away_like_the_others(url: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT keep FROM v2x.time_table WHERE name = 'parking_occupancy'").fetchall()
    assert rows == [(dt.timedelta(days=400),)]
