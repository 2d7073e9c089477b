"""Letting a member in: one link a chat that works once (`rules.md` T5).

At most one link into a chat counts for a member. codes-api remembers which; whoever makes another one revokes it. All of it
is nice to have: what fails is logged, and a button tries again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiogram import Bot
from aiogram.enums import ChatMemberStatus
from aiogram.exceptions import AiogramError
from aiogram.types import ChatMemberRestricted
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot
from shared.contracts.chats import InviteLink, KeepInvite, MemberChat
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway.chats.rights import TIMEOUT_S, lacks_rights
from bot_gateway.telegram import optional

log = get_logger(__name__)

_INSIDE: Final = {ChatMemberStatus.CREATOR, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}


@dataclass(frozen=True, slots=True)
class Way:
    """The way into one chat. `link` None: the member is in already."""

    title: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways into a project's chats. `missing`: some could not be made now."""

    found: Sequence[Way]
    missing: bool

    @property
    def links(self) -> Sequence[tuple[str, str]]:
        """Title and link of each that leads somewhere."""
        return [(way.title, way.link) for way in self.found if way.link is not None]


NO_WAYS: Final = Ways((), missing=False)


async def ways_in(codes: CodesClient, bot: Bot, connected: ConnectedBot, telegram_id: int, *, fresh: bool) -> Ways:
    """The links for a member, made where there are none. Asks nobody if the project names no chats.

    Args:
        fresh: the member asks for them, so that a link made before is used up or lost: it is revoked and another made. Else
            it is shown again, so that an update handled twice gives one link.
    """
    if not connected.has_chats:
        return NO_WAYS
    try:
        chats = await codes.member_chats(connected.account_id, connected.project_id, telegram_id)
    except (RemoteProblem, DependencyUnavailableError) as problem:
        log.warning("chats_not_asked", code=problem.problem_code)
        return Ways((), missing=True)
    maker = _Maker(codes, bot, connected, telegram_id, chats.invites_until, fresh=fresh)
    ways = await asyncio.gather(*(maker.way_into(chat) for chat in chats.data))
    return Ways([way for way in ways if way is not None], missing=None in ways)


@dataclass(frozen=True, slots=True)
class _Maker:
    codes: CodesClient
    bot: Bot
    connected: ConnectedBot
    telegram_id: int
    until: datetime
    fresh: bool

    async def way_into(self, chat: MemberChat) -> Way | None:
        """The way into one chat; None: none could be made now."""
        if await self._is_in(chat.chat_id):
            return Way(chat.title, None)
        if chat.invite is not None and not self.fresh:
            return Way(chat.title, chat.invite.link)
        try:
            made = await self.bot.create_chat_invite_link(
                chat.chat_id, member_limit=1, expire_date=self.until, request_timeout=TIMEOUT_S
            )
        except AiogramError as error:
            log.warning("invite_not_made", chat_id=chat.chat_id, error=type(error).__name__)
            if lacks_rights(error):
                await report_trouble(self.codes, self.connected, chat.chat_id)
            return None
        return await self._kept(chat, InviteLink(link=made.invite_link, expires_at=self.until))

    async def _kept(self, chat: MemberChat, made: InviteLink) -> Way | None:
        """Shown only once codes-api knows of it. What does not count is revoked: the one before, or this one."""
        before = None if chat.invite is None else chat.invite.link
        place = (self.connected.account_id, self.connected.project_id, self.telegram_id, chat.chat_id)
        try:
            counts = await self.codes.keep_invite(*place, KeepInvite(invite=made, instead_of=before))
        except (RemoteProblem, DependencyUnavailableError) as problem:
            log.warning("invite_not_kept", chat_id=chat.chat_id, code=problem.problem_code)
            await revoke(self.bot, chat.chat_id, made.link)
            return None
        if counts.link != made.link:
            await revoke(self.bot, chat.chat_id, made.link)
        elif before is not None:
            await revoke(self.bot, chat.chat_id, before)
        return Way(chat.title, counts.link)

    async def _is_in(self, chat_id: int) -> bool:
        try:
            member = await self.bot.get_chat_member(chat_id, self.telegram_id, request_timeout=TIMEOUT_S)
        except AiogramError as error:
            log.info("optional_call_failed", call="getChatMember", error=type(error).__name__)
            return False
        return member.status in _INSIDE or (isinstance(member, ChatMemberRestricted) and member.is_member)


async def revoke(bot: Bot, chat_id: int, link: str) -> None:
    """Make a link useless. One that can't be revoked expires within a day."""
    await optional(bot.revoke_chat_invite_link(chat_id, link, request_timeout=TIMEOUT_S), "revokeChatInviteLink")


async def report_trouble(codes: CodesClient, connected: ConnectedBot, chat_id: int) -> None:
    """Have the creator told, once, that their bot may not do what it should. A chat that is named no more troubles nobody."""
    try:
        await codes.report_chat_trouble(connected.account_id, connected.project_id, chat_id)
    except RemoteProblem as problem:
        if problem.problem_status != HTTPStatus.NOT_FOUND:
            log.warning("trouble_not_reported", chat_id=chat_id, code=problem.problem_code)
    except DependencyUnavailableError:
        log.warning("trouble_not_reported", chat_id=chat_id)
