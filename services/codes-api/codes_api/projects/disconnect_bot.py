"""A creator takes the bot out of a project."""

from datetime import datetime
from uuid import UUID

from shared.contracts.events import EventType
from shared.errors import NotFoundError
from shared.outbox import stage
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.projects.find import get_active_project, get_bot
from codes_api.projects.models import Bot


async def disconnect_bot(session: AsyncSession, *, account_id: UUID, project_id: UUID, now: datetime) -> None:
    """Forget the project's bot, its token and the creator's chat with it.

    Raises:
        NotFoundError: no such project, or no bot is connected to it.
        ProjectArchivedError: archiving took the bot out already.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    bot = await get_bot(session, account_id=account_id, project_id=project_id, lock=True)
    if bot is None:
        raise NotFoundError("No bot is connected to this project.")
    await remove_bot(session, bot=bot, now=now)


async def remove_bot(session: AsyncSession, *, bot: Bot, now: datetime) -> None:
    """Delete the bot's row and tell the gateway to stop listening."""
    await session.delete(bot)
    await session.flush()
    await stage(session, outbox, EventType.BOT_DISCONNECTED, account_id=bot.account_id, payload={"bot_id": bot.bot_id}, now=now)
