"""Access codes as a payment method of a project: on or off (`spec/access-codes.txt`, Prerequisites)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.find import get_active_project


async def set_access_codes(session: AsyncSession, *, account_id: UUID, project_id: UUID, enabled: bool) -> None:
    """Turn the generation of access codes on or off. Codes that exist keep working.

    Raises:
        NotFoundError, ProjectArchivedError.
    """
    project = await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    project.access_codes_enabled = enabled
