"""Faults of the keeping of personal data as problem+json (RFC 9457)."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from cloudctl.api.problems import problem
from cloudctl.privacy.errors import (
    AuditUnavailableError,
    BasisError,
    PrivacyError,
    UnknownSubjectError,
    UnusableEntryError,
)

_STATUS: tuple[tuple[type[PrivacyError], int, str], ...] = (
    (AuditUnavailableError, 503, "No audit, no answer"),
    (UnknownSubjectError, 404, "No such subject"),
    (UnusableEntryError, 422, "Not to be kept"),
    (BasisError, 409, "Not possible on this basis"),
    (PrivacyError, 503, "Personal data cannot be handled now"),
)


def install_privacy_problems(app: FastAPI) -> None:
    """Turn these faults into problems."""
    app.add_exception_handler(PrivacyError, _privacy_error)


async def _privacy_error(request: Request, fault: Exception) -> JSONResponse:
    if not isinstance(fault, PrivacyError):
        raise fault
    status, title = next((status, title) for kind, status, title in _STATUS if isinstance(fault, kind))
    answer = problem(status, title, str(fault), request.url.path)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer
