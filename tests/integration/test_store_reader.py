"""What the API reads, on both servers."""

import json
from pathlib import Path

import numpy as np
import psycopg
import pytest
from store_frames import LINKS, NOON, links_frame, spool_event, spool_frames

from cloudctl.store.errors import CursorError, StoreDownError, StoreSlowError
from cloudctl.store.reader import Box, StoreReader
from cloudctl.store.record_queries import advisory_page, incident_page
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import Writer


@pytest.fixture
def filled(store_database: str, tmp_path: Path) -> str:
    """URL of a database with 30 s of 20 tracks, one incident, one advisory with its answer, ten link states."""
    spool = Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)
    spool_frames(spool, 150)
    for tick in range(10):
        spool.append(SpoolClass.TELEMETRY, NOON, LINKS, links_frame(tick, NOON + tick * 10))
    incident = {"incident_id": "i1", "kind": "congestion", "started": NOON, "updated": NOON + 5, "ended": NOON + 60}
    spool_event(spool, "V2X/CLOUD/INCIDENT", json.dumps(incident | {"event": "close", "tracks": [4, 5]}).encode())
    advisory = {"id": "a1", "kind": "glosa", "target": "obu:CAR1", "created": NOON, "valid_until": NOON + 9}
    advisory |= {"reason": "r", "reason_code": "c", "lon": 112.9, "lat": 28.2, "content": {"signal": "s1"}}
    spool_event(spool, "V2X/CLOUD/ADVISORY", json.dumps(advisory).encode())
    answer = b'{"id": "a1", "status": "accepted"}'
    spool_event(spool, "V2X/OBU/CAR1/ADVICE/DOWN/ACK", answer, NOON + 1)
    Writer(store_database, spool, "map").drain()
    return store_database


async def test_pages_give_every_point_once(filled: str) -> None:
    async with StoreReader(filled) as reader:
        seen: set[tuple[float, int]] = set()
        cursor, pages = None, 0
        while pages == 0 or cursor:
            page = await reader.tracks_between(NOON + 5, NOON + 25, limit=333, cursor=cursor)
            assert len(page.tracks) <= 333
            keys = set(zip(page.tracks.t.tolist(), page.tracks.track_id.tolist(), strict=True))
            assert not keys & seen
            seen |= keys
            cursor, pages = page.cursor, pages + 1
        assert len(seen) == 100 * 20
        assert min(t for t, _ in seen) == NOON + 5
        assert max(t for t, _ in seen) < NOON + 25


async def test_a_box_gives_the_points_inside_it_and_no_other(filled: str) -> None:
    box = Box(112.93, 28.2, 112.94, 28.21)
    async with StoreReader(filled) as reader:
        every = (await reader.tracks_between(NOON, NOON + 30, limit=100_000)).tracks
        inside = (await reader.tracks_between(NOON, NOON + 30, box, limit=100_000)).tracks
    expected = (every.lon >= 112.93) & (every.lon <= 112.94) & (every.lat >= 28.2) & (every.lat <= 28.21)
    assert 0 < len(inside) == int(expected.sum()) < len(every)


async def test_one_track_comes_whole_and_in_order(filled: str) -> None:
    async with StoreReader(filled) as reader:
        track = await reader.track(7)
        missing = await reader.track(999)
    assert len(track) == 150
    assert np.all(np.diff(track.t) > 0)
    assert set(track.track_id.tolist()) == {7}
    assert len(missing) == 0


async def test_incidents_are_those_that_were_going_on(filled: str) -> None:
    async with StoreReader(filled) as reader:
        (found, _), (later, _) = [
            await incident_page(reader, NOON + start, NOON + 100, kind=None, limit=10, cursor=None)
            for start in (59, 61)
        ]
    assert [(incident.incident_id, incident.ended, incident.tracks) for incident in found] == [
        ("i1", NOON + 60, [4, 5])
    ]
    assert later == []


async def test_an_advisory_comes_with_the_answer_to_it(filled: str) -> None:
    async with StoreReader(filled) as reader:
        (found, _), (other, _) = [
            await advisory_page(reader, NOON, NOON + 1, kind=kind, target=target, limit=10, cursor=None)
            for kind, target in (("glosa", "obu:CAR1"), ("parking", None))
        ]
    assert [(each.id, each.status, each.answered) for each, _ in found] == [("a1", "accepted", NOON + 1)]
    assert found[0][0].content == {"signal": "s1"}
    assert other == []


async def test_link_history_is_in_units_of_the_street(filled: str) -> None:
    async with StoreReader(filled) as reader:
        history = await reader.link_history(6, NOON, NOON + 45)
    assert [state.t for state in history] == [NOON, NOON + 10, NOON + 20, NOON + 30, NOON + 40]
    assert history[0] == (NOON, 5, 20, 1.2, 220, -1)


async def test_a_foreign_cursor_is_refused(filled: str) -> None:
    async with StoreReader(filled) as reader:
        with pytest.raises(CursorError):
            await reader.tracks_between(NOON, NOON + 1, cursor="nonsense")


async def test_the_readers_connection_cannot_write(filled: str) -> None:
    async with StoreReader(filled) as reader, reader._pool.connection() as connection:
        assert await (await connection.execute("SELECT current_user")).fetchone() == ("v2x_reader",)
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("DELETE FROM v2x.incident")


async def test_faults_of_the_database_are_errors_of_the_store(
    plain_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudctl.store.reader.STATEMENT_TIMEOUT_S", 0.2)
    async with StoreReader(plain_database) as reader:
        with pytest.raises(StoreSlowError, match="took too long"):
            await reader.rows(str, "SELECT pg_sleep(%s)", (20,))
        with pytest.raises(StoreSlowError):
            await reader.copied("SELECT pg_sleep(%s)", (20,))
        with pytest.raises(StoreDownError, match="no_such"):
            await reader.rows(str, "SELECT 1 FROM v2x.no_such", ())
        with pytest.raises(StoreDownError, match="no_such"):
            await reader.copied("SELECT 1 FROM v2x.no_such", ())


async def test_a_database_that_is_not_there_is_not_ready() -> None:
    async with StoreReader("postgresql://nobody@127.0.0.1:1/none") as reader:
        assert not await reader.ready()
