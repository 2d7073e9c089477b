"""RFC 9457 problem details: the one form in which every service says that something is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from shared.errors import AppError, DependencyUnavailableError, NotFoundError, PayloadTooLargeError, ValidationFailedError
from shared.logging import get_logger
from shared.request_id import current_request_id

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_INPUT_SOURCES = {"body", "query", "path", "header", "cookie"}


class Problem(BaseModel):
    """What every error looks like (RFC 9457). `code` is stable; `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:memberpass:problem:not_found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing with this id."])
    code: str = Field(examples=["not_found"])
    request_id: str | None = Field(examples=["9f0c5d3b6c0f4a5e9c3f6f1f2a7b8c9d"])


def render(
    status: int,
    code: str,
    title: str,
    detail: str,
    extensions: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response."""
    document = {
        "type": f"urn:memberpass:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": current_request_id(),
        **(extensions or {}),
    }
    return Response(orjson.dumps(document), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def render_error(error: AppError) -> Response:
    """An expected failure as a response."""
    return render(error.problem_status, error.problem_code, error.problem_title, error.detail, error.extensions, error.headers)


def problem_responses(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of an operation: its problem types by status, each with an example.

    422 is always there: every operation can be asked in a wrong form.
    """
    by_status: dict[int, list[type[AppError]]] = {}
    kinds: tuple[type[AppError], ...] = (*errors, ValidationFailedError)
    for error in kinds:
        listed = by_status.setdefault(int(error.status), [])
        if error not in listed:
            listed.append(error)
    return {status: _describe(status, listed) for status, listed in sorted(by_status.items())}


def _describe(status: int, errors: list[type[AppError]]) -> dict[str, Any]:
    examples = {error.code: {"summary": error.title, "value": _example(status, error)} for error in errors}
    return {
        "model": Problem,
        "description": ", ".join(f"`{error.code}`: {error.title}" for error in errors),
        "content": {MEDIA_TYPE: {"examples": examples}},
    }


def _example(status: int, error: type[AppError]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": f"urn:memberpass:problem:{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.title,
        "code": error.code,
        "request_id": "9f0c5d3b6c0f4a5e9c3f6f1f2a7b8c9d",
    }
    if issubclass(error, ValidationFailedError):
        document["errors"] = [{"field": "quantity", "message": "Input should be a valid integer"}]
    return {**document, **error.shown}


@dataclass(frozen=True)
class Outage:
    """How to tell that a part is away: exceptions of these kinds for which `is_away` says so.

    Args:
        what: the part, for the sentence a client reads.
        kinds: what its driver raises.
        is_away: whether one of them means an outage (and not, say, a broken constraint).
    """

    what: str
    kinds: tuple[type[Exception], ...]
    is_away: Callable[[Exception], bool]


def render_surprise(error: Exception, outages: Sequence[Outage]) -> Response:
    """A failure that nobody expected: 503 with Retry-After if a part is away, else 500, recorded in the log."""
    away = next((outage.what for outage in outages if isinstance(error, outage.kinds) and outage.is_away(error)), None)
    if away is not None:
        log.warning("dependency_unavailable", what=away, error=type(error).__name__)
        return render_error(DependencyUnavailableError(away))
    log.error("unhandled_error", exc_info=error)
    return render(
        500, "internal_error", "Something broke on our side", "It was recorded; name the request_id if you write to us."
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Make every expected failure of the app a problem document; for the others see `render_surprise`."""

    async def on_app_error(_: Request, error: Exception) -> Response:
        return render_error(cast("AppError", error))

    async def on_invalid(_: Request, error: Exception) -> Response:
        listed = cast("RequestValidationError", error).errors()
        return render_error(ValidationFailedError([_wrong(item) for item in listed]))

    async def on_http(request: Request, surprise: Exception) -> Response:
        error = cast("HTTPException", surprise)
        if error.status_code == HTTPStatus.NOT_FOUND:
            return render_error(NotFoundError("There is nothing at this address."))
        if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for bytes that are no text, or nested too deep
            return render_error(ValidationFailedError([("body", "can't be read as JSON")]))
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return render_error(PayloadTooLargeError(str(error.detail)))
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods_at(request)))
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_").replace("-", "_")
        return render(error.status_code, code, phrase, str(error.detail), headers=headers)

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _methods_at(request: Request) -> set[str]:
    """What is allowed at this address: each of our routes has one method and knows of no other."""
    ours = [route for route in request.app.routes if isinstance(route, APIRoute)]
    return {method for route in ours if route.matches(request.scope)[0] is not Match.NONE for method in route.methods or ()}


def _wrong(item: Mapping[str, Any]) -> tuple[str, str]:
    """The field and what is wrong with it, out of pydantic's words."""
    if item["type"] == "json_invalid":  # its place is a position in the text, which is no field
        return "body", f"is no JSON: {item['ctx']['error']}"
    return _field(item["loc"]), item["msg"].removeprefix("Value error, ")


def _field(location: tuple[int | str, ...]) -> str:
    inner = location[1:] if location and location[0] in _INPUT_SOURCES else location
    return ".".join(str(part) for part in inner) or str(location[0] if location else "body")
