"""A creator has a message sent again, or a test sent."""

from datetime import datetime
from uuid import UUID

from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.webhooks.errors import WebhookDisabledError
from codes_api.webhooks.find import get_delivery, get_endpoint
from codes_api.webhooks.models import TEST_EVENT, DeliveryStatus, WebhookDelivery, WebhookEndpoint
from codes_api.webhooks.payloads import WebhookTest, body_of


async def resend(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID, delivery_id: UUID, now: datetime
) -> WebhookDelivery:
    """Begin a new round of tries with the same message: the same id and body, whatever became of it before.

    Raises:
        NotFoundError: no such delivery of this endpoint in this project of this account.
        WebhookDisabledError: the endpoint is switched off.
    """
    endpoint = await _enabled(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id)
    delivery = await get_delivery(session, endpoint=endpoint, delivery_id=delivery_id)
    delivery.status = DeliveryStatus.PENDING.value
    delivery.next_attempt_at = now
    delivery.tries = 0
    delivery.tried_since = delivery.delivered_at = None
    await session.flush()
    return delivery


async def send_test(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID, delivery_id: UUID, now: datetime
) -> WebhookDelivery:
    """Have `webhook.test` sent, whatever the endpoint subscribes to.

    Raises:
        NotFoundError: no such endpoint in this project of this account.
        WebhookDisabledError: the endpoint is switched off.
    """
    await _enabled(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id)
    delivery = WebhookDelivery(
        account_id=account_id,
        project_id=project_id,
        endpoint_id=endpoint_id,
        id=delivery_id,
        event_id=new_id(),
        type=TEST_EVENT,
        body=body_of(TEST_EVENT, WebhookTest(project_id=project_id, webhook_id=endpoint_id), now),
        created_at=now,
        status=DeliveryStatus.PENDING.value,
        attempts=0,
        tries=0,
        next_attempt_at=now,
    )
    session.add(delivery)
    await session.flush()
    return delivery


async def _enabled(session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await get_endpoint(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id, lock=True)
    if not endpoint.enabled:
        raise WebhookDisabledError("Switch it on first.")
    return endpoint
