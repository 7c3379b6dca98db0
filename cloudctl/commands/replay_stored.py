"""`cloudctl replay --from-database`: a stored period onto a broker."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime

from cloudctl.errors import CloudctlError, DatabaseError


class TimeTextError(CloudctlError):
    """A time on the command line is no RFC 3339 time."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no time such as 2026-09-21T08:00:00+08:00")
        self.text = text


def read_time(text: str) -> float:
    """UTC epoch (s) of an RFC 3339 time; one without a zone is UTC. Raises TimeTextError where it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeTextError(text) from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def replay_stored(database: str, start: str, end: str, broker: str, speed: float, *, as_recorded: bool) -> None:
    """Publish a stored period and print how much it was.

    Raises:
        CloudctlError: a time cannot be read, or the database does not answer.
    """
    import psycopg
    from psycopg_pool import PoolTimeout

    from cloudctl.observability import configure_logging

    configure_logging("replay")
    try:
        scenes, positions = asyncio.run(
            _replay(database, read_time(start), read_time(end), broker, speed, as_recorded=as_recorded)
        )
    except (psycopg.Error, PoolTimeout) as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    sys.stdout.write(json.dumps({"scenes": scenes, "positions": positions}) + "\n")


async def _replay(
    database: str, start: float, end: float, broker: str, speed: float, *, as_recorded: bool
) -> tuple[int, int]:
    from cloudctl.playback.broker_replay import BrokerReplay
    from cloudctl.playback.database_source import DatabaseSource
    from cloudctl.store.reader import StoreReader

    async with StoreReader(database) as reader:
        replay = BrokerReplay(DatabaseSource(reader), start, end, as_recorded=as_recorded)
        stop = asyncio.Event()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await replay.run(broker, speed, stop)
        return replay.scenes, replay.road_users
