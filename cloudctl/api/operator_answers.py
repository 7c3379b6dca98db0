"""Answers about operators' work: what the engine said of an order, what is shown of a kind."""

from typing import Annotated

from fastapi import Path

from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.errors import ProblemError
from cloudctl.api.operator_models import WorkItem
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.work import WorkKind
from cloudctl.incidents.work_store import Work
from cloudctl.publish.commands import CommandReply, CommandStatus

WorkId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9a-zA-Z-]+$")]


def answer(work: Work, reply: CommandReply | None) -> WorkItem:
    """Make the answer to an order; raise ProblemError (409) where the engine refused it."""
    if reply is not None and reply.status is not CommandStatus.DONE:
        raise ProblemError(409, "Refused by the engine", reply.detail)
    return WorkItem.of(work, told=reply is not None)


def shown_of_kind(desk: Desk, kind: WorkKind, sight: DistrictSight | None = None) -> list[WorkItem]:
    """List what is shown of a kind, the newest first; only what lies in the districts in sight, None for all."""
    found = [work for work in desk.work.work if work.kind == kind]
    return [WorkItem.of(work) for work in found if sight is None or sight.work(work.content)]


async def ended_item(desk: Desk, kind: WorkKind, work: str) -> WorkItem:
    """Give what has just been ended."""
    return WorkItem.of(await desk.work.store.get(kind, work))
