"""Erasure step by step, with a set clock: what it waits for, what it leaves, and what it does about a name left."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from privacy_register import enter_standings
from privacy_store import STANDINGS, Store
from store_frames import request

from cloudctl.privacy.eraser import LIVE_PATIENCE_S, SETTLE_S, Eraser
from cloudctl.privacy.receipt import check, read_receipt

LEAVER = "CAR00001"


class Erasure:
    """An eraser over a store in which the vehicle asked for something, and the order to forget it."""

    def __init__(self, store: Store, folder: Path, scope: str) -> None:
        self.store = store
        self.now = time.time()
        self._eraser = Eraser(store.url, store.spool, store.keys, folder, store.gate, clock=lambda: self.now)
        store.event(*request(LEAVER, 1, self.now))
        store.drain()
        assert store.rows("SELECT device FROM v2x.device_event") == [(store.called(LEAVER),)]
        self.execute(
            "INSERT INTO v2x_private.withdrawal (reference, subject, requested_by, cause, scope, requested)"
            " VALUES (v2x_private.reference_of(%s), %s, 'test', 'request', %s, to_timestamp(%s))",
            *(LEAVER, LEAVER, scope, self.now),
        )

    def execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.store.url) as connection:
            connection.execute(statement.encode(), values)

    def work(self, *, after: float) -> str:
        """Let it work so long after the order; gives how far it is."""
        self.now += after
        with psycopg.connect(self.store.url, autocommit=True) as connection:
            self._eraser.work(connection)
        [(step,)] = self.store.rows("SELECT step FROM v2x_private.withdrawal")
        return str(step)


@pytest.fixture
def erasure(plain_database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Erasure]:
    enter_standings(plain_database, STANDINGS)
    store = Store(plain_database, tmp_path)
    yield Erasure(store, tmp_path, getattr(request, "param", "all"))
    store.spool.close()


def test_what_was_under_way_at_the_order_may_still_arrive(erasure: Erasure) -> None:
    erasure.execute("UPDATE v2x_private.withdrawal SET live_ended = requested")
    assert erasure.work(after=SETTLE_S - 1) == "waiting"
    assert erasure.work(after=2) == "finished"


def test_a_vehicle_is_out_of_live_use_before_it_is_erased_or_the_engine_is_waited_for_no_longer(
    erasure: Erasure,
) -> None:
    assert erasure.work(after=SETTLE_S + 1) == "waiting"
    assert erasure.work(after=LIVE_PATIENCE_S - SETTLE_S - 2) == "waiting"
    assert erasure.work(after=2) == "finished"


def test_what_waits_in_the_spool_is_stored_before_it_is_erased(erasure: Erasure) -> None:
    erasure.store.event(*request(LEAVER, 2, erasure.now))
    assert erasure.work(after=LIVE_PATIENCE_S + 1) == "waiting"
    erasure.store.drain()
    assert erasure.work(after=1) == "finished"
    assert erasure.store.rows("SELECT 1 FROM v2x.device_event") == []


def test_an_erasure_that_still_finds_a_name_says_where_and_begins_again(erasure: Erasure) -> None:
    erasure.execute("UPDATE v2x_private.withdrawal SET step = 'search'")
    assert erasure.work(after=0) == "rows"
    [(fault, finished)] = erasure.store.rows("SELECT fault, finished FROM v2x_private.withdrawal")
    assert str(fault).startswith("v2x.device_event")
    assert finished is None
    assert erasure.work(after=1) == "finished"
    [(receipt, subject)] = erasure.store.rows("SELECT receipt, subject FROM v2x_private.withdrawal")
    assert isinstance(receipt, dict)
    assert check(read_receipt(receipt), erasure.store.keys) is None
    assert subject is None
    assert erasure.store.found(LEAVER, erasure.store.called(LEAVER)) == set()


@pytest.mark.parametrize(("erasure", "left"), [("all", []), ("storage", [(LEAVER,)])], indirect=["erasure"])
def test_who_ended_the_storage_alone_stays_in_the_register(erasure: Erasure, left: list[tuple[str]]) -> None:
    assert erasure.work(after=LIVE_PATIENCE_S + 1) == "finished"
    assert erasure.store.rows("SELECT subject FROM v2x_private.basis WHERE subject = 'CAR00001'") == left
    assert erasure.store.rows("SELECT 1 FROM v2x.device_event") == []
