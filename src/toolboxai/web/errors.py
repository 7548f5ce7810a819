"""Every error in one shape: ``{"error_code", "message", "details", "request_id"}``."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from toolboxai.errors import ProviderUnavailable, RateLimitExceeded, RequestError

__all__ = [
    "REQUEST_ID",
    "AsciiJson",
    "ErrorAnswer",
    "error_response",
    "faults_of",
    "handle_errors",
    "internal_error",
    "refused",
]

_log = logging.getLogger(__name__)

_PASSING_S: Final = 5  # after so many seconds another try is worth it
REQUEST_ID: Final = "toolboxai.request_id"  # key in the ASGI scope

# What the framework itself refuses, by status; any other status is told by its own name.
_CODES: Final[Mapping[int, str]] = {
    401: "AUTHENTICATION_REQUIRED",
    403: "INSUFFICIENT_PERMISSIONS",
    404: "RESOURCE_NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
}


class ErrorAnswer(BaseModel):
    """Every error: a code in capitals, a sentence, the facts, and the id under which it is logged."""

    error_code: str
    message: str
    details: dict[str, Any]
    request_id: str


def handle_errors(api: FastAPI, *, passing: Sequence[type[Exception]] = ()) -> None:
    """Answer every error that a route or the framework raises in the one shape.

    Args:
        api: gets the handlers.
        passing: answered with 503 and ``Retry-After``, and logged.
    """
    api.add_exception_handler(RequestError, _on_request_error)
    api.add_exception_handler(RequestValidationError, _on_validation_error)
    api.add_exception_handler(HTTPException, _on_http_exception)
    for kind in passing:
        api.add_exception_handler(kind, _on_passing_fault)


def error_response(
    scope: Mapping[str, Any],
    status: int,
    error_code: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for an error.

    Args:
        scope: the ASGI scope of the request.
        status: the HTTP status.
        error_code: in capitals.
        message: what was wrong, what is allowed, what to do next.
        details: JSON object with the facts.
        headers: beside the usual ones.
    """
    body = {
        "error_code": error_code,
        "message": message,
        "details": dict(details or {}),
        "request_id": scope.get(REQUEST_ID),
    }
    return AsciiJson(body, status_code=status, headers=dict(headers or {}))


def internal_error(scope: Mapping[str, Any]) -> Response:
    """The answer for an error of our own: nothing of it but the id under which it was logged."""
    return error_response(
        scope, 500, "INTERNAL_ERROR", "something went wrong on our side; it was logged under this request_id"
    )


class AsciiJson(JSONResponse):
    """JSON in ASCII: a message may quote a stranger's half character, which UTF-8 cannot carry."""

    def render(self, content: Any) -> bytes:
        """See starlette."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def refused(scope: Mapping[str, Any], fault: RequestError) -> Response:
    """The answer for a request that is refused; for a route that has more to say in it than that."""
    headers: dict[str, str] = {}
    if fault.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if fault.status == HTTPStatus.REQUEST_TIMEOUT:
        headers["Connection"] = "close"  # the rest of it would come before the next request
    if isinstance(fault, RateLimitExceeded | ProviderUnavailable) and fault.retry_after_s is not None:
        headers["Retry-After"] = str(fault.retry_after_s)
    return error_response(
        scope, fault.status, fault.error_code, fault.message, details=fault.details, headers=headers
    )


async def _on_request_error(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestError)  # registered for it
    return refused(request.scope, fault)


async def _on_passing_fault(request: Request, fault: Exception) -> Response:
    _log.error(
        "something that requests need did not answer",
        exc_info=fault,
        extra={"request_id": request.scope.get(REQUEST_ID), "path": request.url.path},
    )
    return error_response(
        request.scope,
        ProviderUnavailable.status,
        ProviderUnavailable.error_code,
        f"the database does not answer at this moment; try again in {_PASSING_S} s",
        details={"retry_after": _PASSING_S},
        headers={"Retry-After": str(_PASSING_S)},
    )


async def _on_validation_error(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)  # registered for it
    fields, told = faults_of(fault.errors())
    return error_response(
        request.scope,
        422,
        "VALIDATION_ERROR",
        f"the request does not fit: {told}",
        details={"fields": fields},
    )


def faults_of(errors: Sequence[Any]) -> tuple[dict[str, str], str]:
    """What pydantic found wrong: by field, and as one text."""
    fields = {_field(error["loc"]): _problem(error) for error in errors}
    return fields, "; ".join(f"{field}: {problem}" for field, problem in fields.items())


def _field(loc: Sequence[Any]) -> str:
    """``learning_objectives.0.title`` for a field of the body, ``query.after`` for others."""
    parts = list(loc)
    if parts and parts[0] == "body":
        parts = [part for part in parts[1:] if not (isinstance(part, int) and len(parts) == 2)] or ["body"]
    return ".".join(str(part) for part in parts)


def _problem(error: Mapping[str, Any]) -> str:
    """What is wrong, without what was sent: that may be a password."""
    if error["type"] == "json_invalid":
        return f"is not JSON: {error['ctx']['error']} at character {error['loc'][-1]}"
    if error["type"] == "extra_forbidden":
        return "no such field; leave it out, or see /docs for those there are"
    return str(error["msg"]).removeprefix("Value error, ")


async def _on_http_exception(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)  # registered for it
    status = fault.status_code
    message = str(fault.detail)
    if status == HTTPStatus.BAD_REQUEST and "parsing the body" in message:
        status, message = 422, "the body cannot be read; send what Content-Type says, JSON in UTF-8"
    elif status == HTTPStatus.NOT_FOUND and message == "Not Found":
        message = f"there is nothing at {request.url.path}"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (fault.headers or {}).get("Allow", "another method")
        message = f"{request.method} is not possible at {request.url.path}; use {allowed}"
    code = _CODES.get(status) or HTTPStatus(status).name
    return error_response(request.scope, status, code, message, headers=fault.headers)
