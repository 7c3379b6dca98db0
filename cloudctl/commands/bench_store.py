"""`cloudctl bench store` and `bench queries`: how fast trajectories reach the database and come back."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudctl.commands.bench_output import show, write
from cloudctl.errors import DatabaseError


def bench_store(
    out: Path | None = None,
    url: str | None = None,
    tracks: int = 10_000,
    seconds: float = 60.0,
    rate: float = 120_000.0,
) -> dict[str, object]:
    """Store a burst of so many road users at 5 Hz, then so many points a second for so many seconds.

    Raises:
        DatabaseError: the database does not start, does not answer or refuses.
    """
    import msgspec
    import psycopg

    from cloudctl.store.benchmark import measure_store

    with _database(url) as used:
        try:
            measured = measure_store(used, tracks=tracks, seconds=seconds, rate=rate)
        except psycopg.Error as error:
            raise DatabaseError(" ".join(str(error).split())) from error
    base = measured.baselines
    rows: list[list[object]] = [
        ["burst: points stored", measured.points],
        ["into the spool, points/s", measured.spool_rate],
        ["spool to commit, points/s", measured.store_rate],
        ["processor time of the writer, us a point", measured.store_cpu_us],
        ["psycopg COPY, a row a point, indexed, points/s", base.copy_rows_rate],
        ["  spool to commit over it", measured.store_to_copy],
        ["COPY of the same rows encoded beforehand, points/s", base.copy_encoded_rate],
        ["COPY of encoded columnar rows, no index, points/s", base.copy_bare_rate],
        ["table, bytes a point", measured.bytes_table],
        ["  with indexes", measured.bytes_with_indexes],
        ["  with the tables by link and by device", measured.bytes_with_lookups],
        ["a row a point, with indexes, bytes a point", base.bytes_with_indexes],
    ]
    if measured.sustained is not None:
        run = measured.sustained
        rows += [
            ["sustained: seconds", run.seconds],
            ["offered, points/s", run.offered_rate],
            ["stored, points/s", run.stored_rate],
            ["  in the slowest 60 s", run.slowest_rate],
            ["points on their way at most", run.most_waiting],
            ["cores used by spool, writer and generator", run.busy],
            ["load before, after", f"{run.load_before}, {run.load_after}"],
        ]
    show(f"Store: {measured.server}, {tracks:,} road users at 5 Hz", ("figure", "value"), rows)
    figures: dict[str, object] = {"tracks": tracks, "seconds": seconds, **msgspec.to_builtins(measured)}
    write(figures, out)
    return figures


def bench_queries(
    out: Path | None = None, url: str | None = None, points: int = 100_000_000, repeats: int = 40
) -> dict[str, object]:
    """Fill the database with so many points and ask every question of the API so many times.

    Raises:
        DatabaseError: the database does not start, does not answer or refuses.
    """
    import asyncio

    import msgspec
    import psycopg

    from cloudctl.store.benchmark import server_name
    from cloudctl.store.benchmark_queries import fill, measure_queries, remove

    with _database(url) as used:
        try:
            filled = fill(used, points)
            try:
                measured = asyncio.run(measure_queries(used, filled, repeats))
            finally:
                remove(used, filled)
            name = server_name(used)
        except psycopg.Error as error:
            raise DatabaseError(" ".join(str(error).split())) from error
    show(
        f"Queries: {name}, {filled.points:,} points, written at {filled.rate:,.0f} points/s",
        ("question", "p50 ms", "p95 ms", "max ms", "rows"),
        [[each.name, each.p50_ms, each.p95_ms, each.max_ms, each.rows] for each in measured],
    )
    figures: dict[str, object] = {
        "server": name,
        "points": filled.points,
        "write_rate": round(filled.rate),
        "queries": msgspec.to_builtins(measured),
    }
    write(figures, out)
    return figures


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    """Give the URL of the database under test; the embedded one is made for the run and removed after it."""
    from cloudctl.store.embedded import EmbeddedPostgres
    from cloudctl.store.migrate import migrate

    if url is not None:
        migrate(url)
        yield url
        return
    with (
        tempfile.TemporaryDirectory(prefix="v2x-bench-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        migrate(server.url)
        yield server.url
