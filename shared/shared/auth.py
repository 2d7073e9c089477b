"""Bearer tokens of operators and services: compared in constant time."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from shared.errors import UnauthorizedError

_operator_bearer = HTTPBearer(auto_error=False, scheme_name="Operator key", description="`Bearer <OPERATOR_KEY>`")
_service_bearer = HTTPBearer(auto_error=False, scheme_name="Service token", description="Between services only.")
creator_bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Bearer mp_...`, from `POST /v1/accounts`.")

Guard = Callable[..., Awaitable[None]]


def same_secret(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def require_operator(expected: SecretStr) -> Guard:
    """A dependency that lets only the operator's key through.

    Raises (in the request): UnauthorizedError.
    """

    async def guard(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_operator_bearer)]) -> None:
        _check(credentials, expected)

    return guard


def require_service(expected: SecretStr) -> Guard:
    """A dependency that lets only other services through (`/internal/...`).

    Raises (in the request): UnauthorizedError.
    """

    async def guard(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_service_bearer)]) -> None:
        _check(credentials, expected)

    return guard


def check_service(authorization: str | None, expected: SecretStr) -> None:
    """Let only other services through, by the header itself: `require_service` without FastAPI's part of it.

    Raises:
        UnauthorizedError: the header is missing or holds another token.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not same_secret(token, expected.get_secret_value()):
        raise UnauthorizedError


def _check(credentials: HTTPAuthorizationCredentials | None, expected: SecretStr) -> None:
    if credentials is None or not same_secret(credentials.credentials, expected.get_secret_value()):
        raise UnauthorizedError
