"""A creator's projects."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.paging import cut, newest_first
from codes_api.projects.find import ProjectWithBot
from codes_api.projects.models import Bot, Project


async def list_projects(
    session: AsyncSession, *, account_id: UUID, archived: bool, limit: int, cursor: str | None
) -> tuple[Sequence[ProjectWithBot], str | None]:
    """One page, newest first: the active ones, or with `archived` those that are put away.

    Raises:
        InvalidCursorError: the cursor is not of this list.
    """
    query = (
        select(Project, Bot)
        .outerjoin(Bot, and_(Bot.account_id == Project.account_id, Bot.project_id == Project.id))
        .where(Project.account_id == account_id, Project.archived_at.is_not(None) == archived)
    )
    rows = (await session.execute(newest_first(query, Project.id, limit=limit, cursor=cursor))).all()
    shown, next_cursor = cut(rows, limit=limit, id_of=lambda row: row[0].id)
    return [ProjectWithBot(project, bot) for project, bot in shown], next_cursor
