"""Whether a bot can let people into a chat and take them out again."""

from http import HTTPStatus

from aiogram import Bot
from aiogram.types import ChatMemberAdministrator
from shared.contracts.bots import CheckChats, CheckedChats, ProjectChat
from shared.errors import AppError, DependencyUnavailableError, FieldError

from bot_gateway.bots.registry import Bots
from bot_gateway.people import plain_name
from bot_gateway.telegram import CHAT_GONE, PASSING, rest_of

RETRY_AFTER_S = 5


class BotNotConnectedError(AppError):
    """Without a bot nobody can be invited."""

    status = HTTPStatus.CONFLICT
    code = "bot_not_connected"
    title = "No bot is connected to the project"


class ChatNotUsableError(FieldError):
    """The bot does not see the chat, or may not do there what it has to."""

    code = "chat_not_usable"
    title = "The bot can't invite and remove people in this chat"

    def __init__(self, place: int) -> None:
        super().__init__(
            f"chat_ids.{place}", "Make the bot an administrator of this group or channel who may invite and ban users."
        )


async def check_chats(bots: Bots, *, asked: CheckChats) -> CheckedChats:
    """The chats with their titles.

    Raises:
        BotNotConnectedError: the project has no bot.
        ChatNotUsableError: names the first chat that is not as it must be.
        DependencyUnavailableError: Telegram or codes-api is away.
    """
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None:
        raise BotNotConnectedError
    try:
        found = [await _checked(loaded.bot, chat_id, place) for place, chat_id in enumerate(asked.chat_ids)]
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    return CheckedChats(data=found)


async def _checked(bot: Bot, chat_id: int, place: int) -> ProjectChat:
    try:
        chat = await bot.get_chat(chat_id)
        itself = await bot.get_chat_member(chat_id, bot.id)
    except CHAT_GONE as error:
        raise ChatNotUsableError(place) from error
    able = isinstance(itself, ChatMemberAdministrator) and itself.can_invite_users and itself.can_restrict_members
    if not able or chat.title is None:
        raise ChatNotUsableError(place)
    return ProjectChat(chat_id=chat_id, title=plain_name(chat.title))
