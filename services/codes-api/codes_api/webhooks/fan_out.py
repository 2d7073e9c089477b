"""Writes what each endpoint is to be told of an event. Keyed by the event: twice changes nothing."""

from datetime import datetime

from shared.contracts.events import Event
from shared.ids import new_id
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.webhooks.messages import messages_of
from codes_api.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from codes_api.webhooks.payloads import body_of


async def fan_out(session: AsyncSession, *, event: Event, now: datetime) -> int:
    """Write a delivery, due at once, for each endpoint of the project that subscribes; returns how many are new.

    Most projects have no endpoint: that costs one look at an index. What was subscribed when the event happened does not
    matter, only what is now.
    """
    subscribed = select(WebhookEndpoint.project_id, WebhookEndpoint.id, WebhookEndpoint.events).where(
        WebhookEndpoint.account_id == event.account_id, WebhookEndpoint.enabled
    )
    endpoints = (await session.execute(subscribed)).all()
    if not endpoints:
        return 0
    rows = [
        {
            "account_id": event.account_id,
            "project_id": project_id,
            "endpoint_id": endpoint_id,
            "id": new_id(),
            "event_id": event.id,
            "type": message.type.value,
            "body": body_of(message.type, message.data, event.occurred_at),
            "created_at": now,
            "status": DeliveryStatus.PENDING.value,
            "next_attempt_at": now,
        }
        for message in await messages_of(session, event)
        for project_id, endpoint_id, wanted in endpoints
        if project_id == message.project_id and message.type in wanted
    ]
    if not rows:
        return 0
    # Sorted, so that two who hand over the same event wait for each other and not in a circle.
    rows.sort(key=lambda row: (row["endpoint_id"], row["type"]))
    written = await session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing().returning(WebhookDelivery.id))
    return len(written.all())
