"""A creator renames a project."""

from datetime import datetime
from uuid import UUID

from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.projects.find import ProjectWithBot, get_active_project, get_bot


async def rename_project(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, name: str, now: datetime
) -> ProjectWithBot:
    """Give the project another name. Its bot says the name, so the gateway is told to read the bot again.

    Raises:
        NotFoundError, ProjectArchivedError.
    """
    project = await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    bot = await get_bot(session, account_id=account_id, project_id=project_id)
    if project.name != name:
        project.name = name
        if bot is not None:
            await stage(session, outbox, EventType.BOT_CONNECTED, account_id=account_id, payload={"bot_id": bot.bot_id}, now=now)
    return ProjectWithBot(project, bot)
