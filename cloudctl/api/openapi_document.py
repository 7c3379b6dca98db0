"""The OpenAPI document: what every route may answer besides its own answers, from what the route declares."""

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI

from cloudctl.access.permissions import DeclaredRoute, declared_routes
from cloudctl.access.roles import ROLES
from cloudctl.api.models import Problem
from cloudctl.api.problems import MEDIA_TYPE

ALWAYS = (403, 421, 429)
"""Another site asks, a strange host name, too often."""
SIGNED_IN = (401, 403, 503)
"""Nobody is signed in, the role is another, the accounts do not answer."""
WITH_INPUT = (422,)
SECURITY: dict[str, object] = {
    "token": {"type": "http", "scheme": "bearer", "description": "API token of a program."},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-v2x", "description": "Session of a browser."},
}
Document = dict[str, object]


def document_refusals(app: FastAPI) -> None:
    """Let an application tell in its OpenAPI document what a route needs and how it refuses."""
    plain: Callable[[], Document] = app.openapi

    def openapi() -> Document:
        document = plain()
        if "securitySchemes" not in _part(document, "components"):
            for route in declared_routes(app.routes):
                _complete(_part(document, "paths"), route)
            _part(document, "components")["securitySchemes"] = SECURITY
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of changing it


def _complete(paths: Document, route: DeclaredRoute) -> None:
    for method in route.methods:
        operation = _part(paths, route.path).get(method.lower())
        if not isinstance(operation, dict):
            continue
        answers = _part(operation, "responses")
        for code, answer in answers.items():
            if code.isdigit() and code >= "400" and isinstance(answer, dict) and "content" not in answer:
                answers[code] = answer | {"content": _refusal(int(code))["content"]}
        wanted = ALWAYS + (SIGNED_IN if route.needs else ()) + (WITH_INPUT if "422" in answers else ())
        for status in wanted:
            found = answers.get(str(status))
            if not isinstance(found, dict) or status == HTTPStatus.UNPROCESSABLE_ENTITY:
                answers[str(status)] = _refusal(status)
            else:
                _part(found, "content").setdefault(MEDIA_TYPE, {"schema": Problem.model_json_schema()})
        if route.needs:
            operation["security"] = [{"session": []}, {"token": []}]
            operation["x-permissions"] = sorted(route.needs)
            operation["x-roles"] = sorted(role for role, has in ROLES.items() if route.needs <= has)


def _refusal(status: int) -> Document:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }


def _part(document: Document, name: str) -> Document:
    return cast("Document", document.setdefault(name, {}))
