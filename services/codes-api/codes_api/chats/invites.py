"""The links that let members into a project's chats: which there are, and which one counts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.chats import InviteLink, MemberChat, MemberChats
from shared.errors import NotFoundError
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.chats.find import chats_of, get_chat
from codes_api.chats.models import ChatInvite, ProjectChat
from codes_api.chats.running import may_be_in

INVITE_LASTS: Final = timedelta(days=1)
"""Long enough for whoever redeems on the way to work; a button makes another one."""


async def member_chats(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, telegram_id: int, now: datetime
) -> MemberChats:
    """The chats a member may be in now, in the order of their naming. Links that have expired are not shown."""
    allowed = may_be_in(account_id, project_id, telegram_id, now)
    chats = await chats_with_invites(session, account_id=account_id, project_id=project_id, telegram_id=telegram_id, only=allowed)
    fresh = [
        chat if chat.invite is not None and chat.invite.expires_at > now else chat.model_copy(update={"invite": None})
        for chat in chats
    ]
    return MemberChats(data=fresh, invites_until=now + INVITE_LASTS)


async def chats_with_invites(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, telegram_id: int, only: ColumnElement[bool] | None = None
) -> Sequence[MemberChat]:
    """The project's chats, each with the link that counts for the member, if one was made."""
    same_chat = and_(
        ChatInvite.account_id == ProjectChat.account_id,
        ChatInvite.project_id == ProjectChat.project_id,
        ChatInvite.chat_id == ProjectChat.chat_id,
        ChatInvite.telegram_id == telegram_id,
    )
    query = select(ProjectChat, ChatInvite).outerjoin(ChatInvite, same_chat).where(chats_of(account_id, project_id))
    if only is not None:
        query = query.where(only)
    rows = (await session.execute(query.order_by(ProjectChat.named_at, ProjectChat.chat_id))).all()
    return [
        MemberChat(
            chat_id=chat.chat_id,
            title=chat.title,
            invite=_link(invite),
        )
        for chat, invite in rows
    ]


async def keep_invite(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    telegram_id: int,
    chat_id: int,
    invite: InviteLink,
    instead_of: str | None,
    now: datetime,
) -> InviteLink:
    """Remember a link that was made, unless another one was made in the meantime; the one that counts.

    Args:
        instead_of: the link that the maker knew of, None if there was none. It is revoked.

    Raises:
        NotFoundError: the chat is named no more, or the member may not be in it any more: no link may be handed out.
    """
    chat = await get_chat(session, account_id=account_id, project_id=project_id, chat_id=chat_id)
    allowed = select(may_be_in(account_id, project_id, telegram_id, now))
    if not (await session.execute(allowed)).scalar_one():
        raise NotFoundError("Nobody is to be let into this chat.")
    values = {
        "account_id": account_id,
        "project_id": project_id,
        "telegram_id": telegram_id,
        "chat_id": chat_id,
        "link": invite.link,
        "expires_at": invite.expires_at,
    }
    made = insert(ChatInvite).values(values)
    key = [ChatInvite.account_id, ChatInvite.project_id, ChatInvite.telegram_id, ChatInvite.chat_id]
    overtakes = or_(ChatInvite.link == instead_of, ChatInvite.expires_at <= now)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=key, set_={"link": made.excluded.link, "expires_at": made.excluded.expires_at}, where=overtakes
        )
    )
    chat.trouble_since = None
    counts = await session.get_one(ChatInvite, (account_id, project_id, telegram_id, chat_id), populate_existing=True)
    return InviteLink(link=counts.link, expires_at=counts.expires_at)


def _link(invite: ChatInvite | None) -> InviteLink | None:
    return None if invite is None else InviteLink(link=invite.link, expires_at=invite.expires_at)
