"""Whose token is this? Telegram knows."""

import re

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramNotFound, TelegramUnauthorizedError
from shared.contracts.bots import BotIdentity
from shared.errors import DependencyUnavailableError, FieldError
from shared.logging import get_logger

log = get_logger(__name__)

# The token becomes a part of an address: nothing but its own symbols may get there.
_FORM = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,128}")
TIMEOUT_S = 5


class BotTokenInvalidError(FieldError):
    """Telegram does not know this token."""

    code = "bot_token_invalid"
    title = "The bot token is not valid"

    def __init__(self) -> None:
        super().__init__("token", "Telegram does not know this bot token. Copy it again from @BotFather.")


async def identify_bot(session: BaseSession, *, token: str) -> BotIdentity:
    """Who a token belongs to, by getMe.

    Raises:
        BotTokenInvalidError: malformed, or refused by Telegram.
        DependencyUnavailableError: Telegram can't be reached.
    """
    if not _FORM.fullmatch(token):
        raise BotTokenInvalidError
    try:
        user = await Bot(token, session=session).get_me(request_timeout=TIMEOUT_S)
    except (TelegramUnauthorizedError, TelegramNotFound, TelegramBadRequest) as error:
        raise BotTokenInvalidError from error
    except AiogramError as error:
        log.warning("telegram_unavailable", error=type(error).__name__)
        raise DependencyUnavailableError("Telegram") from error
    if not user.is_bot or user.username is None:
        raise BotTokenInvalidError
    return BotIdentity(bot_id=user.id, username=user.username)
