"""The log: what was sent to an endpoint, when, and what it answered."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.paging import cut, newest_first
from codes_api.webhooks.find import get_endpoint
from codes_api.webhooks.models import DeliveryStatus, WebhookAttempt, WebhookDelivery

FORGOTTEN_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class LoggedDelivery:
    """A delivery with its tries, oldest first."""

    delivery: WebhookDelivery
    attempts: Sequence[WebhookAttempt]


async def log_of(session: AsyncSession, delivery: WebhookDelivery) -> LoggedDelivery:
    """A delivery with its tries."""
    (logged,) = await _with_attempts(session, [delivery])
    return logged


async def list_deliveries(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    endpoint_id: UUID,
    status: DeliveryStatus | None,
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[LoggedDelivery], str | None]:
    """One page, newest first.

    Raises:
        NotFoundError: no such endpoint in this project of this account.
        InvalidCursorError: the cursor is not of this list.
    """
    await get_endpoint(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id)
    query = select(WebhookDelivery).where(
        WebhookDelivery.account_id == account_id,
        WebhookDelivery.project_id == project_id,
        WebhookDelivery.endpoint_id == endpoint_id,
    )
    if status is not None:
        query = query.where(WebhookDelivery.status == status)
    found = (await session.execute(newest_first(query, WebhookDelivery.id, limit=limit, cursor=cursor))).scalars().all()
    rows, next_cursor = cut(found, limit=limit, id_of=lambda delivery: delivery.id)
    return await _with_attempts(session, rows), next_cursor


async def _with_attempts(session: AsyncSession, rows: Sequence[WebhookDelivery]) -> Sequence[LoggedDelivery]:
    """Deliveries of one endpoint, each with its tries."""
    if not rows:
        return []
    of_these = select(WebhookAttempt).where(
        WebhookAttempt.account_id == rows[0].account_id,
        WebhookAttempt.project_id == rows[0].project_id,
        WebhookAttempt.endpoint_id == rows[0].endpoint_id,
        WebhookAttempt.delivery_id.in_([row.id for row in rows]),
    )
    attempts = defaultdict(list)
    for attempt in (await session.execute(of_these.order_by(WebhookAttempt.number))).scalars():
        attempts[attempt.delivery_id].append(attempt)
    return [LoggedDelivery(row, attempts[row.id]) for row in rows]


async def forget_deliveries(session: AsyncSession, *, now: datetime, keep_days: int, limit: int = FORGOTTEN_AT_ONCE) -> int:
    """Delete deliveries older than `keep_days` (a setting, 30) that wait for nothing; returns how many, at most `limit`."""
    key = (WebhookDelivery.account_id, WebhookDelivery.project_id, WebhookDelivery.endpoint_id, WebhookDelivery.id)
    old = (
        select(*key)
        .where(WebhookDelivery.created_at < now - timedelta(days=keep_days), WebhookDelivery.status != DeliveryStatus.PENDING)
        .limit(limit)
    )
    gone = await session.execute(delete(WebhookDelivery).where(tuple_(*key).in_(old)).returning(WebhookDelivery.id))
    return len(gone.all())
