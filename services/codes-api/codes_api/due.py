"""What is due in codes-api: codes that expire, memberships that end, members to be reminded of it, webhooks to be sent,
memories to be forgotten."""

from datetime import datetime

from shared.contracts.due import DueRun
from shared.db import Database
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.expire import expire_codes, forget_tombstones
from codes_api.codes.models import UNSWEPT, Batch
from codes_api.codes.refuse import forget_attempts
from codes_api.memberships.end import end_memberships
from codes_api.memberships.models import Membership, MembershipStatus
from codes_api.memberships.remind import next_reminder, remind_members
from codes_api.webhooks.deliveries import forget_deliveries
from codes_api.webhooks.models import DeliveryStatus, WebhookDelivery
from codes_api.webhooks.sender import Sender


async def next_due(session: AsyncSession, *, remind_days: int) -> datetime | None:
    """When the next code expires, membership ends, member is to be reminded or webhook is to be sent; None: nothing is
    planned. Reads the first entries of four indexes."""
    code = select(func.min(Batch.expires_at)).where(text(UNSWEPT)).scalar_subquery()
    membership = (
        select(func.min(Membership.ends_at))
        .where(Membership.status == MembershipStatus.ACTIVE, Membership.ends_at.is_not(None))
        .scalar_subquery()
    )
    webhook = (
        select(func.min(WebhookDelivery.next_attempt_at))
        .where(WebhookDelivery.status == DeliveryStatus.PENDING)
        .scalar_subquery()
    )
    reminder = next_reminder(remind_days)
    moment: datetime | None = (await session.execute(select(func.least(code, membership, reminder, webhook)))).scalar_one()
    return moment


async def run_due(
    database: Database,
    *,
    now: datetime,
    tombstone_days: int,
    refused_attempt_days: int,
    remind_days: int,
    webhook_log_days: int,
    webhooks: Sender | None = None,
    webhook_patience_s: float = 0,
) -> DueRun:
    """Do a bounded piece of what is due at `now`. Each kind of work is a transaction of its own; doing it twice is safe.

    Args:
        webhooks: sends what is due beside everything else.
        webhook_patience_s: see `Sender.run_due`; only a run that has nothing else to do waits, so that no sweep does.
    """
    async with database.transaction() as session:
        done = await expire_codes(session, now=now)
    async with database.transaction() as session:
        done += await end_memberships(session, now=now)
    async with database.transaction() as session:
        done += await remind_members(session, now=now, days_before=remind_days)
    async with database.transaction() as session:
        await forget_tombstones(session, now=now, keep_days=tombstone_days)
        await forget_attempts(session, now=now, keep_days=refused_attempt_days)
        await forget_deliveries(session, now=now, keep_days=webhook_log_days)
    if webhooks is not None:
        done += await webhooks.run_due(patience_s=0 if done else webhook_patience_s)
    async with database.transaction() as session:
        return DueRun(done=done, next_due_at=await next_due(session, remind_days=remind_days))
