"""The bot lost its rights in a chat: the creator is told, once until it works again."""

from datetime import datetime
from uuid import UUID

from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.chats.find import get_chat


async def report_trouble(session: AsyncSession, *, account_id: UUID, project_id: UUID, chat_id: int, now: datetime) -> None:
    """Mark the chat, and have the creator told if it was not marked yet.

    Raises:
        NotFoundError: the project names no such chat.
    """
    chat = await get_chat(session, account_id=account_id, project_id=project_id, chat_id=chat_id)
    if chat.trouble_since is None:
        chat.trouble_since = now
        notice = {"project_id": str(project_id), "kind": NoticeKind.CHAT_RIGHTS_MISSING.value, "params": {}}
        await stage(session, outbox, EventType.CREATOR_NOTICE, account_id=account_id, payload=notice, now=now)
