"""The private chats of a project (`rules.md` T5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.bots import ProjectChat
from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.projects.find import get_active_project, get_bot

MAX_CHATS: Final = 5
"""Each gives a new member one link under the same message."""


async def set_chats(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, chats: Sequence[ProjectChat], now: datetime
) -> None:
    """Put these chats in the place of those before. Who is in a chat that is named no more stays there.

    Args:
        chats: as bot-gateway found them (`GatewayClient.check_chats`, asked outside of this transaction).

    Raises:
        NotFoundError, ProjectArchivedError.
    """
    project = await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    project.chats = [chat.model_dump() for chat in chats]
    bot = await get_bot(session, account_id=account_id, project_id=project_id)
    if bot is not None:  # bot-gateway reads the bot again, with its chats
        await stage(session, outbox, EventType.BOT_CONNECTED, account_id=account_id, payload={"bot_id": bot.bot_id}, now=now)
