"""A creator puts a project away."""

from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.disconnect_bot import remove_bot
from codes_api.projects.find import get_bot
from codes_api.projects.models import Project
from codes_api.tenants.lock import lock_tenant


async def archive_project(session: AsyncSession, *, account_id: UUID, project_id: UUID, now: datetime) -> None:
    """Take the project out of use: it counts against no limit, its bot is free for another one, its history stays.

    Archiving twice is archiving once.

    Raises:
        NotFoundError: there is none of this account.
    """
    await lock_tenant(session, account_id=account_id)
    project = await session.get(Project, (account_id, project_id), with_for_update=True)
    if project is None:
        raise NotFoundError("There is no such project.")
    if project.archived_at is not None:
        return
    project.archived_at = now
    bot = await get_bot(session, account_id=account_id, project_id=project_id, lock=True)
    if bot is not None:
        await remove_bot(session, bot=bot, now=now)
