"""Raw observations through a real broker: kept while and of whom somebody asks; a question can be given up."""

import asyncio
import json
import signal
import time
from pathlib import Path

import psycopg
import pytest
from conftest import MosquittoBroker
from fastapi import Request
from store_servers import schema_database
from test_store_archiver import ArchiverProcess, Device, await_subscription, query, until

from cloudctl.api.errors import ProblemError
from cloudctl.api.history_door import while_wanted
from cloudctl.archive.intake import Intake
from cloudctl.archive.observations import ObservationTap, filters_for
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.reader import StoreReader
from cloudctl.store.spool import Spool
from cloudctl.store.switches import SwitchBoard


def test_filters_name_every_stream_of_telemetry_of_a_device() -> None:
    filters = filters_for(["RSU1"])
    assert "V2X/RSU/RSU1/RSM/UP" in filters
    assert "V2X/OBU/RSU1/BSM/UP" in filters
    assert not any("{" in each or "+" in each for each in filters)
    assert "V2X/RSU/RSU1/VIR/UP" not in filters


async def test_the_tap_follows_who_is_observed(mosquitto_broker: MosquittoBroker, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)
    observed = frozenset({"RSU1"})
    device = Device(mosquitto_broker.port, "device")
    async with ObservationTap(mosquitto_broker.url, Intake(spool).take, lambda: observed):
        number = 0
        for chosen, stored in (({"RSU1"}, "RSU1"), ({"RSU2"}, "RSU2")):
            observed = frozenset(chosen)
            async with asyncio.timeout(20):
                while not any(stored in record.topic for record in spool.telemetry.read(1 << 20)):
                    for name in ("RSU1", "RSU2"):
                        number += 1
                        payload = json.dumps({"number": number}).encode()
                        await asyncio.to_thread(device.publish, f"V2X/RSU/{name}/RSM/UP", payload)
                    await asyncio.sleep(0.05)
            spool.telemetry.commit(spool.telemetry.read(1 << 20)[-1].number)
        observed = frozenset()
        await asyncio.sleep(1.5)
        waiting = spool.telemetry.waiting
        await asyncio.to_thread(device.publish, "V2X/RSU/RSU2/RSM/UP", b"{}")
        await asyncio.sleep(0.3)
        assert spool.telemetry.waiting == waiting
    device.close()
    spool.close()


def test_the_archiver_keeps_what_a_switch_asks_for(
    mosquitto_broker: MosquittoBroker, tmp_path: Path, plain_postgres: EmbeddedPostgres
) -> None:
    with schema_database(plain_postgres.url) as url:
        asyncio.run(SwitchBoard(url).put("RSU1", time.time(), 600, "user:1", "a test"))
        archiver = ArchiverProcess(tmp_path, mosquitto_broker.url, url)
        archiver.start()
        try:
            await_subscription(mosquitto_broker.port)
            device = Device(mosquitto_broker.port, "device")
            numbers = iter(range(10_000))

            def stored() -> bool:
                payload = json.dumps({"number": next(numbers), "timestamp": round(time.time() * 1e3)}).encode()
                for name in ("RSU1", "RSU2"):
                    device.publish(f"V2X/RSU/{name}/RSM/UP", payload)
                return query(url, "SELECT DISTINCT stream, device FROM v2x.observation") == [("rsu_rsm", "RSU1")]

            until(stored)
            device.close()
        finally:
            archiver.end(signal.SIGTERM)
        assert query(url, "SELECT count(*) - count(DISTINCT key) FROM v2x.observation") == [(0,)]


class _Gone(Request):
    """A request whose client goes away after a while."""

    def __init__(self, after: float) -> None:
        super().__init__({"type": "http", "method": "GET", "path": "/", "headers": []})
        self._until = time.monotonic() + after

    async def is_disconnected(self) -> bool:
        return time.monotonic() > self._until


async def test_a_client_that_goes_away_takes_its_question_with_it(store_database: str) -> None:
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    async with StoreReader(store_database) as reader:
        asking = asyncio.create_task(
            while_wanted(_Gone(1.0), reader.rows(lambda *row: row, "SELECT pg_sleep(%s)", (14,)))
        )
        await asyncio.sleep(0.7)
        with psycopg.connect(store_database) as connection:
            assert connection.execute(active).fetchone() == (1,)
        with pytest.raises(ProblemError, match="499"):
            await asking
        with psycopg.connect(store_database) as connection:
            assert connection.execute(active).fetchone() == (0,)
        assert await reader.rows(lambda *row: row, "SELECT %s::int", (7,)) == [(7,)]


async def test_an_answer_in_time_is_given(store_database: str) -> None:
    async with StoreReader(store_database) as reader:
        assert await while_wanted(_Gone(60), reader.rows(lambda *row: row, "SELECT %s::int", (7,))) == [(7,)]
