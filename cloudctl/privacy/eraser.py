"""Forget vehicles whose consent was withdrawn, step by step, and leave a receipt. Runs in the archiver's process.

Steps, each safe to repeat after a crash: the spool has passed on what it held; rows; files; links and register; search.
Nothing is finished before a search of every table finds no name; what is found instead is named in the withdrawal.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg.rows import args_row

from cloudctl.privacy.audit_append import append_entry
from cloudctl.privacy.errors import ErasureError, PrivacyError
from cloudctl.privacy.files import erase_files
from cloudctl.privacy.gate import StoreGate
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.places import erase_links, erase_rows, erase_tracks, sweep
from cloudctl.privacy.pseudonyms import KEEP_KEYS_DAYS, all_pseudonyms
from cloudctl.privacy.receipt import Place, Receipt, merge_places, sign
from cloudctl.store.spool import Spool

POLL_S, LONGEST_PAUSE_S = 2.0, 30.0
SETTLE_S = 5.0
"""What a withdrawn vehicle had under way when it withdrew is in the spool by then, s."""
LIVE_PATIENCE_S = 60.0
"""The engine is waited for this long: a vehicle must be out of live use by then."""
HOUSEKEEPING_S, FIRST_HOUSEKEEPING_S = 3600.0, 300.0
ACTOR = "platform:archiver"
_OPEN = (
    "SELECT id, subject, requested, live_ended, cause, scope, step, steps FROM v2x_private.withdrawal"
    " WHERE finished IS NULL AND subject IS NOT NULL ORDER BY requested"
)


class Step(StrEnum):
    """How far an erasure is."""

    WAITING = "waiting"
    ROWS = "rows"
    FILES = "files"
    LINKS = "links"
    SEARCH = "search"
    FINISHED = "finished"


class Withdrawal(NamedTuple):
    """One order to forget."""

    id: UUID
    subject: str
    requested: datetime
    live_ended: datetime | None
    cause: str
    scope: str
    """all, or storage where the vehicle stays in the register."""
    step: str
    steps: list[dict[str, object]]


class Eraser:
    """Works through the withdrawals in a thread of its own, until told to stop."""

    def __init__(
        self,
        url: str,
        spool: Spool,
        keys: KeyRing,
        data_dir: Path,
        gate: StoreGate,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._spool = spool
        self._keys = keys
        self._data_dir = data_dir
        self._gate = gate
        self._clock = clock
        self._marks: dict[UUID, tuple[int, int]] = {}
        self._kept = clock() - HOUSEKEEPING_S + FIRST_HOUSEKEEPING_S
        self._log = structlog.get_logger("eraser")
        self.finished = 0
        """Since the start of the process."""

    def run(self, stop: Event) -> None:
        """Erase until `stop`; a database that is away is asked again."""
        pause = POLL_S
        while not stop.is_set():
            try:
                with psycopg.connect(
                    self._url, autocommit=True, connect_timeout=5, application_name="v2x-eraser"
                ) as connection:
                    connection.execute("SET timezone = 'UTC'")
                    pause = POLL_S
                    while not stop.is_set():
                        self.work(connection)
                        stop.wait(POLL_S)
            except psycopg.Error as error:
                self._log.info("erasure waits for the database", error=" ".join(str(error).split()))
                stop.wait(pause * random.uniform(0.7, 1.0))
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def work(self, connection: psycopg.Connection) -> None:
        """Take every open withdrawal as far as it goes now, and keep house where it is due.

        Raises:
            psycopg.OperationalError: the database went away.
        """
        self._gate.refresh(connection)
        for order in connection.cursor(row_factory=args_row(Withdrawal)).execute(_OPEN).fetchall():
            try:
                self._advance(connection, order)
            except psycopg.OperationalError:
                raise
            except (psycopg.Error, PrivacyError, OSError) as error:
                detail = " ".join(str(error).split())
                self._log.error("erasure stands still", withdrawal=str(order.id), step=order.step, error=detail)
                connection.execute("UPDATE v2x_private.withdrawal SET fault = %s WHERE id = %s", (detail, order.id))
        if self._clock() - self._kept >= HOUSEKEEPING_S:
            self._kept = self._clock()
            try:
                self._keep_house(connection)
            except psycopg.errors.LockNotAvailable:
                self._log.info("retention put off: somebody holds a table")
                self._kept += FIRST_HOUSEKEEPING_S - HOUSEKEEPING_S

    def _advance(self, connection: psycopg.Connection, order: Withdrawal) -> None:
        names = self._names(connection, order.subject)
        places = [msgspec.convert(each, Place) for each in order.steps]
        step = Step(order.step)
        if step is Step.WAITING:
            passed = self._spool_passed(order)
            if passed is None:
                return
            step, places = self._done(connection, order, Step.ROWS, places, [passed])
        if step is Step.ROWS:
            found = erase_tracks(connection, order.subject) + erase_rows(connection, names)
            step, places = self._done(connection, order, Step.FILES, places, found)
        if step is Step.FILES:
            step, places = self._done(connection, order, Step.LINKS, places, erase_files(self._data_dir, names))
        if step is Step.LINKS:
            step, places = self._done(
                connection,
                order,
                Step.SEARCH,
                places,
                erase_links(connection, order.subject, register=order.scope == "all"),
            )
        self._search(connection, order, names, places)

    def _names(self, connection: psycopg.Connection, subject: str) -> set[str]:
        """Everything the vehicle was ever called in the store."""
        rows = connection.execute("SELECT pseudonym FROM v2x_private.pseudonym WHERE subject = %s", (subject,))
        return {subject, *(str(row[0]) for row in rows.fetchall()), *all_pseudonyms(self._keys, subject)}

    def _spool_passed(self, order: Withdrawal) -> Place | None:
        """Wait until all that was spooled before the vehicle was out of live use is stored, and its bytes are gone."""
        events, telemetry = self._spool.events, self._spool.telemetry
        if order.id not in self._marks:
            waited = self._clock() - order.requested.timestamp()
            if waited < SETTLE_S or (order.live_ended is None and waited < LIVE_PATIENCE_S):
                return None
            self._marks[order.id] = (events.synced, telemetry.synced)
            events.seal()
            telemetry.seal()
        marks = self._marks[order.id]
        if events.oldest_kept < marks[0] or telemetry.oldest_kept < marks[1]:
            return None
        del self._marks[order.id]
        return Place("spool", 0, 0)

    def _done(
        self, connection: psycopg.Connection, order: Withdrawal, to: Step, places: list[Place], new: list[Place]
    ) -> tuple[Step, list[Place]]:
        """Note that a step is done."""
        left = [place.place for place in new if place.after]
        if left:
            raise ErasureError(", ".join(left), "rows came while others went")
        merged = merge_places(places, new)
        connection.execute(
            "UPDATE v2x_private.withdrawal SET step = %s, steps = %s, fault = '' WHERE id = %s",
            (to.value, msgspec.json.encode(merged).decode(), order.id),
        )
        return to, merged

    def _search(self, connection: psycopg.Connection, order: Withdrawal, names: set[str], places: list[Place]) -> None:
        """Search everything; sign the receipt where nothing is found, begin again with the rows where something is."""
        found = sweep(connection, names, register=order.scope == "all")
        left = {table: rows for table, rows in found.items() if rows}
        if left:
            connection.execute("UPDATE v2x_private.withdrawal SET step = %s WHERE id = %s", (Step.ROWS.value, order.id))
            raise ErasureError(", ".join(sorted(left)), f"{sum(left.values())} rows still name the vehicle")
        with connection.transaction():
            row = connection.execute(
                "SELECT live_ended FROM v2x_private.withdrawal WHERE id = %s FOR UPDATE", (order.id,)
            ).fetchone()
            head = append_entry(connection, ACTOR, "erased", f"withdrawal:{order.id}", {"places": len(places)})
            receipt = sign(
                Receipt(
                    withdrawal=str(order.id),
                    cause=order.cause,
                    requested=_text(order.requested),
                    live_ended=_text(row[0]) if row and row[0] else None,
                    finished=_text(datetime.fromtimestamp(self._clock(), UTC)),
                    places=places,
                    searched=sorted(found),
                    audit_seq=head.seq,
                ),
                self._keys,
            )
            connection.execute(
                "UPDATE v2x_private.withdrawal SET finished = now(), subject = NULL, step = %s, fault = '',"
                " receipt = %s WHERE id = %s",
                (Step.FINISHED.value, msgspec.json.encode(receipt).decode(), order.id),
            )
        self.finished += 1
        self._log.info("erasure finished", withdrawal=str(order.id))

    def _keep_house(self, connection: psycopg.Connection) -> None:
        """Apply the retention of each class of data, and destroy the keys of pseudonyms that nothing bears any more."""
        now = self._clock()
        for queue in (self._spool.events, self._spool.telemetry):
            queue.seal()  # what is stored leaves the disk within the hour, however little follows it
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '500ms'")  # who waits for us longer than 1 s sees a deadlock
            rows = connection.execute(
                "SELECT class, removed FROM v2x_private.apply_retention(to_timestamp(%s))", (now,)
            ).fetchall()
            removed = {str(name): int(count) for name, count in rows if count}
            if removed:
                append_entry(connection, ACTOR, "retention", "stored data", {"removed": removed})
        self._keys.destroy_days_before((datetime.fromtimestamp(now, UTC) - timedelta(days=KEEP_KEYS_DAYS)).date())


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
