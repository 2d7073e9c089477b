"""What the OpenAPI of every public operation has in common."""

from typing import Any

from shared.errors import (
    AppError,
    DependencyUnavailableError,
    IdempotencyKeyReusedError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    RequestInProgressError,
    UnauthorizedError,
)
from shared.problems import problem_responses

Responses = dict[int | str, dict[str, Any]]


def read_problems(*errors: type[AppError]) -> Responses:
    """What a GET can answer besides its own refusals."""
    return problem_responses(*errors, UnauthorizedError, RateLimitedError, DependencyUnavailableError)


def write_problems(*errors: type[AppError]) -> Responses:
    """What a PUT, PATCH or DELETE can answer besides its own refusals."""
    return read_problems(*errors, PayloadTooLargeError, NotFoundError)


def post_problems(*errors: type[AppError]) -> Responses:
    """What a POST can answer besides its own refusals."""
    return write_problems(*errors, IdempotencyKeyReusedError, RequestInProgressError)
