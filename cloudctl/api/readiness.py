"""`/healthz`, `/readyz` and `/metrics`."""

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest

from cloudctl.access.permissions import public
from cloudctl.api.exposition import merged_exposition
from cloudctl.api.models import Check, Readiness
from cloudctl.api.services import Services, now

FRESH_S = 3.0
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["operation"], dependencies=[public()])


@router.get("/healthz")
async def get_health() -> dict[str, str]:
    """Say that the process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
async def get_readiness(request: Request, response: Response) -> Readiness:
    """Say whether broker, picture and database are there."""
    services = Services.of(request)
    age = services.state.picture_age(now())
    stored = await services.history.reachable()
    connected = services.state.connected
    checks = {
        "broker": Check(ok=connected, detail="connected" if connected else "no connection to the MQTT broker"),
        "picture": Check(
            ok=age is not None and age < FRESH_S,
            detail="no picture yet" if age is None else f"{age:.1f} s old, fresh is below {FRESH_S:.0f} s",
        ),
        "database": Check(ok=stored, detail="answers" if stored else "does not answer"),
    }
    ready = all(check.ok for check in checks.values())
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, checks=checks)


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request) -> Response:
    """Give the metrics of the gateway and of every process that reports its health (Prometheus text)."""
    services = Services.of(request)
    texts = {name: report.metrics for name, report in list(services.state.health.items()) if report.metrics}
    texts["gateway"] = generate_latest(services.measures.registry).decode("utf-8")
    return Response(merged_exposition(texts), media_type=METRICS_TYPE)
