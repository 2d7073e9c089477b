"""A creator changes an endpoint, switches it on or off, or takes it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.webhooks.disable import disable
from codes_api.webhooks.find import get_endpoint
from codes_api.webhooks.models import DisabledReason, WebhookEndpoint, WebhookEvent


@dataclass(frozen=True)
class Change:
    """What is to be different; None leaves as it is. `describe`: take `description` over, even if it is None."""

    url: str | None = None
    events: Sequence[WebhookEvent] | None = None
    enabled: bool | None = None
    description: str | None = None
    describe: bool = False


async def change_endpoint(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID, change: Change, now: datetime
) -> WebhookEndpoint:
    """Change the endpoint. Deliveries that wait go to a new URL as well; switching off gives them up.

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    endpoint = await get_endpoint(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id, lock=True)
    if change.url is not None:
        endpoint.url = change.url
    if change.events is not None:
        endpoint.events = [event.value for event in dict.fromkeys(change.events)]
    if change.describe:
        endpoint.description = change.description
    if change.enabled is False and endpoint.enabled:
        await disable(session, endpoint=endpoint, reason=DisabledReason.CREATOR, now=now)
    elif change.enabled is True and not endpoint.enabled:
        endpoint.enabled = True
        endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None
    await session.flush()
    return endpoint


async def remove_endpoint(session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID) -> None:
    """Delete the endpoint with the log of its deliveries.

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    endpoint = await get_endpoint(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id)
    await session.delete(endpoint)
    await session.flush()
