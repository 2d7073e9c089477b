"""May a project's bot invite and remove people in a chat? Telegram knows."""

from typing import Final

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramNotFound
from aiogram.types import ChatFullInfo, ChatMemberAdministrator, ChatMemberOwner
from shared.contracts.chats import MAX_TITLE, CheckChat, CheckedChat
from shared.errors import DependencyUnavailableError, FieldError
from shared.logging import get_logger

from bot_gateway.bots.registry import Bots
from bot_gateway.chats.rights import TIMEOUT_S
from bot_gateway.people import plain_name

log = get_logger(__name__)

_KINDS: Final = {ChatType.SUPERGROUP, ChatType.CHANNEL}


class ChatNotFoundError(FieldError):
    """The bot is not in such a chat."""

    code = "chat_not_found"
    title = "The bot is not in this chat"

    def __init__(self) -> None:
        super().__init__("chat_id", "Your bot doesn't see this chat. Add it there as an administrator, then name the chat again.")


class ChatNotSupportedError(FieldError):
    """Single-use links and removing are for supergroups and channels."""

    code = "chat_not_supported"
    title = "The chat is of a kind that can't be used"

    def __init__(self) -> None:
        super().__init__(
            "chat_id",
            "Only supergroups and channels can be used. Telegram turns a group into a supergroup when, for instance, its "
            "history is made visible to new members; its number changes by that.",
        )


class ChatRightsMissingError(FieldError):
    """The bot is no administrator there, or not one that may do this."""

    code = "chat_rights_missing"
    title = "The bot lacks a right in this chat"

    def __init__(self, rights: list[str]) -> None:
        wanted = " and ".join(f'"{right}"' for right in rights)
        message = f"Make your bot an administrator of this chat with the right {wanted}, then name the chat again."
        super().__init__("chat_id", message)


async def check_chat(bots: Bots, *, asked: CheckChat) -> CheckedChat:
    """Look at the chat and at the bot's own rights in it.

    Raises:
        ChatNotFoundError, ChatNotSupportedError, ChatRightsMissingError.
        DependencyUnavailableError: Telegram or codes-api is away.
    """
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None:
        raise ChatNotFoundError
    try:
        chat = await _visible(loaded.bot, asked.chat_id)
        me = await loaded.bot.get_chat_member(asked.chat_id, loaded.connected.bot_id, request_timeout=TIMEOUT_S)
    except (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound) as error:
        raise ChatNotFoundError from error
    except AiogramError as error:
        log.warning("telegram_unavailable", error=type(error).__name__)
        raise DependencyUnavailableError("Telegram") from error
    if isinstance(me, ChatMemberAdministrator):
        has = {"Invite users via link": me.can_invite_users, "Ban users": me.can_restrict_members}
    else:
        has = dict.fromkeys(("Invite users via link", "Ban users"), isinstance(me, ChatMemberOwner))
    if missing := [right for right, given in has.items() if not given]:
        raise ChatRightsMissingError(missing)
    title = plain_name(chat.title or "", MAX_TITLE) or str(asked.chat_id)
    return CheckedChat(chat_id=asked.chat_id, title=title)


async def _visible(bot: Bot, chat_id: int) -> ChatFullInfo:
    chat = await bot.get_chat(chat_id, request_timeout=TIMEOUT_S)
    if chat.type not in _KINDS:
        raise ChatNotSupportedError
    return chat
