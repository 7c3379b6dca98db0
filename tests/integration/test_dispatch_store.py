"""Visits, advice and requests in the database: stored once, summed up by day, and timetables that come back."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
import transit_samples as buses
import transit_world as world
from conftest import MosquittoBroker
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from store_servers import schema_database

from cloudctl.dispatch.advice import AdviceStatus
from cloudctl.dispatch.announcer import DispatchAnnouncer
from cloudctl.dispatch.errors import DispatchStoreError
from cloudctl.dispatch.kept import CONNECTIONS_TOPIC, StoredDwell
from cloudctl.dispatch.office import DispatchOffice
from cloudctl.dispatch.orders import TrunkArrival
from cloudctl.dispatch.store import DispatchStore
from cloudctl.store.batch import load_state, store_batch
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.spool_record import SpoolRecord
from ingest.streams import BY_NAME

DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
START = DAY.timestamp()


@pytest.fixture(scope="module")
def url(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    with schema_database(plain_postgres.url) as found:
        yield found


def record(stream: str, content: object) -> SpoolRecord:
    return SpoolRecord(1, START + 100.0, BY_NAME[stream].topic, msgspec.json.encode(content))


def records() -> list[SpoolRecord]:
    """Four buses at one stop with gaps of 100, 500 and 300 s, an advice that was done, a request that was refused."""
    times = [START + offset for offset in (1000.0, 1100.0, 1600.0, 1900.0)]
    visits = [
        msgspec.structs.replace(buses.VISIT, vehicle=f"B{n}", arrival=time, departure=time + 20.0)
        for n, time in enumerate(times)
    ]
    visits.append(msgspec.structs.replace(buses.VISIT, line="2", arrival=START + 50.0, departure=START + 60.0))
    advised = buses.advice(now=START + 900.0)
    done = msgspec.structs.replace(advised, status=AdviceStatus.DONE, updated=START + 950.0)
    asked = buses.priority(now=START + 900.0)
    return [
        *(record("stop_visit", visit) for visit in visits),
        *(record("dispatch_advice", each) for each in (advised, done)),
        record("priority_status", asked),
    ]


def test_a_day_is_summed_up_by_line_and_repetitions_change_nothing(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(2):
            store_batch(connection, records(), load_state(connection, "map"))
        assert connection.execute("SELECT count(*) FROM v2x.stop_visit").fetchone() == (5,)
        assert connection.execute("SELECT count(*) FROM v2x.dispatch_advice").fetchone() == (2,)

    async def days() -> tuple[list[object], list[object], list[object]]:
        store = DispatchStore(url)
        async with store.opened():
            end = DAY + dt.timedelta(days=1)
            after = await store.day(end, end + dt.timedelta(days=1), None)
            return list(await store.day(DAY, end, None)), list(await store.day(DAY, end, {"2"})), list(after)

    everything, second, after = asyncio.run(days())
    first, other = everything
    assert (first.line, first.visits, first.dwell) == ("1", 4, 20.0)  # type: ignore[attr-defined]  # a LineDay
    assert first.variation == pytest.approx((800 / 3) ** 0.5 * 10 / 300, rel=1e-6)  # type: ignore[attr-defined]  # as above
    assert first.wait == pytest.approx((100**2 + 500**2 + 300**2) / (2 * 900))  # type: ignore[attr-defined]  # as above
    assert first.advice == {"bus_hold.done": 1}  # type: ignore[attr-defined]  # as above
    assert first.priority == {"requested": 1}  # type: ignore[attr-defined]  # as above
    assert second == [other]
    assert after == []


def test_an_uploaded_timetable_comes_back_where_its_file_is_gone(url: str, tmp_path: Path) -> None:
    content = world.write_gtfs(tmp_path / "a.zip", trips=2).read_bytes()
    office = DispatchOffice(DispatchStore(url), tmp_path / "engine" / "timetable.zip")

    async def upload_and_restart() -> bytes:
        async with office.store.opened():
            await office.take(content, "user:1")
            await office.take(content, "user:1")
        office.timetable.unlink()
        again = DispatchOffice(DispatchStore(url), office.timetable)
        running = asyncio.create_task(again.run())
        async with asyncio.timeout(10):
            while not office.timetable.exists():
                await asyncio.sleep(0.02)
        running.cancel()
        return office.timetable.read_bytes()

    assert asyncio.run(upload_and_restart()) == content
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM v2x.timetable").fetchone() == (1,)


def test_connections_of_other_lines_stay_when_a_dispatcher_tells_the_own_anew(url: str, tmp_path: Path) -> None:
    def arrival(line: str, seconds: float, trunk: str = "M4") -> TrunkArrival:
        return TrunkArrival("S1", START + seconds, trunk, line)

    async def tell() -> list[tuple[TrunkArrival, ...]]:
        office, found = DispatchOffice(DispatchStore(url), tmp_path / "none.zip"), []
        async with office.store.opened():
            await office.connect([arrival("1", 100.0), arrival("2", 200.0)], None, "user:1", START)
            found.append(await office.connect([arrival("1", 300.0, "M5")], {"1"}, "user:2", START))
            found.append(await office.connect([], {"1"}, "user:2", START))
            found.append(await office.store.trunk_arrivals(START + 200.0))
        return found

    changed, withdrawn, later = asyncio.run(tell())
    assert changed == (arrival("2", 200.0), arrival("1", 300.0, "M5"))
    assert withdrawn == (arrival("2", 200.0),)
    assert later == (), "what is past is forgotten"


def test_dwells_follow_from_the_newest_visits_of_a_stop_and_line(url: str) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    visits = [
        msgspec.structs.replace(
            buses.VISIT,
            vehicle=f"D{n}",
            stop="S9",
            line="9",
            arrival=now - 600.0 - n,
            departure=now - 600.0 - n + dwell,
        )
        for n, dwell in enumerate([20.0, 40.0] * 10 + [500.0] * 5 + [0.0])
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        store_batch(connection, [record("stop_visit", each) for each in visits], load_state(connection, "map"))

    async def ask() -> tuple[StoredDwell, ...]:
        store = DispatchStore(url)
        async with store.opened():
            return await store.dwells()

    (found,) = [each for each in asyncio.run(ask()) if each.line == "9"]
    assert (found.stop, found.visits) == ("S9", 20)
    assert found.mean == pytest.approx(30.0, abs=0.1)
    assert found.spread == pytest.approx(10.26, abs=0.1)


def test_the_broker_keeps_for_the_engine_what_the_database_keeps(
    url: str, tmp_path: Path, mosquitto_broker: MosquittoBroker
) -> None:
    heard: dict[str, bytes] = {}
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _, __, message: heard.__setitem__(message.topic, bytes(message.payload))

    async def run() -> None:
        store = DispatchStore(url)
        office = DispatchOffice(
            store, tmp_path / "t.zip", DispatchAnnouncer(mosquitto_broker.url, store, lambda: START)
        )
        running = asyncio.create_task(office.run())
        async with asyncio.timeout(20):
            while CONNECTIONS_TOPIC not in heard:
                await asyncio.sleep(0.02)
            await office.connect([TrunkArrival("S1", START + 50.0, "M4", "1")], None, "user:1", START)
            while b"M4" not in heard[CONNECTIONS_TOPIC]:
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    client.connect("127.0.0.1", mosquitto_broker.port)
    client.subscribe("V2X/CLOUD/TRANSIT/#", 1)
    client.loop_start()
    try:
        asyncio.run(run())
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.usefixtures("impatient")
def test_a_database_that_is_not_there_is_told_as_such() -> None:
    async def ask() -> None:
        store = DispatchStore("postgresql://127.0.0.1:1/none?connect_timeout=1")
        async with store.opened():
            await store.day(DAY, DAY, None)

    with pytest.raises(DispatchStoreError):
        asyncio.run(ask())
