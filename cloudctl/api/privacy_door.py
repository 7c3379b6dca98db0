"""What every route of personal data needs first."""

from http import HTTPStatus

from fastapi import Request

from cloudctl.api.models import Problem
from cloudctl.api.privacy_office import PrivacyOffice
from cloudctl.api.problems import MEDIA_TYPE
from cloudctl.api.services import Services
from cloudctl.privacy.errors import PersonalDataDownError

PRIVACY_RESPONSES: dict[int | str, dict[str, object]] = {
    status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
    for status in (404, 409, 422, 503)
}
"""OpenAPI entry of the problems that these routes may answer with."""


def office(request: Request) -> PrivacyOffice:
    """Give the office; raise PersonalDataDownError where the gateway has none."""
    found = Services.of(request).privacy
    if found is None:
        raise PersonalDataDownError("this gateway was made without one")
    return found


async def enter(request: Request, actor: str, action: str, detail: dict[str, object]) -> None:
    """Enter what is about to be done with personal data; raise AuditUnavailableError where that cannot be written."""
    await Services.of(request).audit.record(actor, action, "personal data", detail)
