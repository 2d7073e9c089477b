"""What the OpenAPI of every public operation has in common."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Header
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
from shared.idempotency import KEEP
from shared.problems import problem_responses

Responses = dict[int | str, dict[str, Any]]


def read_problems(*errors: type[AppError]) -> Responses:
    """What a GET can answer besides its own refusals."""
    return problem_responses(UnauthorizedError, RateLimitedError, DependencyUnavailableError, *errors)


def write_problems(*errors: type[AppError]) -> Responses:
    """What a PUT, PATCH or DELETE can answer besides its own refusals."""
    return read_problems(PayloadTooLargeError, NotFoundError, *errors)


def post_problems(*errors: type[AppError]) -> Responses:
    """What a POST can answer besides its own refusals."""
    return write_problems(IdempotencyKeyReusedError, RequestInProgressError, *errors)


async def _documented(
    idempotency_key: Annotated[
        str | None,
        Header(
            description=f"Any text of 1 to 255 characters. The same key with the same body within {KEEP // timedelta(hours=1)} "
            "hours gives the first answer again and does nothing twice.",
            examples=["order-4711"],
        ),
    ] = None,
) -> None:
    """Only for the docs: `shared.idempotency` reads the header itself."""


IDEMPOTENT = Depends(_documented)
"""Shows the Idempotency-Key header at an operation."""
