"""Finding a creator's endpoint and what was sent to it. Another creator's does not exist."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.webhooks.models import WebhookDelivery, WebhookEndpoint


async def get_endpoint(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID, lock: bool = False
) -> WebhookEndpoint:
    """The endpoint.

    Args:
        lock: hold the row until the transaction ends; deliveries can be written meanwhile. Whoever locks an endpoint and
            its deliveries locks the endpoint first.

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.account_id == account_id, WebhookEndpoint.project_id == project_id, WebhookEndpoint.id == endpoint_id
    )
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    endpoint = (await session.execute(query)).scalar_one_or_none()
    if endpoint is None:
        raise NotFoundError("There is no such webhook in this project.")
    return endpoint


async def get_delivery(session: AsyncSession, *, endpoint: WebhookEndpoint, delivery_id: UUID) -> WebhookDelivery:
    """A delivery of the endpoint, locked until the transaction ends.

    Raises:
        NotFoundError: there is none.
    """
    key = (endpoint.account_id, endpoint.project_id, endpoint.id, delivery_id)
    delivery = await session.get(WebhookDelivery, key, with_for_update=True, populate_existing=True)
    if delivery is None:
        raise NotFoundError("There is no such delivery of this webhook.")
    return delivery
