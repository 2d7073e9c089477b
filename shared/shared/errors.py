"""Expected failures. Each has a stable `code`; `shared.problems` renders them as RFC 9457 problem details.

A service's own refusals subclass `AppError` in the noun's `errors.py`; here are those that every service can meet.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar

from typing_extensions import override


class AppError(Exception):
    """A failure that the caller is told about.

    Class attributes are the contract (`status`, `code`, `title`; `shown`: the extensions as the docs show them), the instance
    adds what happened this time.

    Args:
        detail: one sentence for a person; never a secret, never a code's value.
        extensions: further members of the problem document (JSON values).
        headers: further response headers, such as Retry-After.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "Bad request"
    shown: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init__(
        self,
        detail: str | None = None,
        *,
        extensions: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.title
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    @property
    def problem_status(self) -> int:
        """The HTTP status this instance answers with."""
        return int(self.status)

    @property
    def problem_code(self) -> str:
        """The stable code this instance answers with."""
        return self.code

    @property
    def problem_title(self) -> str:
        """The short, unchanging summary this instance answers with."""
        return self.title


class RemoteProblem(AppError):
    """Another service refused, and its refusal is passed on as it is: same status, code, detail and extensions."""

    code = "remote_problem"
    title = "Another service refused"

    def __init__(
        self, *, status: int, code: str, title: str, detail: str, extensions: Mapping[str, Any], headers: Mapping[str, str]
    ) -> None:
        super().__init__(detail, extensions=extensions, headers=headers)
        self._status, self._code, self._title = status, code, title

    @property
    @override
    def problem_status(self) -> int:
        return self._status

    @property
    @override
    def problem_code(self) -> str:
        return self._code

    @property
    @override
    def problem_title(self) -> str:
        return self._title


class NotFoundError(AppError):
    """There is no such thing for this caller; another creator's thing does not exist either."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    title = "Not found"


class UnauthorizedError(AppError):
    """The credentials are missing or unknown."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"
    title = "Missing or unknown credentials"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or "Send `Authorization: Bearer <key>`.", headers={"WWW-Authenticate": "Bearer"})


class ValidationFailedError(AppError):
    """A field is not as it must be. `errors` lists each field with its message."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "validation_failed"
    title = "The request is not valid"

    def __init__(self, errors: Sequence[tuple[str, str]], detail: str | None = None) -> None:
        listed = [{"field": field, "message": message} for field, message in errors]
        super().__init__(detail or "; ".join(f"{field}: {message}" for field, message in errors), extensions={"errors": listed})


class FieldError(ValidationFailedError):
    """A 422 with a code of its own that names one field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__([(field, message)], detail=message)


class PayloadTooLargeError(AppError):
    """The body is larger than the service reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "payload_too_large"
    title = "The request body is too large"


class RateLimitedError(AppError):
    """Too many requests with one key (or from one address). Retry-After is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Try again in {retry_after} seconds.", headers={"Retry-After": str(retry_after)})


class IdempotencyKeyReusedError(AppError):
    """The Idempotency-Key came before with another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"
    title = "The idempotency key was used for another request"


class RequestInProgressError(AppError):
    """A request with this Idempotency-Key is still being worked on."""

    status = HTTPStatus.CONFLICT
    code = "request_in_progress"
    title = "A request with this idempotency key is in progress"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class DependencyUnavailableError(AppError):
    """A part that this request needs is away for the moment. Nothing was half done; ask again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "dependency_unavailable"
    title = "A part of the service is away for the moment"

    def __init__(self, what: str, retry_after: int = 5) -> None:
        super().__init__(
            f"{what} can't be reached. Nothing was changed; try again in {retry_after} seconds.",
            headers={"Retry-After": str(retry_after)},
        )
