"""An endpoint is switched off: by its creator, or because it has accepted nothing for too long."""

from datetime import datetime

from shared.contracts.base import Json
from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.logging import get_logger
from shared.outbox import stage
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.webhooks.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint

log = get_logger(__name__)


async def disable(session: AsyncSession, *, endpoint: WebhookEndpoint, reason: DisabledReason, now: datetime) -> None:
    """Switch the endpoint off and give up what waits for it. The creator is told by their bot if it was not they.

    Args:
        endpoint: enabled, and locked by the caller, so that this happens (and is told) once.
    """
    endpoint.enabled = False
    endpoint.disabled_at = now
    endpoint.disabled_reason = reason.value
    await session.flush()
    # Claims stay: what is under way at this moment may still be accepted, and is then recorded so.
    await session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.account_id == endpoint.account_id,
            WebhookDelivery.project_id == endpoint.project_id,
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.status == DeliveryStatus.PENDING,
        )
        .values(status=DeliveryStatus.FAILED.value, next_attempt_at=None)
    )
    log.info("webhook_disabled", endpoint_id=str(endpoint.id), reason=reason)
    if reason is not DisabledReason.CREATOR:
        params: Json = {"endpoint_id": str(endpoint.id), "reason": reason.value}
        notice: Json = {"project_id": str(endpoint.project_id), "kind": NoticeKind.WEBHOOK_DISABLED.value, "params": params}
        await stage(session, outbox, EventType.CREATOR_NOTICE, account_id=endpoint.account_id, payload=notice, now=now)
