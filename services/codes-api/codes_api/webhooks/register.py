"""A creator names an address to be told at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.find import get_active_project
from codes_api.projects.sealing import Sealer
from codes_api.webhooks.errors import WebhookLimitReachedError
from codes_api.webhooks.models import WebhookEndpoint, WebhookEvent
from codes_api.webhooks.signing import new_secret

MOST_ENDPOINTS: Final = 10
"""A project."""


async def register(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    endpoint_id: UUID,
    url: str,
    description: str | None,
    events: Sequence[WebhookEvent],
    sealer: Sealer,
    now: datetime,
) -> tuple[WebhookEndpoint, SecretStr]:
    """Make an endpoint; with it goes its secret, which nobody can be told again.

    Args:
        url: checked (`url.py`, `courier.py`).

    Raises:
        NotFoundError, ProjectArchivedError.
        WebhookLimitReachedError: the project has ten.
    """
    # The project's row is the lock: of two that ask for the last place, the second counts after the first.
    await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    mine = (WebhookEndpoint.account_id == account_id, WebhookEndpoint.project_id == project_id)
    there_are = (await session.execute(select(func.count()).select_from(WebhookEndpoint).where(*mine))).scalar_one()
    if there_are >= MOST_ENDPOINTS:
        raise WebhookLimitReachedError(f"A project may have {MOST_ENDPOINTS} webhooks. Delete one first.")
    secret = new_secret()
    endpoint = WebhookEndpoint(
        account_id=account_id,
        project_id=project_id,
        id=endpoint_id,
        url=url,
        description=description,
        events=[event.value for event in dict.fromkeys(events)],
        secret_sealed=sealer.seal(secret),
        enabled=True,
        created_at=now,
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, secret
