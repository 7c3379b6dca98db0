"""How routes ask the store: bounded in time, given up when the client goes; looks at tracks are entered first."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import Query, Request
from pydantic import AwareDatetime

from cloudctl.access.permissions import current_actor
from cloudctl.api.errors import ProblemError
from cloudctl.api.services import Services
from cloudctl.store.errors import CursorError, StoreDownError, StoreError, StoreSlowError
from cloudctl.store.reader import StoreReader

Start = Annotated[AwareDatetime, Query(description="From this time on, RFC 3339.")]
End = Annotated[AwareDatetime, Query(description="Before this time, RFC 3339.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Items on a page.")]
StoreCursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
Purpose = Annotated[str, Query(min_length=1, max_length=200, description="Why; it is entered in the audit log.")]
DEFAULT_LIMIT = 1000
DEFAULT_PURPOSE = "traffic operation"
LOOK_EVERY_S = 0.25
"""How often we see whether the client is still there."""
CLIENT_GONE = 499
T = TypeVar("T")


def span(start: datetime, end: datetime, most: timedelta) -> tuple[float, float]:
    """Give both ends as UTC epoch s; raise ProblemError where they are the wrong way round or too far apart."""
    if not timedelta() < end - start <= most:
        raise ProblemError(422, "Unusable time", f"end must follow start by at most {most}")
    return start.timestamp(), end.timestamp()


async def ask(request: Request, question: Callable[[StoreReader], Awaitable[T]]) -> T:
    """Ask the store for a request; a client that goes away meanwhile takes its question with it.

    Raises:
        ProblemError: the store is not there (503), takes too long (504), or the cursor is not one of ours (422).
    """
    store = Services.of(request).store
    if store is None or not await store.reachable():
        raise ProblemError(503, "No history", "the database does not answer")
    try:
        return await while_wanted(request, question(store.questions))
    except CursorError as fault:
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged") from fault
    except StoreSlowError as fault:
        raise ProblemError(504, "Took too long", "ask for a shorter time or a smaller area") from fault
    except StoreDownError as fault:
        raise ProblemError(503, "No history", "the database does not answer") from fault


async def while_wanted(request: Request, work: Awaitable[T]) -> T:
    """Do some work as long as the client waits for it.

    Raises:
        ProblemError: the client went away (499, which nobody reads).
    """
    task = asyncio.ensure_future(work)
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=LOOK_EVERY_S)
            if done:
                return task.result()
            if await request.is_disconnected():
                raise ProblemError(CLIENT_GONE, "Client gone", "nobody waits for the answer")
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError, StoreError):
                await task


async def enter_look(request: Request, purpose: str, what: dict[str, object]) -> None:
    """Enter in the audit log that somebody looks at trajectories; what cannot be entered is not answered.

    Raises:
        AuditUnavailableError: the log takes no entries.
    """
    actor = await current_actor(request)
    entry = {"route": request.url.path} | what
    await Services.of(request).audit.record_look(actor.id, purpose, entry)
