"""`cloudctl bench store`: how fast trajectories reach the database and how much room they take."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudctl.commands.bench_output import show, write
from cloudctl.errors import DatabaseError

EMBEDDED = "embedded PostgreSQL"


def bench_store(
    out: Path | None = None, url: str | None = None, tracks: int = 10_000, seconds: float = 60.0
) -> dict[str, object]:
    """Store so many road users at 5 Hz for so many seconds of traffic.

    Raises:
        DatabaseError: the database does not start, does not answer or refuses.
    """
    import msgspec
    import psycopg

    from cloudctl.store.benchmark import measure_store

    with _database(url) as (name, used):
        try:
            measured = measure_store(used, tracks=tracks, seconds=seconds)
        except psycopg.Error as error:
            raise DatabaseError(" ".join(str(error).split())) from error
    figures: dict[str, object] = {
        "database": name,
        "tracks": tracks,
        "seconds": seconds,
        **msgspec.structs.asdict(measured),
    }
    names = {
        "points": "points stored",
        "spool_rate": "into the spool, points/s",
        "store_rate": "spool to commit, points/s",
        "store_cpu_us": "processor time of the writer, us a point",
        "raw_copy_rate": "bare COPY without indexes, points/s",
        "bytes_table": "table, bytes a point",
        "bytes_with_indexes": "with indexes, bytes a point",
    }
    show(f"Store: {name}, {tracks:,} road users at 5 Hz", ("figure", "value"), [[names[k], figures[k]] for k in names])
    write(figures, out)
    return figures


@contextmanager
def _database(url: str | None) -> Iterator[tuple[str, str]]:
    """Give name and URL of the database under test; the embedded one is made for the run and removed after it."""
    from cloudctl.store.embedded import EmbeddedPostgres
    from cloudctl.store.migrate import migrate

    if url is not None:
        migrate(url)
        yield "configured database", url
        return
    with (
        tempfile.TemporaryDirectory(prefix="v2x-bench-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        migrate(server.url)
        yield EMBEDDED, server.url
