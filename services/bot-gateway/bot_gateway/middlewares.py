"""What every update goes through before its handler, under the lock of its chat."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, Message, TelegramObject, Update
from shared.contracts.bots import ConnectedBot
from shared.logging import get_logger
from typing_extensions import override

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.ordering import HandledUpdates
from bot_gateway.talk import Talk
from bot_gateway.visit import Visit

log = get_logger(__name__)

Fresh = Callable[[int], Awaitable[LoadedBot | None]]
Next = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class YoungData(BaseMiddleware):
    """Reads the bot's data again if it is too old; leaves the update if the bot is connected no more.

    Under the chat's lock, because nothing may be awaited before it: a later update would overtake.
    """

    def __init__(self, fresh: Fresh) -> None:
        self._fresh = fresh

    @override
    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        connected: ConnectedBot = data["connected"]
        loaded = await self._fresh(connected.bot_id)
        if loaded is None:
            return None
        data["bot"], data["connected"] = loaded.bot, loaded.connected
        return await handler(event, data)


class OnlyOnce(BaseMiddleware):
    """Leaves out an update that this process has answered already."""

    def __init__(self, handled: HandledUpdates) -> None:
        self._handled = handled

    @override
    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        connected: ConnectedBot = data["connected"]
        update_id = event.update_id if isinstance(event, Update) else 0
        if (connected.bot_id, update_id) in self._handled:
            log.info("update_repeated")
            return None
        answer = await handler(event, data)
        self._handled.add(connected.bot_id, update_id)
        return answer


class PrivateVisit(BaseMiddleware):
    """Gives handlers their `visit`. In groups and channels the bot keeps silent: codes are nobody else's business."""

    @override
    async def __call__(self, handler: Next, event: TelegramObject, data: dict[str, Any]) -> Any:
        inner = (event.message or event.callback_query) if isinstance(event, Update) else None
        bot: Bot = data["bot"]
        connected: ConnectedBot = data["connected"]
        if isinstance(inner, Message) and inner.from_user is not None and inner.chat.type == "private":
            member, pressed = inner.from_user.id, None
        elif isinstance(inner, CallbackQuery) and (inner.message is None or inner.message.chat.type == "private"):
            member, pressed = inner.from_user.id, inner.message.message_id if inner.message else None
        else:
            return None
        talk = Talk(bot, member, connected.branding)
        data["visit"] = Visit(
            codes=data["codes"], connected=connected, telegram_id=member, state=data["state"], talk=talk, pressed=pressed
        )
        if isinstance(inner, CallbackQuery):
            await talk.acknowledge(inner.id)
        return await handler(event, data)
