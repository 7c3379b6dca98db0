"""`/api/v1/experiments`: what a change did to the traffic of an area, before against after, with its certainty."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, Field

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.fault_problems import FaultTable, faults_as_problems
from cloudctl.api.history_door import ask
from cloudctl.api.incident_door import audited
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import DEFAULT_LIMIT, Cursor, Limit, make_cursor, read_cursor
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services, now
from cloudctl.experiments.errors import ExperimentsDownError, UnknownExperimentError, UnusableExperimentError
from cloudctl.experiments.office import ExperimentOffice
from cloudctl.experiments.plan import Experiment, Measure, Period, check_links, check_periods, links_within

_FAULTS: FaultTable = {
    UnknownExperimentError: (404, "Unknown"),
    UnusableExperimentError: (422, "Unusable experiment"),
    ExperimentsDownError: (503, "Experiments not reachable"),
}
Corner = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
_STORED = {**RESPONSES, **problem_responses(503, 504)}
_SEES = [requires(Permission.SEE_HISTORY), requires(Permission.READ_SIGNALS)]

router = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])


class PeriodItem(BaseModel):
    """From a time on, before another."""

    start: AwareDatetime
    end: AwareDatetime


class ExperimentRequest(BaseModel):
    """An area, two periods, and what is compared."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    note: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""
    polygon: Annotated[list[Corner], Field(min_length=3, max_length=100)] | None = None
    """Corners (lon, lat), deg; every link whose middle lies in it belongs to the area."""
    links: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=2000)] = []
    """Ids of links, in place of a polygon."""
    before: PeriodItem
    after: PeriodItem
    measures: Annotated[list[Measure], Field(min_length=1, max_length=5)] = list(Measure)
    bin_minutes: Annotated[int, Field(ge=1, le=60)] = 15


class ExperimentItem(BaseModel):
    """An experiment."""

    id: str
    name: str
    note: str
    links: list[str]
    polygon: list[list[float]] | None
    before: PeriodItem
    after: PeriodItem
    measures: list[Measure]
    bin_minutes: int
    created: datetime | None
    created_by: str = Field(description="Name of who made it.")
    status: str = Field(description="waiting, running or done")


class MeasureResult(BaseModel):
    """What came out for one measure; null where nothing can be said."""

    measure: Measure
    unit: str
    before: float | None
    after: float | None
    difference: float | None = Field(description="After less before.")
    relative: float | None
    low: float | None = Field(description="Of the 95 % confidence interval of the difference.")
    high: float | None
    p_value: float | None
    significant: bool = Field(description="At 5 % over all measures of the experiment together (Holm).")
    verdict: str = Field(description="better, worse, changed, no evidence of a change, or too little is stored")
    method: str = Field(description="paired (by time of day), welch, or none")
    intervals_before: int
    intervals_after: int
    independent: float = Field(description="Intervals that count as independent of each other.")
    links_known: int | None = Field(
        None, description="Links of the area of which anything is stored; null in results that were kept without it."
    )


class ExperimentResult(BaseModel):
    """What came of an experiment; before the period after is over, of what is stored by now."""

    id: str
    status: str
    measures: list[MeasureResult]
    links: int
    links_gone: list[str] = Field(description="Links that the map no longer has.")


async def _office(request: Request) -> AsyncIterator[ExperimentOffice]:
    office = Services.of(request).experiments
    if office is None:
        raise ProblemError(503, "Experiments not reachable", "this gateway has no database for experiments")
    with faults_as_problems(_FAULTS):
        yield office


OfficeOf = Annotated[ExperimentOffice, Depends(_office)]
ExperimentId = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


@router.get("", responses=_STORED, dependencies=_SEES)
async def list_experiments(
    office: OfficeOf, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ExperimentItem]:
    """List experiments, the newest first."""
    start = read_cursor(cursor) + 1
    found = await office.store.list_all(limit + 1, start)
    more = make_cursor(start + limit - 1) if len(found) > limit else None
    return Page[ExperimentItem](items=[_item(each) for each in found[:limit]], next=more, time=as_time(now()))


@router.post("", status_code=201, responses=_STORED, dependencies=[requires(Permission.RUN_EXPERIMENTS)])
async def create_experiment(
    request: Request, office: OfficeOf, actor: CurrentActor, wanted: ExperimentRequest
) -> ExperimentItem:
    """Define an experiment: the periods may lie in the past, or still to come."""
    network = Services.of(request).tables.network
    before, after = (Period(each.start.timestamp(), each.end.timestamp()) for each in (wanted.before, wanted.after))
    check_periods(before, after, 60 * wanted.bin_minutes)
    if (wanted.polygon is None) == (not wanted.links):
        raise UnusableExperimentError("an area is either a polygon or links")
    links = check_links(network, wanted.links) if wanted.polygon is None else links_within(network, wanted.polygon)
    made = Experiment(
        id=uuid.uuid4().hex[:16],
        name=wanted.name,
        note=wanted.note,
        links=tuple(links),
        polygon=None if wanted.polygon is None else [list(corner) for corner in wanted.polygon],
        before=before,
        after=after,
        measures=tuple(dict.fromkeys(wanted.measures)),
        bin_s=60 * wanted.bin_minutes,
        created=now(),
        created_by=actor.id,
        created_name=actor.name,
    )
    await audited(request, actor, "experiment.create", f"experiment:{made.id}", {"name": made.name})
    return _item(await office.store.add(made))


@router.get("/{experiment}", responses=_STORED, dependencies=_SEES)
async def get_experiment(office: OfficeOf, experiment: ExperimentId) -> ExperimentItem:
    """Give one experiment."""
    return _item(await office.store.get(experiment))


@router.get("/{experiment}/result", responses=_STORED, dependencies=_SEES)
async def get_experiment_result(request: Request, office: OfficeOf, experiment: ExperimentId) -> ExperimentResult:
    """Give the difference of each measure with interval and significance; kept once both periods are over."""
    known = await office.store.get(experiment)
    found = await ask(request, lambda reader: office.result(known, reader))
    return ExperimentResult.model_validate({"id": known.id, "status": _status(known), **found})


def _status(experiment: Experiment) -> str:
    if now() < experiment.after.start:
        return "waiting"
    return "running" if now() < experiment.after.end else "done"


def _item(each: Experiment) -> ExperimentItem:
    return ExperimentItem(
        id=each.id,
        name=each.name,
        note=each.note,
        links=list(each.links),
        polygon=each.polygon,
        before=_period(each.before),
        after=_period(each.after),
        measures=list(each.measures),
        bin_minutes=each.bin_s // 60,
        created=as_time(each.created),
        created_by=each.created_name,
        status=_status(each),
    )


def _period(period: Period) -> PeriodItem:
    return PeriodItem.model_validate({"start": as_time(period.start), "end": as_time(period.end)})
