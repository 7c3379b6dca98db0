"""Every error of the HTTP API is problem+json (RFC 9457)."""

from contextlib import suppress
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cloudctl.access.errors import AccessError, ForbiddenError
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import Problem
from cloudctl.api.services import Services
from cloudctl.errors import CloudctlError

MEDIA_TYPE = "application/problem+json"
Responses = dict[int | str, dict[str, object]]


def problem_responses(*statuses: int) -> Responses:
    """Make the OpenAPI entry of problems."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


RESPONSES = problem_responses(404, 422)
"""OpenAPI entry of the problems that a route may answer with."""

_log = structlog.get_logger("gateway.http")


def problem(status: int, title: str, detail: str, instance: str) -> JSONResponse:
    """Make a problem answer."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}
    return JSONResponse(content, status, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Turn all errors of an app into problems."""
    app.add_exception_handler(ProblemError, _problem_error)
    app.add_exception_handler(AccessError, _access_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _problem_error(request: Request, fault: Exception) -> JSONResponse:
    if not isinstance(fault, ProblemError):
        raise fault
    return problem(fault.status, fault.title, fault.detail, request.url.path)


async def _access_error(request: Request, fault: Exception) -> JSONResponse:
    if not isinstance(fault, AccessError):
        raise fault
    if isinstance(fault, ForbiddenError):
        # a refusal stands whether or not it can be noted
        with suppress(CloudctlError):
            await Services.of(request).audit.record(
                fault.actor, "refused", request.url.path, {"permission": fault.permission, "method": request.method}
            )
    answer = problem(fault.status, fault.title, str(fault), request.url.path)
    answer.headers.update(fault.headers)
    return answer


async def _http_error(request: Request, fault: Exception) -> JSONResponse:
    if not isinstance(fault, HTTPException):
        raise fault
    answer = problem(fault.status_code, HTTPStatus(fault.status_code).phrase, str(fault.detail), request.url.path)
    answer.headers.update(fault.headers or {})
    return answer


async def _invalid(request: Request, fault: Exception) -> JSONResponse:
    if not isinstance(fault, RequestValidationError):
        raise fault
    first = fault.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return problem(422, "Unusable request", f"{name}: {first['msg']}", request.url.path)


async def _unexpected(request: Request, fault: Exception) -> JSONResponse:
    _log.error("request failed", path=request.url.path, exc_info=fault)
    return problem(500, "Internal error", "the log of the gateway names the reason", request.url.path)
