"""What there is to know about Telegram's failures, in one place."""

import traceback
from collections.abc import Awaitable

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
)
from shared.logging import get_logger

log = get_logger(__name__)

UPDATES = ("message", "callback_query")
"""The kinds of updates we ask Telegram for."""

PASSING = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter)
"""Failures that pass: ask again later."""

CHAT_GONE = (TelegramForbiddenError, TelegramBadRequest, TelegramNotFound)
"""Failures of one chat or message: blocked, deleted, refused. Asking again does not help."""


def rest_of(error: AiogramError) -> int:
    """The seconds that Telegram asked us to rest; 0 if it did not."""
    return error.retry_after if isinstance(error, TelegramRetryAfter) else 0


async def optional(call: Awaitable[object], what: str) -> bool:
    """Make a call that is nice to have: its failure is logged and answered with False."""
    try:
        await call
    except AiogramError as error:
        log.info("optional_call_failed", call=what, error=type(error).__name__)
        return False
    return True


def was_accepted(error: ClientDecodeError) -> bool:
    """Whether Telegram said ok in an answer that has a form aiogram doesn't know: the call took place."""
    return isinstance(error.data, dict) and error.data.get("ok") is True


def log_broken(event: str, error: BaseException, **ids: object) -> None:
    """Log an error that nobody expected: its kind and place, not its message, which may hold what a member wrote."""
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    log.error(event, error=type(error).__name__, where=where, **ids)
