"""Finding a project's private chats. Another creator's do not exist."""

from collections.abc import Sequence
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.chats.models import ProjectChat
from codes_api.projects.find import get_project


def chats_of(account_id: UUID, project_id: UUID) -> ColumnElement[bool]:
    """The condition of being one of the project's."""
    return and_(ProjectChat.account_id == account_id, ProjectChat.project_id == project_id)


async def get_chat(session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int) -> ProjectChat:
    """The chat, its row locked until the transaction ends.

    Raises:
        NotFoundError: the project names no such chat.
    """
    chat = await session.get(ProjectChat, (account_id, project_id, chat_id), with_for_update=True, populate_existing=True)
    if chat is None:
        raise NotFoundError("The project names no such chat.")
    return chat


async def list_chats(session: AsyncSession, *, account_id: UUID, project_id: UUID) -> Sequence[ProjectChat]:
    """All of them, newest first.

    Raises:
        NotFoundError: no such project.
    """
    await get_project(session, account_id=account_id, project_id=project_id)
    query = select(ProjectChat).where(chats_of(account_id, project_id))
    return (await session.execute(query.order_by(ProjectChat.named_at.desc(), ProjectChat.chat_id))).scalars().all()
