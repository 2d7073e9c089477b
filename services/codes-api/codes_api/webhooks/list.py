"""A creator looks at the endpoints of a project."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.paging import cut, newest_first
from codes_api.projects.find import get_project
from codes_api.webhooks.models import WebhookEndpoint


async def list_endpoints(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, limit: int, cursor: str | None
) -> tuple[Sequence[WebhookEndpoint], str | None]:
    """One page, newest first.

    Raises:
        NotFoundError: no such project.
        InvalidCursorError: the cursor is not of this list.
    """
    await get_project(session, account_id=account_id, project_id=project_id)
    query = select(WebhookEndpoint).where(WebhookEndpoint.account_id == account_id, WebhookEndpoint.project_id == project_id)
    rows = (await session.execute(newest_first(query, WebhookEndpoint.id, limit=limit, cursor=cursor))).scalars().all()
    return cut(rows, limit=limit, id_of=lambda endpoint: endpoint.id)
