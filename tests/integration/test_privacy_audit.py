"""The audit log in a real database: whole under load, closed when it cannot be written, and no tampering passes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from privacy_register import AGREED, BUS, enter_standings
from typer.testing import CliRunner

from cloudctl.cli import app
from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.audit import AuditLog
from cloudctl.privacy.audit_append import append_entry
from cloudctl.privacy.audit_check import verify_audit
from cloudctl.privacy.chain import Fault, Finding, Head, Verdict, link, make_draft
from cloudctl.privacy.errors import AuditUnavailableError
from cloudctl.privacy.keys import KeyRing
from cloudctl.store.migrate import migrate


class Log:
    """A log that runs, its anchors, and a way behind its back."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.anchors = AnchorFile(folder / "audit", KeyRing(folder / "keys"))
        self.audit = AuditLog(url, self.anchors)

    def tamper(self, *statements: str) -> None:
        """Do what only who owns the database can do."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER TABLE v2x_audit.entry DISABLE TRIGGER entry_only_grows")
            for statement in statements:
                connection.execute(statement.encode())

    def verdict(self) -> Verdict:
        return verify_audit(self.url, self.anchors)

    def finding(self) -> Finding:
        finding = self.verdict().finding
        assert finding is not None
        return finding


@asynccontextmanager
async def running(log: Log) -> AsyncIterator[AuditLog]:
    task = asyncio.create_task(log.audit.run())
    try:
        yield log.audit
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def log(store_database: str, tmp_path: Path) -> Log:
    """A log with ten entries, anchored."""
    log = Log(store_database, tmp_path)
    async with running(log) as audit:
        for number in range(10):
            await audit.record("user:1", "look", "tracks", {"number": number})
    return log


async def test_many_looks_at_once_make_one_whole_chain(store_database: str, tmp_path: Path) -> None:
    log, second = Log(store_database, tmp_path), Log(store_database, tmp_path / "second")
    async with running(log), running(second):
        looks = [
            each.audit.record_look("user:1", "test", {"route": "/x", "n": n})
            for n in range(300)
            for each in (log, second)
        ]
        await asyncio.gather(*looks)
    verdict = log.verdict()
    assert verdict.finding is None
    assert verdict.entries == 600


async def test_what_was_entered_can_be_read_and_names_nobody(store_database: str, tmp_path: Path) -> None:
    enter_standings(store_database, {"BUS00001": BUS, "CAR00001": AGREED})
    log = Log(store_database, tmp_path)
    async with running(log) as audit:
        await audit.record_look(
            "user:1", "why", {"route": "/api/v1/history/devices/CAR00001/tracks", "device": "CAR00001"}
        )
        await audit.record("user:1", "device.edit", "device:CAR00001", {"deep": {"vehicle": "CAR00001"}})
        await audit.record("user:1", "device.edit", "device:BUS00001")
    with psycopg.connect(store_database) as connection:
        rows = connection.execute("SELECT object, detail FROM v2x_audit.entry ORDER BY seq").fetchall()
    assert "CAR00001" not in repr(rows)
    reference = json.loads(rows[0][1])["what"]["device"]
    assert reference.startswith("ref:")
    assert rows[0][0] == f"/api/v1/history/devices/{reference}/tracks"
    assert rows[1] == (f"device:{reference}", json.dumps({"deep": {"vehicle": reference}}, separators=(",", ":")))
    assert rows[2][0] == "device:BUS00001"


async def test_asking_for_a_vehicle_that_is_not_in_the_register_keeps_nothing_of_its_name(
    store_database: str, tmp_path: Path
) -> None:
    log = Log(store_database, tmp_path)
    async with running(log) as audit:
        await audit.record("user:1", "read consents", "/api/v1/privacy/subjects/CAR00009", {"subject": "CAR00009"})
    with psycopg.connect(store_database) as connection:
        rows = connection.execute("SELECT object, detail FROM v2x_audit.entry").fetchall()
        assert rows == [("/api/v1/privacy/subjects/ref:unregistered", '{"subject":"ref:unregistered"}')]
        assert connection.execute("SELECT 1 FROM v2x_private.reference").fetchall() == []


async def test_nothing_is_entered_and_nothing_may_happen_while_the_database_is_away(tmp_path: Path) -> None:
    log = Log("postgresql://127.0.0.1:1/none", tmp_path)
    async with running(log) as audit:
        with pytest.raises(AuditUnavailableError):
            await audit.record("user:1", "look", "tracks")


async def test_nothing_may_happen_before_the_log_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudctl.privacy.audit.PATIENCE_S", 0.05)
    with pytest.raises(AuditUnavailableError, match="not written within"):
        await Log("postgresql://127.0.0.1:1/none", tmp_path).audit.record("user:1", "look", "tracks")


async def test_a_connection_that_broke_while_idle_costs_no_entry(store_database: str, tmp_path: Path) -> None:
    log = Log(store_database, tmp_path)
    async with running(log) as audit:
        await audit.record("user:1", "one", "x")
        with psycopg.connect(store_database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'v2x-audit'"
                " AND datname = current_database()"
            )
        await audit.record("user:1", "two", "x")
    assert log.verdict().entries == 2


async def test_an_untouched_log_is_whole_and_its_end_is_anchored(log: Log) -> None:
    verdict = log.verdict()
    assert verdict.finding is None
    assert log.anchors.read().digests == {10: verdict.head.digest}


@pytest.mark.parametrize(
    "statement", ["UPDATE v2x_audit.entry SET actor = 'x'", "DELETE FROM v2x_audit.entry", "TRUNCATE v2x_audit.entry"]
)
async def test_the_database_itself_refuses_changes(log: Log, statement: str) -> None:
    with (
        psycopg.connect(log.url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"),
    ):
        connection.execute(statement.encode())


async def test_the_role_that_writes_the_log_may_neither_change_it_nor_read_who_is_who(log: Log) -> None:
    with psycopg.connect(log.url, autocommit=True) as connection:
        connection.execute("SET ROLE v2x_auditor")
        for statement in (b"ALTER TABLE v2x_audit.entry DISABLE TRIGGER ALL", b"SELECT * FROM v2x_private.reference"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        connection.execute("SET ROLE v2x_reader")
        for statement in (b"SELECT * FROM v2x_audit.entry", b"SELECT * FROM v2x_private.pseudonym"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("column", ["actor", "action", "object", "detail"])
async def test_an_edited_entry_is_found(log: Log, column: str) -> None:
    log.tamper("UPDATE v2x_audit.entry SET column = '{}x' WHERE seq = 4".replace("column", column))
    assert (log.finding().fault, log.finding().seq) == (Fault.EDITED, 4)


async def test_a_deleted_entry_is_found(log: Log) -> None:
    log.tamper("DELETE FROM v2x_audit.entry WHERE seq = 6")
    assert (log.finding().fault, log.finding().seq) == (Fault.MISSING, 6)


async def test_two_entries_that_changed_places_are_found(log: Log) -> None:
    log.tamper(
        "UPDATE v2x_audit.entry SET seq = 100 WHERE seq = 3",
        "UPDATE v2x_audit.entry SET seq = 3 WHERE seq = 5",
        "UPDATE v2x_audit.entry SET seq = 5 WHERE seq = 100",
    )
    assert (log.finding().fault, log.finding().seq) == (Fault.MOVED, 3)


async def test_a_shortened_log_is_found(log: Log) -> None:
    log.tamper("DELETE FROM v2x_audit.entry WHERE seq > 7")
    assert (log.finding().fault, log.finding().seq) == (Fault.TRUNCATED, 8)


async def test_an_emptied_log_is_found(log: Log) -> None:
    log.tamper("TRUNCATE v2x_audit.entry")
    assert (log.finding().fault, log.finding().seq) == (Fault.TRUNCATED, 1)


async def test_a_log_written_anew_from_the_start_is_found(log: Log) -> None:
    log.tamper("TRUNCATE v2x_audit.entry")
    with psycopg.connect(log.url) as connection:
        for number in range(10):
            append_entry(connection, "user:2", "look", "tracks", {"number": number})
    finding = log.finding()
    assert (finding.fault, finding.seq) == (Fault.REWRITTEN, 10)


async def test_an_entry_that_was_put_in_between_is_found(log: Log) -> None:
    log.tamper(
        "UPDATE v2x_audit.entry SET seq = seq + 1000 WHERE seq > 5",
        "UPDATE v2x_audit.entry SET seq = seq - 999 WHERE seq > 1000",
    )
    with psycopg.connect(log.url) as connection:
        row = connection.execute("SELECT digest FROM v2x_audit.entry WHERE seq = 5").fetchone()
        assert row is not None
        (forged,) = link([make_draft("user:2", "never", "was", {})], Head(5, bytes(row[0])), datetime.now(UTC))
        connection.execute(
            "INSERT INTO v2x_audit.entry VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                forged.seq,
                forged.t,
                forged.actor,
                forged.action,
                forged.object,
                forged.detail,
                forged.previous,
                forged.digest,
            ),
        )
    assert (log.finding().fault, log.finding().seq) == (Fault.MOVED, 7)


async def test_anchors_that_were_removed_are_missed(log: Log) -> None:
    log.anchors.path.unlink()
    assert log.finding().fault is Fault.ANCHORS_MISSING


async def test_the_command_says_whole_and_names_the_first_bad_entry(log: Log) -> None:
    config = log.folder / "settings.json"
    settings = {"data_dir": ".", "map": {"file": "m", "tiles": "t"}, "database": {"url": log.url}}
    config.write_text(json.dumps(settings))
    whole = CliRunner().invoke(app, ["audit", "verify", "--config", str(config)])
    assert (whole.exit_code, whole.output.split(",")[0]) == (0, "whole: 10 entries")
    log.tamper("UPDATE v2x_audit.entry SET detail = '{}' WHERE seq = 2")
    broken = CliRunner().invoke(app, ["audit", "verify", "--config", str(config)])
    assert broken.exit_code == 2
    assert broken.output.startswith("BROKEN at entry 2: edited")


async def test_a_chain_survives_a_schema_that_is_migrated_again(log: Log) -> None:
    assert migrate(log.url) == []
    assert log.verdict().finding is None
