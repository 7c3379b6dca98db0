"""The gateway's web application: routes in one list."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI

from cloudctl.access import provider_routes, sign_in_routes, user_routes
from cloudctl.access.origins import Hosts
from cloudctl.access.permissions import check_routes
from cloudctl.api import (
    corridor_routes,
    dead_letters,
    device_delivery,
    device_frames,
    device_groups,
    device_routes,
    district_outlines,
    green_wave_routes,
    happenings,
    history_routes,
    incident_desk,
    live,
    maas_routes,
    network_routes,
    ondemand_routes,
    ondemand_shuttle,
    operator_events,
    operator_holds,
    parking_routes,
    privacy_audit,
    privacy_consents,
    privacy_unmask,
    privacy_withdrawals,
    readiness,
    road_users,
    roads,
    routing_routes,
    signal_experiments,
    signal_routes,
    traffic_state,
    transit_feeds,
    transit_orders,
    transit_routes,
    transit_socket,
)
from cloudctl.api.guard import Guard
from cloudctl.api.headers import SecurityHeaders
from cloudctl.api.openapi_document import document_refusals
from cloudctl.api.pages import mount_pages
from cloudctl.api.privacy_problems import install_privacy_problems
from cloudctl.api.problems import install_problem_handlers
from cloudctl.api.services import Services
from cloudctl.api.supervision import Job, keep_going, name_of

ROUTERS = (
    network_routes.router,
    district_outlines.router,
    road_users.router,
    traffic_state.router,
    roads.router,
    routing_routes.router,
    green_wave_routes.router,
    signal_routes.router,
    signal_experiments.router,
    happenings.router,
    transit_feeds.router,
    transit_routes.router,
    transit_orders.router,
    transit_socket.router,
    live.router,
    readiness.router,
    device_routes.router,
    device_frames.router,
    device_groups.router,
    device_delivery.router,
    dead_letters.router,
    sign_in_routes.router,
    provider_routes.router,
    user_routes.router,
    privacy_consents.router,
    privacy_withdrawals.router,
    privacy_unmask.router,
    privacy_audit.router,
    *history_routes.ROUTERS,
    incident_desk.router,
    operator_events.router,
    operator_holds.router,
    corridor_routes.router,
    parking_routes.router,
    maas_routes.router,
    ondemand_routes.router,
    ondemand_shuttle.router,
)


def make_app(services: Services, tiles: Path, background: Sequence[Job] = (), hosts: Hosts | None = None) -> FastAPI:
    """Make the application; `background` runs from start to end of it; without `hosts` it answers to every name."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        failed = services.measures.failed_tasks
        tasks = [
            asyncio.create_task(
                keep_going(job, lambda name: failed.labels(name).inc(), time.monotonic), name=name_of(job)
            )
            for job in background
        ]
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
    app.state.access = services.access
    app.add_middleware(
        Guard, hosts=hosts, clock=time.monotonic, count=lambda reason: services.measures.guarded.labels(reason).inc()
    )
    app.add_middleware(SecurityHeaders, measures=services.measures)
    install_problem_handlers(app)
    install_privacy_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    mount_pages(app, tiles)
    check_routes(app.routes)
    document_refusals(app)
    return app
