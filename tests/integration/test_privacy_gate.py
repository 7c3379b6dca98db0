"""What may not be stored does not reach the database, and what is stored leads back only through v2x_private."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
from privacy_register import enter_standings
from privacy_store import NOW, STANDINGS, Store
from psycopg import sql
from store_frames import request, spool_event

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.store.spool import SpoolClass
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.withheld import WITHHELD_TOPIC
from ingest.streams import BY_NAME


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


def test_the_same_row_of_another_life_of_the_engine_is_another_vehicle(store: Store) -> None:
    store.frame(2, [-1, 1], session=8)
    with psycopg.connect(store.url) as connection:
        connection.execute("INSERT INTO v2x_private.erased_row (session, device) VALUES (7, 1)")
    store.drain()
    assert store.rows("SELECT track_id FROM v2x.trajectory ORDER BY 1") == [(1,), (2,)]


def test_raw_reports_that_a_unit_hands_on_are_kept_where_all_they_name_are_public(store: Store) -> None:
    for payload in (b'{"id":"BUS00001"}', b'{"id":"CAR00001"}', b"\x01\x02 no names to be read", b'{"speed":3}'):
        store.spool.append(SpoolClass.TELEMETRY, NOW, "V2X/RSU/RSU00001/BSM/UP", payload)
    store.spool.sync()
    store.drain()
    assert store.rows("SELECT payload FROM v2x.observation") == [(b'{"id":"BUS00001"}',)]
    assert store.counters["observations_withheld"] == 3


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
