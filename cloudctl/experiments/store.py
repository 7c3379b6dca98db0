"""Experiments in the database."""

from datetime import UTC, datetime
from typing import LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from cloudctl.database import Database
from cloudctl.experiments.errors import UnknownExperimentError
from cloudctl.experiments.plan import Experiment, Measure, Period

_SELECT: LiteralString = (
    "SELECT id, name, note, links, polygon, extract(epoch FROM before_from)::float8,"
    " extract(epoch FROM before_to)::float8, extract(epoch FROM after_from)::float8,"
    " extract(epoch FROM after_to)::float8, measures, bin_s, extract(epoch FROM created)::float8, created_by,"
    " created_name, result, extract(epoch FROM computed)::float8 FROM v2x.experiment"
)


class _Row(NamedTuple):
    id: str
    name: str
    note: str
    links: list[str]
    polygon: list[list[float]] | None
    before_from: float
    before_to: float
    after_from: float
    after_to: float
    measures: list[str]
    bin_s: int
    created: float
    created_by: str
    created_name: str
    result: dict[str, object] | None
    computed: float | None


class ExperimentStore:
    """Reads and writes them; all methods raise ExperimentsDownError where the database is away."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, wanted: Experiment) -> Experiment:
        """Keep a new one."""
        await self.database.run(
            "INSERT INTO v2x.experiment (id, name, note, links, polygon, before_from, before_to, after_from, after_to,"
            " measures, bin_s, created_by, created_name) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                wanted.id,
                wanted.name,
                wanted.note,
                list(wanted.links),
                None if wanted.polygon is None else Jsonb(wanted.polygon),
                *(_time(each) for each in (*wanted.before, *wanted.after)),
                [each.value for each in wanted.measures],
                wanted.bin_s,
                wanted.created_by,
                wanted.created_name,
            ),
        )
        return await self.get(wanted.id)

    async def get(self, experiment: str) -> Experiment:
        """Give one; UnknownExperimentError where there is none."""
        query: LiteralString = _SELECT + " WHERE id = %s"
        found = await self.database.fetch(_Row, query, (experiment,))
        if not found:
            raise UnknownExperimentError(experiment)
        return _experiment(found[0])

    async def list_all(self, limit: int, skip: int) -> list[Experiment]:
        """List them, the newest first."""
        query: LiteralString = _SELECT + " ORDER BY created DESC, id LIMIT %s OFFSET %s"
        return [_experiment(row) for row in await self.database.fetch(_Row, query, (limit, skip))]

    async def keep_result(self, experiment: str, result: dict[str, object]) -> Experiment:
        """Keep what came of one."""
        await self.database.run(
            "UPDATE v2x.experiment SET result = %s, computed = now() WHERE id = %s", (Jsonb(result), experiment)
        )
        return await self.get(experiment)


def _experiment(row: _Row) -> Experiment:
    return Experiment(
        id=row.id,
        name=row.name,
        note=row.note,
        links=tuple(row.links),
        polygon=row.polygon,
        before=Period(row.before_from, row.before_to),
        after=Period(row.after_from, row.after_to),
        measures=tuple(Measure(each) for each in row.measures),
        bin_s=row.bin_s,
        created=row.created,
        created_by=row.created_by,
        created_name=row.created_name,
        result=row.result,
        computed=row.computed,
    )


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
