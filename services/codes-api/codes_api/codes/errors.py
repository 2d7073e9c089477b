"""Why a code is refused: to the member who redeems it, or to the creator who revokes it (`contract.md`, codes-api).

The details are for the caller's log and docs; what a member reads is worded by the bot from `code`. None holds a code.
"""

from datetime import datetime
from http import HTTPStatus

from shared.calendar import rfc3339
from shared.errors import AppError


class CodeMistypedError(AppError):
    """It has not the form of a code, or its check symbol is wrong (`rules.md` C1). Nothing was looked up."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "code_mistyped"
    title = "The code was mistyped"


class CodeUnknownError(AppError):
    """There is no such code in this project (`rules.md` C2)."""

    status = HTTPStatus.NOT_FOUND
    code = "code_unknown"
    title = "There is no such code in this project"


class CodeExpiredError(AppError):
    """The code ended unredeemed (`rules.md` C3, C4). The problem carries `expired_at`."""

    status = HTTPStatus.GONE
    code = "code_expired"
    title = "The code has expired"

    def __init__(self, expired_at: datetime) -> None:
        at = rfc3339(expired_at)
        super().__init__(f"This code expired on {at}.", extensions={"expired_at": at})


class CodeAlreadyRedeemedError(AppError):
    """The code was redeemed before (`rules.md` C6)."""

    status = HTTPStatus.CONFLICT
    code = "code_already_redeemed"
    title = "The code is already redeemed"


class CodeRevokedError(AppError):
    """The creator took the code back (`rules.md` C5)."""

    status = HTTPStatus.GONE
    code = "code_revoked"
    title = "The code was revoked"


class LifetimeLimitReachedError(AppError):
    """The creator's plan allows no further lifetime membership (`rules.md` M4). The code stays unredeemed."""

    status = HTTPStatus.CONFLICT
    code = "lifetime_limit_reached"
    title = "The creator's limit of lifetime memberships is reached"


class TooManyAttemptsError(AppError):
    """The member has guessed wrong too often and has to wait (`rules.md` C7). Retry-After is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_attempts"
    title = "Too many wrong codes"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Try again in {retry_after} seconds.", headers={"Retry-After": str(retry_after)})


class BatchNotReadyError(AppError):
    """The batch's codes are not generated yet."""

    status = HTTPStatus.CONFLICT
    code = "batch_not_ready"
    title = "The batch is not generated yet"
