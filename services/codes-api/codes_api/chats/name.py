"""A creator names a private chat of their project, or takes one back (`rules.md` T5)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.chats.errors import ChatLimitReachedError, ChatTakenError
from codes_api.chats.find import chats_of, get_chat
from codes_api.chats.models import ProjectChat
from codes_api.codes.batch_errors import BotNotConnectedError
from codes_api.projects.find import get_active_project, get_bot

MOST_CHATS: Final = 20
"""A project. Each is a button under the welcome message, and some calls to Telegram."""


async def check_naming(session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int) -> None:
    """What can be refused without asking Telegram.

    Raises:
        NotFoundError, ProjectArchivedError.
        BotNotConnectedError: who should invite there?
        ChatLimitReachedError: there are 20, and this is none of them.
        ChatTakenError: another project of the account names it.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id)
    if await get_bot(session, account_id=account_id, project_id=project_id) is None:
        raise BotNotConnectedError("Connect a bot first: it invites members and removes them.")
    await _check_place(session, account_id=account_id, project_id=project_id, chat_id=chat_id)


async def name_chat(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int, title: str, now: datetime
) -> ProjectChat:
    """Keep the chat. Named again, its title is taken over and its trouble is over.

    Args:
        chat_id, title: as bot-gateway has checked it with Telegram, outside of this transaction.

    Raises:
        As `check_naming`, which may have been overtaken.
    """
    # The project's row is the lock: of two that ask for the last place, the second counts after the first.
    await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    await _check_place(session, account_id=account_id, project_id=project_id, chat_id=chat_id)
    values = {"account_id": account_id, "project_id": project_id, "chat_id": chat_id, "title": title, "named_at": now}
    place = insert(ProjectChat).values(values)
    kept = place.on_conflict_do_update(
        index_elements=[ProjectChat.account_id, ProjectChat.chat_id],
        set_={"title": place.excluded.title, "trouble_since": None},
        where=ProjectChat.project_id == project_id,
    )
    query = kept.returning(ProjectChat).execution_options(populate_existing=True)
    chat = (await session.execute(query)).scalar_one_or_none()
    if chat is None:  # another project was quicker
        raise ChatTakenError
    await _tell_gateway(session, account_id=account_id, project_id=project_id, now=now)
    return chat


async def drop_chat(session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int, now: datetime) -> None:
    """Forget the chat and the links into it. Who is in stays in.

    Raises:
        NotFoundError: the project names no such chat.
    """
    await session.delete(await get_chat(session, account_id=account_id, project_id=project_id, chat_id=chat_id))
    await session.flush()
    await _tell_gateway(session, account_id=account_id, project_id=project_id, now=now)


async def _check_place(session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int) -> None:
    known = select(ProjectChat.project_id).where(ProjectChat.account_id == account_id, ProjectChat.chat_id == chat_id)
    at = (await session.execute(known)).scalar_one_or_none()
    if at is not None and at != project_id:
        raise ChatTakenError("Another project of yours names this chat. Remove it there first.")
    mine = select(func.count()).select_from(ProjectChat).where(chats_of(account_id, project_id))
    if at is None and (await session.execute(mine)).scalar_one() >= MOST_CHATS:
        raise ChatLimitReachedError(f"A project may name {MOST_CHATS} chats. Remove one first.")


async def _tell_gateway(session: AsyncSession, *, account_id: UUID, project_id: UUID, now: datetime) -> None:
    """Whether there are chats at all stands beside the bot's token; the gateway reads the bot again."""
    bot = await get_bot(session, account_id=account_id, project_id=project_id)
    if bot is not None:
        await stage(session, outbox, EventType.BOT_CONNECTED, account_id=account_id, payload={"bot_id": bot.bot_id}, now=now)
