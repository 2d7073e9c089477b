"""One try of a member with a code, under the rule for wrong guesses (`rules.md` C7, C8)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

from shared.db import Database
from shared.errors import AppError

from codes_api.codes.alphabet import canonical
from codes_api.codes.errors import CodeMistypedError, CodeUnknownError, TooManyAttemptsError
from codes_api.codes.refuse import Attempt, refuse, tell_of_guesses
from codes_api.codes.throttle import Member, Throttle

T = TypeVar("T")

MISS: Final[tuple[type[AppError], ...]] = (CodeMistypedError, CodeUnknownError)
"""Texts that are no code of the project; see `throttle.py` for why the other refusals are none."""


async def try_code(
    throttle: Throttle, database: Database, member: Member, *, typed: str, now: datetime, use: Callable[[], Awaitable[T]]
) -> T:
    """What `use` gives (it redeems, or previews), unless the member has to wait.

    Raises:
        TooManyAttemptsError: they have to; nothing was looked up, and the try is kept like every refused one.
    """
    async with throttle.turn(member):
        seconds = await throttle.wait(member, now)
        if seconds:
            attempt = Attempt(member.account_id, member.project_id, member.telegram_id, typed, canonical(typed), now)
            raise await refuse(database, attempt, TooManyAttemptsError(seconds))
        try:
            return await use()
        except MISS:
            if await throttle.missed(member, now):
                await tell_of_guesses(database, account_id=member.account_id, project_id=member.project_id, now=now)
            raise
