"""Telegram's speed limits, kept before it has to remind us: messages a second, a chat and a bot (`rules.md` T3)."""

from collections import OrderedDict

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import EditMessageText, Response, SendDocument, SendMessage, SendPhoto, TelegramMethod
from aiogram.methods.base import TelegramType
from aiolimiter import AsyncLimiter
from typing_extensions import override

KEEP_CHATS = 10_000


class Pace(BaseRequestMiddleware):
    """Makes a message wait for its turn. Edits count for the bot, not for the chat: Telegram paces new messages there.

    Args:
        chat_rate: messages a second in one chat.
        bot_rate: calls a second of one bot; a second's worth may come in one go.
    """

    def __init__(self, *, chat_rate: float, bot_rate: float) -> None:
        self._chat_rate = chat_rate
        self._bot_rate = bot_rate
        self._bots: dict[int, AsyncLimiter] = {}
        self._chats: OrderedDict[tuple[int, str], AsyncLimiter] = OrderedDict()

    @override
    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        if isinstance(method, SendMessage | SendDocument | SendPhoto):
            await self._chat(bot.id, str(method.chat_id)).acquire()
        if isinstance(method, SendMessage | SendDocument | SendPhoto | EditMessageText):
            await self._bot(bot.id).acquire()
        return await make_request(bot, method)

    def _bot(self, bot_id: int) -> AsyncLimiter:
        return self._bots.setdefault(bot_id, AsyncLimiter(self._bot_rate, 1))

    def _chat(self, bot_id: int, chat_id: str) -> AsyncLimiter:
        key = (bot_id, chat_id)
        limiter = self._chats.setdefault(key, AsyncLimiter(1, 1 / self._chat_rate))
        self._chats.move_to_end(key)
        if len(self._chats) > KEEP_CHATS:
            oldest, idle = next(iter(self._chats.items()))
            if idle.has_capacity():
                del self._chats[oldest]
        return limiter
