"""Writes down how a try went, and what follows from it."""

from datetime import datetime
from http import HTTPStatus

from shared.errors import NotFoundError
from shared.logging import get_logger
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.webhooks.claim import Claimed
from codes_api.webhooks.courier import Outcome
from codes_api.webhooks.disable import disable
from codes_api.webhooks.find import get_endpoint
from codes_api.webhooks.models import DeliveryStatus, DisabledReason, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from codes_api.webhooks.schedule import GIVE_UP_AFTER, next_try

log = get_logger(__name__)


async def record(session: AsyncSession, *, claimed: Claimed, outcome: Outcome | None, tried_at: datetime) -> None:
    """Keep the try and let its claim go. A success ends the delivery; a failure plans the next try, or gives up after
    three days. An endpoint that accepted nothing in that time, or answered 410, is disabled and its creator told.

    Args:
        outcome: None: nothing was sent, because the endpoint was disabled by then.
        tried_at: domain time at which the try began.
    """
    endpoint = await _endpoint(session, claimed)
    delivery = None if endpoint is None else await _delivery(session, claimed)
    if endpoint is None or delivery is None:
        # Deleted meanwhile; or the lease ran out, and whoever claimed it then will tell how that went.
        log.info("webhook_claim_lost", delivery_id=str(claimed.id), endpoint_id=str(claimed.endpoint_id))
        return
    delivery.claim = delivery.claimed_until = None
    if outcome is None:
        _end(delivery, DeliveryStatus.FAILED)
        return
    delivery.attempts += 1
    delivery.tries += 1
    delivery.tried_since = delivery.tried_since or tried_at
    await session.flush()
    session.add(
        WebhookAttempt(
            account_id=claimed.account_id,
            project_id=claimed.project_id,
            endpoint_id=claimed.endpoint_id,
            delivery_id=claimed.id,
            number=delivery.attempts,
            attempted_at=tried_at,
            status_code=outcome.status_code,
            duration_ms=outcome.duration_ms,
            error=outcome.error,
        )
    )
    if outcome.error is None:
        endpoint.failing_since = None
        _end(delivery, DeliveryStatus.DELIVERED, tried_at)
    else:
        await _failed(session, endpoint, delivery, outcome, tried_at, delivery.tried_since)


async def _failed(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    outcome: Outcome,
    tried_at: datetime,
    tried_since: datetime,
) -> None:
    endpoint.failing_since = endpoint.failing_since or tried_at
    again = next_try(tried_since=tried_since, tried_at=tried_at, tries=delivery.tries)
    gone = outcome.status_code == HTTPStatus.GONE
    if again is None or gone or not endpoint.enabled:
        _end(delivery, DeliveryStatus.FAILED)
    elif delivery.status == DeliveryStatus.PENDING:
        delivery.next_attempt_at = again
    if endpoint.enabled and gone:
        await disable(session, endpoint=endpoint, reason=DisabledReason.GONE, now=tried_at)
    elif endpoint.enabled and again is None and endpoint.failing_since <= tried_at - GIVE_UP_AFTER:
        # Others that were accepted meanwhile would have ended the failing: then only this message is given up.
        await disable(session, endpoint=endpoint, reason=DisabledReason.FAILING, now=tried_at)


def _end(delivery: WebhookDelivery, status: DeliveryStatus, delivered_at: datetime | None = None) -> None:
    delivery.status = status.value
    delivery.next_attempt_at = None
    delivery.delivered_at = delivered_at


async def _endpoint(session: AsyncSession, claimed: Claimed) -> WebhookEndpoint | None:
    try:
        return await get_endpoint(
            session,
            account_id=claimed.account_id,
            project_id=claimed.project_id,
            endpoint_id=claimed.endpoint_id,
            lock=True,
        )
    except NotFoundError:
        return None


async def _delivery(session: AsyncSession, claimed: Claimed) -> WebhookDelivery | None:
    query = (
        select(WebhookDelivery)
        .where(
            WebhookDelivery.account_id == claimed.account_id,
            WebhookDelivery.project_id == claimed.project_id,
            WebhookDelivery.endpoint_id == claimed.endpoint_id,
            WebhookDelivery.id == claimed.id,
            WebhookDelivery.claim == claimed.claim,
        )
        .with_for_update()
    )
    return (await session.execute(query)).scalar_one_or_none()
