"""A creator makes a project."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.errors import ProjectLimitReachedError
from codes_api.projects.models import Project
from codes_api.tenants.lock import lock_tenant
from codes_api.tenants.usage import count_active_projects


async def create_project(session: AsyncSession, *, account_id: UUID, project_id: UUID, name: str, now: datetime) -> Project:
    """Make the project, if the plan's limit allows one more (`rules.md` B1).

    The account's row is the lock: of two that ask for the last place, the second counts after the first.

    Raises:
        ProjectLimitReachedError: names how many are used, and the limit.
    """
    tenant = await lock_tenant(session, account_id=account_id)
    used = await count_active_projects(session, account_id=account_id)
    if tenant.projects_limit is not None and used >= tenant.projects_limit:
        raise ProjectLimitReachedError(used, tenant.projects_limit)
    project = Project(account_id=account_id, id=project_id, name=name, created_at=now)
    session.add(project)
    await session.flush()
    return project
