"""Which failures can pass, and how long to wait before the next try. Pure.

Three kinds. What can pass (an owner is away, overloaded, or somebody else holds the lease) is tried again for about
a day, which is as long as arq keeps a job. A refusal can't pass: asking again gets the same answer. A surprise is a bug
on one of the two sides; a new release may mend it, so that it is tried for ten minutes, in full view of the logs.
"""

from enum import StrEnum
from http import HTTPStatus

from redis.exceptions import RedisError
from shared.errors import AppError, DependencyUnavailableError, RemoteProblem

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 30.0
OUTAGE_TRIES = 2500
SURPRISE_TRIES = 30

# 401 and 403 are about our own token, never about the request: an operator mends it, and no event may be lost meanwhile.
_PASSING_STATUSES = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_PASSING_CODES = {"delivery_leased", "request_in_progress"}


class ComeBackError(Exception):
    """Nothing is wrong, it is only too early.

    Args:
        after: seconds.
    """

    def __init__(self, after: float) -> None:
        self.after = after
        super().__init__(f"come back in {after:g} s")


class Kind(StrEnum):
    """What to make of a failure."""

    EARLY = "early"
    PASSING = "passing"
    REFUSED = "refused"
    SURPRISE = "surprise"


def kind_of(error: Exception) -> Kind:
    """What to make of a failure."""
    if isinstance(error, ComeBackError):
        return Kind.EARLY
    if isinstance(error, DependencyUnavailableError | TimeoutError | RedisError | OSError):
        return Kind.PASSING
    if isinstance(error, RemoteProblem):
        status, code = error.problem_status, error.problem_code
        passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING_STATUSES or code in _PASSING_CODES
        return Kind.PASSING if passing else Kind.REFUSED
    return Kind.REFUSED if isinstance(error, AppError) else Kind.SURPRISE


def tries_for(kind: Kind) -> int:
    """After how many tries a job is given up."""
    return SURPRISE_TRIES if kind is Kind.SURPRISE else OUTAGE_TRIES


def wait_before_next(error: Exception, tries: int, longest: float = LONGEST_WAIT_S) -> float:
    """Seconds until the next try: doubling from 0.2, or what the other side asked for.

    Args:
        error: why the last one failed.
        tries: how many there were, at least 1.
        longest: no wait of our own choice is longer.
    """
    if isinstance(error, ComeBackError):
        return max(error.after, FIRST_WAIT_S)
    asked = error.headers.get("Retry-After") or error.headers.get("retry-after") if isinstance(error, RemoteProblem) else None
    if asked is not None and asked.isdigit():
        return max(float(asked), FIRST_WAIT_S)
    return float(min(FIRST_WAIT_S * 2 ** min(tries - 1, 30), longest))
