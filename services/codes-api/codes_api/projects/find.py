"""Finding a creator's project. Another creator's does not exist."""

from dataclasses import dataclass
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.errors import ProjectArchivedError
from codes_api.projects.models import Bot, Project


@dataclass(frozen=True)
class ProjectWithBot:
    """A project and the bot it speaks through, if one is connected."""

    project: Project
    bot: Bot | None


def no_such_project() -> NotFoundError:
    """The refusal of a project that the account has not."""
    return NotFoundError("There is no such project.")


async def get_project(session: AsyncSession, *, account_id: UUID, project_id: UUID) -> Project:
    """The project, archived or not.

    Raises:
        NotFoundError: there is none of this account.
    """
    project = await session.get(Project, (account_id, project_id))
    if project is None:
        raise no_such_project()
    return project


async def get_active_project(session: AsyncSession, *, account_id: UUID, project_id: UUID, lock: bool = False) -> Project:
    """The project, for a change in it.

    Args:
        lock: hold the row until the transaction ends.

    Raises:
        NotFoundError: there is none of this account.
        ProjectArchivedError: it takes no changes any more.
    """
    key = (account_id, project_id)
    project = await session.get(Project, key, with_for_update=lock, populate_existing=lock)
    if project is None:
        raise no_such_project()
    if project.archived_at is not None:
        raise ProjectArchivedError
    return project


async def get_project_with_bot(session: AsyncSession, *, account_id: UUID, project_id: UUID) -> ProjectWithBot:
    """The project, archived or not, with its bot.

    Raises:
        NotFoundError: there is none of this account.
    """
    query = (
        select(Project, Bot)
        .outerjoin(Bot, and_(Bot.account_id == Project.account_id, Bot.project_id == Project.id))
        .where(Project.account_id == account_id, Project.id == project_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise no_such_project()
    project, bot = row
    return ProjectWithBot(project, bot)


async def get_bot(session: AsyncSession, *, account_id: UUID, project_id: UUID, lock: bool = False) -> Bot | None:
    """The project's bot, if one is connected. `lock`: hold its row until the transaction ends."""
    query = select(Bot).where(Bot.account_id == account_id, Bot.project_id == project_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()
