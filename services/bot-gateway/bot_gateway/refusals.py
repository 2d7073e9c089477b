"""What a member reads when a code is refused. One answer a reason; each says what to do next."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from shared.errors import RemoteProblem

from bot_gateway.people import minutes, moment

DEFAULT_WAIT_S = 15 * 60
"""`rules.md` C7, for an answer that names no wait."""

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)

_SENTENCES: Mapping[str, str] = {
    "code_mistyped": (
        "<b>There is a typing mistake in this code</b>\n\n"
        "Please compare it symbol by symbol: 8 and B, 5 and S, 2 and Z or V and Y are easily mixed up, and so are two "
        "neighbours that changed places. 0 and O, 1, I and L make no difference."
    ),
    "code_unknown": (
        "<b>This code is not known here</b>\n\n"
        "Codes work only in the bot they were made for. Check that you have the right bot and the whole code."
    ),
    "code_already_redeemed": (
        "<b>This code has already been used</b>\n\n"
        "Each code works once. If it was meant for you, write to the person who gave it to you."
    ),
    "code_revoked": (
        "<b>This code was withdrawn</b>\n\nIt can't be used any more. Write to the person who gave it to you for another one."
    ),
    "lifetime_limit_reached": (
        "<b>No more lifetime memberships can be added right now</b>\n\n"
        "Your code stays good. We have told the owner of this community; please try again later."
    ),
    "account_locked": (
        "<b>Codes can't be redeemed here at the moment</b>\n\n"
        "Your code stays good. Please try again later, or write to the owner of this community."
    ),
}
_OTHER = "<b>This code can't be redeemed</b>\n\nWrite to the person who gave it to you: they can look it up."


# These say that we asked in a wrong way or that codes-api broke: no fault of the code.
_NO_REFUSALS = {"unauthorized", "not_found", "validation_failed", "internal_error"}


def is_refusal(problem: RemoteProblem) -> bool:
    """Whether a problem is about the code, and not about how the services get on with each other."""
    return problem.problem_code not in _NO_REFUSALS


def refusal(problem: RemoteProblem) -> str:
    """The answer to a refused code, by the problem's stable code.

    Reads `expired_at` (RFC 3339) from the extensions of `code_expired` and Retry-After (seconds) of `too_many_attempts`.
    """
    if problem.problem_code == "code_expired":
        return _expired(problem)
    if problem.problem_code == "too_many_attempts":
        wait = minutes(retry_after(problem) or DEFAULT_WAIT_S)
        return f"<b>Too many wrong codes</b>\n\nPlease wait {wait}, then check the code and try again. A good code is not lost."
    return _SENTENCES.get(problem.problem_code, _OTHER)


def retry_after(problem: RemoteProblem) -> int | None:
    """The seconds of a problem's Retry-After header, if it has one that is a number."""
    value = next((value for header, value in problem.headers.items() if header.lower() == "retry-after"), "")
    return int(value) if value.isdecimal() else None


def _expired(problem: RemoteProblem) -> str:
    try:
        when = f" on {moment(_MOMENT.validate_python(problem.extensions.get('expired_at')))}"
    except ValidationError:
        when = ""
    return f"<b>This code expired{when}</b>\n\nIt can't be used any more. Write to the person who gave it to you for another one."
