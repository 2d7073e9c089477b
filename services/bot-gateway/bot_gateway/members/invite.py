"""Letting a new member into the project's private chats, by a link that works once (`rules.md` T5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aiogram import Bot
from aiogram.exceptions import AiogramError
from shared.contracts.bots import ProjectChat
from shared.logging import get_logger

from bot_gateway.members.links import InviteLinks

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A chat and the member's own way into it; None: it could not be made just now."""

    title: str
    link: str | None


async def invite(bot: Bot, links: InviteLinks, *, chats: Sequence[ProjectChat], membership_id: UUID) -> list[Invitation]:
    """A link into each chat. Whoever asks again gets the same ones: one membership lets one person in.

    A link that can't be made stops nobody from being a member, so its failure is told in the answer and not raised.
    """
    return [Invitation(chat.title, await _link(bot, links, chat.chat_id, membership_id)) for chat in chats]


async def _link(bot: Bot, links: InviteLinks, chat_id: int, membership_id: UUID) -> str | None:
    if (known := await links.get(membership_id, chat_id)) is not None:
        return known
    try:
        made = await bot.create_chat_invite_link(chat_id, member_limit=1)
    except AiogramError as error:
        log.warning("invite_link_refused", chat_id=chat_id, error=type(error).__name__)
        return None
    await links.put(membership_id, chat_id, made.invite_link)
    return made.invite_link
