"""Taking somebody out of the project's private chats when they are a member no more (`rules.md` T5)."""

from uuid import UUID

from aiogram import Bot
from shared.clients.codes import CodesClient
from shared.contracts.base import WireModel
from shared.contracts.bots import MembershipRef
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway.bots.registry import Bots
from bot_gateway.members.links import InviteLinks
from bot_gateway.telegram import CHAT_GONE, PASSING, rest_of

log = get_logger(__name__)

RETRY_AFTER_S = 5


class Parted(WireModel):
    """Answer of `POST /internal/partings`: from how many chats."""

    chats: int


async def part(codes: CodesClient, bots: Bots, links: InviteLinks, *, asked: MembershipRef) -> Parted:
    """Out of each chat, and free to come back; doing it twice is safe.

    Raises:
        DependencyUnavailableError: Telegram or codes-api is away; ask again.
    """
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None or not loaded.connected.chats:
        return Parted(chats=0)
    try:
        of = await codes.member_of(asked)
    except RemoteProblem as problem:
        log.info("parting_without_membership", membership_id=str(asked.membership_id), code=problem.problem_code)
        return Parted(chats=0)
    if of.is_member:
        return Parted(chats=0)
    try:
        left = [
            await _out_of(loaded.bot, links, chat.chat_id, of.telegram_id, asked.membership_id) for chat in loaded.connected.chats
        ]
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    log.info("member_parted", project_id=str(asked.project_id), chats=sum(left))
    return Parted(chats=sum(left))


async def _out_of(bot: Bot, links: InviteLinks, chat_id: int, telegram_id: int, membership_id: UUID) -> bool:
    try:
        if (unused := await links.get(membership_id, chat_id)) is not None:
            await bot.revoke_chat_invite_link(chat_id, unused)
            await links.forget(membership_id, chat_id)
        await bot.ban_chat_member(chat_id, telegram_id)
        await bot.unban_chat_member(chat_id, telegram_id, only_if_banned=True)
    except CHAT_GONE as error:  # never came, left, or the bot lost its rights
        log.info("parting_refused", chat_id=chat_id, error=type(error).__name__)
        return False
    return True
