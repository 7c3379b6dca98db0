"""What may not be stored does not reach the database, and what is stored leads back only through v2x_private."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import psycopg
import pytest
from privacy_register import AGREED, BUS, LIVE_ONLY, enter_standings
from psycopg import sql
from store_frames import TRAJECTORY, request, spool_event

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.privacy.gate import StoreGate
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.places import sweep
from cloudctl.privacy.pseudonyms import pseudonym
from cloudctl.publish.frames import FrameKind, decode_frame, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.withheld import WITHHELD_TOPIC
from cloudctl.store.writer import Writer
from ingest.streams import BY_NAME

NOW = time.time()
STANDINGS = {"BUS00001": BUS, "CAR00001": AGREED, "CAR00002": LIVE_ONLY}


class Store:
    """A spool, a gate and a database with a bus, a car that agreed to storage, one that did not, and unknown ones."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.keys = KeyRing(folder / "keys")
        self.spool = Spool(folder / "spool", 1 << 26, min_free_bytes=0)
        self.gate = StoreGate(self.keys, time.time)
        self._writer = Writer(url, self.spool, "map", gate=self.gate)

    def event(self, topic: str, payload: object) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        spool_event(self.spool, topic, data, NOW)

    def frame(self, tick: int, owner: list[int], *, session: int = 7) -> None:
        count = len(owner)
        whole = np.arange(count)
        columns = {
            "id": (whole + 1).astype(np.uint32),
            "time": np.full(count, NOW + tick / 10),
            "lon": (1_129_300_000 + whole).astype(np.int32),
            "lat": (282_000_000 + whole).astype(np.int32),
            "speed": np.full(count, 900, np.uint16),
            "heading": np.full(count, 9000, np.uint16),
            "class": np.ones(count, np.uint8),
            "sigma": np.full(count, 50, np.uint16),
            "lane": whole.astype(np.int32),
            "dev": np.full(count, -1, np.int32),
            "owner": np.array(owner, np.int32),
        }
        data = encode_frame(FrameKind.TRAJECTORY, tick, NOW + tick / 10, columns, epoch=session)
        assert "owner" in decode_frame(data).columns
        self.spool.append(SpoolClass.TELEMETRY, NOW + tick / 10, TRAJECTORY, data)
        self.spool.sync()

    def drain(self) -> None:
        self._writer.drain()

    @property
    def counters(self) -> dict[str, int]:
        return self._writer.status.counters

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def called(self, subject: str) -> str:
        return pseudonym(self.keys, subject, NOW)

    def found(self, *names: str) -> set[str]:
        """Tables that hold one of the names, the private ones left out."""
        with psycopg.connect(self.url) as connection:
            held = sweep(connection, names, register=True)
        return {table for table, rows in held.items() if rows and not table.startswith("v2x_private.")}


@pytest.fixture
def store(store_database: str, tmp_path: Path) -> Iterator[Store]:
    enter_standings(store_database, STANDINGS)
    store = Store(store_database, tmp_path)
    yield store
    store.spool.close()


def advice(number: int, vehicle: str) -> bytes:
    advisory = Advisory(
        id=f"a-{number}",
        kind=AdvisoryKind.PARKING,
        target=f"obu:{vehicle}",
        created=NOW,
        valid_until=NOW + 60,
        reason=f"{vehicle} asked for a place.",
        reason_code="asked",
        lon=112.9,
        lat=28.2,
        content={"vehicle": vehicle, "lot": "P1"},
    )
    return msgspec.json.encode(advisory)


def test_requests_are_stored_by_name_under_pseudonym_or_not_at_all(store: Store) -> None:
    for number, vehicle in enumerate(("BUS00001", "CAR00001", "CAR00002", "CAR00003")):
        store.event(*request(vehicle, number, NOW))
    store.drain()
    called = store.called("CAR00001")
    rows = store.rows("SELECT device, payload ->> 'id' FROM v2x.device_event ORDER BY device")
    assert rows == [("BUS00001", "BUS00001"), (called, called)]
    assert store.counters["events_withheld"] == 2
    assert store.rows("SELECT pseudonym, subject FROM v2x_private.pseudonym") == [(called, "CAR00001")]
    assert store.found("CAR00001", "CAR00002", "CAR00003") == set()


def test_a_withheld_event_is_counted_once_in_the_database_however_often_and_wherever_it_is_withheld(
    store: Store,
) -> None:
    topic, payload = request("CAR00002", 1, NOW)
    event = SpoolRecord(0, NOW, topic, payload)
    for _ in range(2):  # it was not acknowledged, so the broker sends it again
        spool_event(store.spool, WITHHELD_TOPIC, store.gate.note_of(event), NOW)
    store.event(*request("CAR00003", 1, NOW))
    store.drain()
    store.event(topic, payload)
    store.event(*request("CAR00003", 1, NOW))
    store.drain()
    counted = store.rows("SELECT name, value FROM v2x.store_counter WHERE name LIKE 'events%' ORDER BY name")
    assert counted == [("events_repeated", 3), ("events_withheld", 2), ("events_withheld.obu_vir", 2)]
    assert store.found("CAR00002", "CAR00003") == set()


def test_bytes_that_are_no_json_of_a_private_vehicle_are_not_stored(store: Store) -> None:
    for vehicle in ("BUS00001", "CAR00001", "CAR00003"):
        store.event(f"V2X/OBU/{vehicle}/VIR/UP", b"\xff" + vehicle.encode())
    store.drain()
    assert store.rows("SELECT device FROM v2x.device_event") == [("BUS00001",)]


def test_a_request_handed_on_by_a_roadside_unit_bears_no_private_name(store: Store) -> None:
    for vehicle in ("BUS00001", "CAR00001", "CAR00003"):
        store.event("V2X/RSU/RSU00001/VIR/UP", {"id": vehicle, "timestamp": round(NOW * 1e3)})
    store.drain()
    ids = {row[0] for row in store.rows("SELECT payload ->> 'id' FROM v2x.device_event")}
    assert ids == {"BUS00001", store.called("CAR00001"), "anonymous"}


def test_advice_and_answers_lose_the_name_that_may_not_be_known(store: Store) -> None:
    for number, vehicle in enumerate(("BUS00001", "CAR00001", "CAR00002")):
        store.event(BY_NAME["advisory"].topic, advice(number, vehicle))
        store.event(f"V2X/OBU/{vehicle}/ADVICE/DOWN/ACK", {"id": f"a-{number}", "status": "accepted"})
    store.drain()
    called = store.called("CAR00001")
    assert store.rows("SELECT target, content ->> 'vehicle', reason FROM v2x.advisory ORDER BY id") == [
        (f"obu:{name}", name, f"{name} asked for a place.") for name in ("BUS00001", called, "anonymous")
    ]
    answers = store.rows("SELECT reference, device FROM v2x.acknowledgement ORDER BY reference")
    assert answers == [("a-0", "BUS00001"), ("a-1", called)]
    assert store.found("CAR00001", "CAR00002") == set()


@pytest.mark.parametrize("topic", ["V2X/OBU/CAR00003/BSM/UP", "V2X/RSU/RSU00001/BSM/UP", "V2X.RSU.BSM.UP"])
def test_a_refused_message_of_a_private_vehicle_keeps_its_reason_alone(store: Store, topic: str) -> None:
    payload = base64.b64encode(b'{"id":"CAR00003"}').decode()
    letter = {"received": NOW, "topic": topic, "reason": "range", "detail": "CAR00003 is far", "payload_b64": payload}
    store.event(BY_NAME["dead_letter"].topic, letter)
    store.drain()
    assert store.rows("SELECT reason, payload FROM v2x.dead_letter") == [("range", b"")]
    assert store.found("CAR00003") == set()


def test_a_refused_message_of_a_bus_is_kept_as_it_came(store: Store) -> None:
    payload = base64.b64encode(b'{"id":"BUS00001"}').decode()
    topic = "V2X/OBU/BUS00001/BSM/UP"
    letter = {"received": NOW, "topic": topic, "reason": "range", "detail": "d", "payload_b64": payload}
    store.event(BY_NAME["dead_letter"].topic, letter)
    store.drain()
    assert store.rows("SELECT topic, payload FROM v2x.dead_letter") == [(topic, b'{"id":"BUS00001"}')]


def test_the_link_from_track_to_vehicle_is_kept_apart(store: Store) -> None:
    devices = [
        {"id": "BUS00001", "kind": "obu", "row": 0},
        {"id": "CAR00001", "kind": "obu", "row": 1},
        {"id": "CAR00002", "kind": "obu", "row": 2},
        {"id": "RSU00001", "kind": "rsu", "row": 3},
    ]
    store.event(BY_NAME["devices_now"].topic, {"devices": devices, "epoch": 7})
    store.frame(2, [-1, 1, -1])
    store.frame(4, [-1, 1, -1])
    store.drain()
    assert store.rows("SELECT id FROM v2x.device_row ORDER BY id") == [("BUS00001",), ("RSU00001",)]
    assert store.rows("SELECT id FROM v2x.device ORDER BY id") == [("BUS00001",), ("RSU00001",)]
    assert store.rows("SELECT session, device, subject FROM v2x_private.device_row") == [(7, 1, "CAR00001")]
    assert store.rows("SELECT session, track_id, device FROM v2x_private.track_row") == [(7, 2, 1)]
    assert store.rows("SELECT sum(points)::int, max(device[1]) FROM v2x.trajectory") == [(6, -1)]


def test_what_the_spool_still_holds_of_a_vehicle_that_is_to_be_forgotten_is_not_stored(store: Store) -> None:
    store.frame(2, [-1, 1])
    with psycopg.connect(store.url) as connection:
        connection.execute("INSERT INTO v2x_private.erased_row (session, device) VALUES (7, 1)")
    store.event(BY_NAME["devices_now"].topic, {"devices": [{"id": "CAR00001", "kind": "obu", "row": 1}], "epoch": 7})
    store.drain()
    assert store.rows("SELECT track_id FROM v2x.trajectory") == [(1,)]
    assert store.rows("SELECT 1 FROM v2x_private.track_row") == []
    assert store.rows("SELECT 1 FROM v2x_private.device_row") == []


def test_a_consent_that_ended_while_a_message_waited_in_the_spool_counts(store: Store) -> None:
    store.event(*request("CAR00001", 1, NOW))
    with psycopg.connect(store.url) as connection:
        connection.execute("UPDATE v2x_private.consent SET withdrawn = now() WHERE subject = 'CAR00001'")
    store.drain()
    assert store.rows("SELECT 1 FROM v2x.device_event") == []


def test_a_message_that_the_database_refuses_is_gated_before_it_becomes_a_dead_letter(store: Store) -> None:
    payload = json.dumps({"id": "CAR00003", "timestamp": round(NOW * 1e3), "text": "\0"}).encode()
    store.event("V2X/OBU/CAR00003/VIR/UP", payload)
    store.event("V2X/RSU/RSU00001/VIR/UP", payload)
    store.drain()
    assert store.found("CAR00003") == set()


def test_the_reading_role_sees_nothing_of_the_private_schema(store: Store) -> None:
    with psycopg.connect(store.url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'v2x_private'::regnamespace AND relkind IN ('r', 'v')"
        ).fetchall()
        assert len(tables) >= 10
        connection.execute("SET ROLE v2x_reader")
        for (table,) in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT * FROM v2x_private.{}").format(sql.Identifier(table)))


def test_analysts_see_research_tracks_under_pseudonym_of_those_who_agreed_alone(store: Store) -> None:
    store.event(*request("CAR00001", 1, NOW))
    store.event(BY_NAME["devices_now"].topic, {"devices": [{"id": "CAR00001", "kind": "obu", "row": 1}], "epoch": 7})
    store.frame(2, [1])
    store.drain()
    query = "SELECT pseudonym, track_id FROM v2x_private.research_track"
    assert store.rows(query) == []
    with psycopg.connect(store.url) as connection:
        connection.execute(
            "INSERT INTO v2x_private.consent (subject, purpose, until, entered_by)"
            " VALUES ('CAR00001', 'research', now() + interval '1 day', 'test')"
        )
    assert store.rows(query) == [(store.called("CAR00001"), 1)]


def test_retention_takes_what_leads_back_to_private_vehicles_before_the_rest(store: Store) -> None:
    store.event(*request("CAR00001", 1, NOW))
    store.event(*request("BUS00001", 1, NOW))
    store.event(BY_NAME["devices_now"].topic, {"devices": [{"id": "CAR00001", "kind": "obu", "row": 1}], "epoch": 7})
    store.frame(2, [-1, 1])
    store.drain()
    with psycopg.connect(store.url) as connection:
        before = connection.execute("SELECT * FROM v2x_private.apply_retention(now())").fetchall()
        assert {count for _, count in before} == {0}
        after = connection.execute("SELECT * FROM v2x_private.apply_retention(now() + interval '16 days')").fetchall()
    assert dict(after) == {"private_trajectory": 1, "private_event": 1, "withdrawal": 0}
    assert store.rows("SELECT track_id FROM v2x.trajectory") == [(1,)]
    assert store.rows("SELECT device FROM v2x.device_event") == [("BUS00001",)]
    assert store.rows("SELECT 1 FROM v2x_private.pseudonym") == []


def test_published_counts_are_suppressed_in_sql_as_in_python(store: Store) -> None:
    query = "SELECT v2x.k_count(n), v2x.k_value(1.5, n), v2x.k_count(n, 2) FROM unnest('{9,10}'::bigint[]) AS n"
    assert store.rows(query) == [(-1, None, -1), (10, 1.5, 10)]
