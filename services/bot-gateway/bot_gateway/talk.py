"""Speaking in one chat: send, edit or else send, never twice; the branding line; short waits on 429."""

import asyncio
from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.exceptions import AiogramError, ClientDecodeError, TelegramBadRequest, TelegramRetryAfter
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup
from shared.contracts.accounts import Branding
from shared.logging import get_logger

from bot_gateway.telegram import CHAT_GONE, PASSING, optional, was_accepted
from bot_gateway.texts import BRANDING

log = get_logger(__name__)

# Somebody is waiting for the answer, and Telegram for ours: a longer rest is left to the update's next try.
MAX_REST_S = 5
RESTS = 2


class Talk:
    """The bot's voice in one chat.

    Attributes:
        bot: who speaks.

    Args:
        bot: who speaks.
        chat_id: where.
        branding: whether "Powered by MemberPass" goes under messages (`rules.md` T6).
    """

    def __init__(self, bot: Bot, chat_id: int, branding: Branding) -> None:
        self.bot = bot
        self._chat_id = chat_id
        self._footer = f"\n\n{BRANDING}" if branding is Branding.EVERYWHERE else ""

    async def say(self, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send a message. A member who blocked the bot is not an error.

        Raises:
            TelegramAPIError: a failure that passes; the update is to be handled again.
        """
        try:
            await _rested(lambda: self.bot.send_message(self._chat_id, text + self._footer, reply_markup=keyboard))
        except CHAT_GONE as error:
            log.warning("message_refused", error=type(error).__name__)

    async def show(self, picture: bytes, file_name: str, caption: str) -> bool:
        """Send a picture. False: it was not taken, by the chat or by a Bot API server that doesn't know how; say it in words.

        Raises:
            TelegramAPIError: a failure that passes; the update is to be handled again.
        """
        photo = BufferedInputFile(picture, file_name)
        try:
            await _rested(lambda: self.bot.send_photo(self._chat_id, photo, caption=caption + self._footer))
        except PASSING:
            raise
        except AiogramError as error:
            log.warning("picture_refused", error=type(error).__name__)
            return False
        return True

    async def replace(self, message_id: int | None, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Put the text in the place of a message of ours; where that is not possible, send it.

        Raises:
            TelegramAPIError: a failure that passes; the update is to be handled again.
        """
        if message_id is None or not await self._edit(message_id, text, keyboard):
            await self.say(text, keyboard)

    async def acknowledge(self, callback_id: str) -> None:
        """Stop the button's waiting sign."""
        await optional(self.bot.answer_callback_query(callback_id), "answerCallbackQuery")

    async def _edit(self, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None) -> bool:
        try:
            await _rested(
                lambda: self.bot.edit_message_text(
                    text + self._footer, chat_id=self._chat_id, message_id=message_id, reply_markup=keyboard
                )
            )
        except AiogramError as error:
            if isinstance(error, TelegramBadRequest) and "message is not modified" in error.message:
                return True
            log.info("edit_refused", error=type(error).__name__)
            return False
        return True


async def _rested(call: Callable[[], Awaitable[object]]) -> None:
    for _ in range(RESTS):
        try:
            return await _tolerant(call())
        except TelegramRetryAfter as error:
            if error.retry_after > MAX_REST_S:
                raise
            await asyncio.sleep(error.retry_after)
    return await _tolerant(call())


async def _tolerant(call: Awaitable[object]) -> None:
    try:
        await call
    except ClientDecodeError as error:
        if not was_accepted(error):
            raise
        log.info("telegram_answer_unreadable")
