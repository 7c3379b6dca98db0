"""The database's housekeeper: makes the sums that are due and asks whose raw observations are to be kept.

It has a connection of its own, so that an hour's sum never holds up the writer.
"""

import random
import time
from collections.abc import Callable
from threading import Event

import psycopg
import structlog

from cloudctl.store.writer import HOUSE_KEY

ASK_SECONDS = 5.0
SUM_SECONDS = 300.0
LONGEST_PAUSE = 30.0
STATEMENT_TIMEOUT_MS = 600_000


class Keeper:
    """Runs in a thread of its own until told to stop; a database that is away is asked again."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self.observed: frozenset[str] = frozenset()
        """Devices whose raw observations are wanted; replaced whole, so that another thread may read it."""
        self.sums_made = 0
        self._url = url
        self._clock = clock
        self._summed = float("-inf")
        self._log = structlog.get_logger("keeper")

    def run(self, stop: Event) -> None:
        """Keep house until `stop`."""
        pause = ASK_SECONDS
        while not stop.is_set():
            try:
                self._serve(stop)
            except psycopg.Error as error:
                self._log.info("housekeeping waits for the database", error=" ".join(str(error).split()))
                stop.wait(pause * random.uniform(0.7, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = ASK_SECONDS

    def keep(self, connection: psycopg.Connection) -> None:
        """Ask who is observed, and make the sums where they are due.

        Raises:
            psycopg.Error: the database is away or refuses.
        """
        now = self._clock()
        rows = connection.execute("SELECT v2x.observed_devices(to_timestamp(%s))", (now,)).fetchall()
        self.observed = frozenset(str(row[0]) for row in rows)
        if now - self._summed >= SUM_SECONDS:
            self._summed = now
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (HOUSE_KEY,))
                connection.execute("SELECT v2x.aggregate(to_timestamp(%s))", (now,))
            self.sums_made += 1

    def _serve(self, stop: Event) -> None:
        with psycopg.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="v2x-keeper"
        ) as connection:
            connection.execute("SET timezone = 'UTC'")
            connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
            while not stop.is_set():
                self.keep(connection)
                stop.wait(ASK_SECONDS)
