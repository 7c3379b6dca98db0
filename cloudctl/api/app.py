"""The gateway's web application: routes in one list."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI

from cloudctl.api import happenings, live, network_routes, readiness, road_users, roads
from cloudctl.api.headers import SecurityHeaders
from cloudctl.api.pages import mount_pages
from cloudctl.api.problems import install_problem_handlers
from cloudctl.api.services import Services

ROUTERS = (
    network_routes.router,
    road_users.router,
    roads.router,
    happenings.router,
    live.router,
    readiness.router,
)
Background = Callable[[], Coroutine[None, None, None]]


def make_app(services: Services, tiles: Path, background: Sequence[Background] = ()) -> FastAPI:
    """Make the application; `background` runs from start to end of it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(job(), name=f"gateway {number}") for number, job in enumerate(background)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    app = FastAPI(
        title="V2X Cloud Control",
        version="1",
        summary="City-wide traffic picture: road users, links, signals, incidents, advisories.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.add_middleware(SecurityHeaders, measures=services.measures)
    install_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    mount_pages(app, tiles)
    return app
