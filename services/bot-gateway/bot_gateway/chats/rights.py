"""What there is to know about Telegram's refusals in groups and channels, in one place."""

from typing import Final

from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramNotFound

TIMEOUT_S: Final = 5
"""Somebody waits for the answer, or a job has many of these calls to make."""

# The Bot API has no codes for them; these are its sentences, in any case.
_NO_RIGHTS: Final = ("not enough rights", "have no rights", "need administrator rights", "chat_admin_required", "chat not found")


def lacks_rights(error: AiogramError) -> bool:
    """Whether a call failed because the bot is not in the chat or may not do this there, which only its creator can mend."""
    if isinstance(error, TelegramForbiddenError):
        return True
    if isinstance(error, TelegramBadRequest | TelegramNotFound):
        return any(sentence in error.message.lower() for sentence in _NO_RIGHTS)
    return False
