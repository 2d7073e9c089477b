"""The right to deliver a batch: a lease that one deliverer holds at a time, and how far it came.

Leases are real time by the database's clock. `delivered` counts positions from the batch's first: it never goes down, so
that a retry starts behind what went out. Positions whose code was revoked or has expired are passed over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from shared.contracts.batches import BatchStatus, DeliveryMethod, DeliveryStatus
from shared.errors import FieldError
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.delivery_errors import (
    DeliveryDoneError,
    DeliveryLeasedError,
    DeliveryLeaseLostError,
    DeliveryWaitingError,
)
from codes_api.codes.delivery_record import record_sent
from codes_api.codes.lock_batch import lock_batch
from codes_api.codes.models import AccessCode, Batch
from codes_api.memberships.models import MembershipPlan
from codes_api.projects.find import get_bot
from codes_api.projects.models import Bot

DOCUMENT_FROM: Final = 25
"""`rules.md` T2: batches under 25 as messages, else one CSV."""


@dataclass(frozen=True)
class Claimed:
    """What a deliverer may send now."""

    lease: UUID
    batch: Batch
    bot: Bot
    chat_id: int
    plan: MembershipPlan
    method: DeliveryMethod
    codes: list[tuple[int, str]]


def method_of(batch: Batch) -> DeliveryMethod:
    """How a batch of this size goes out (`rules.md` T2)."""
    return DeliveryMethod.MESSAGES if batch.quantity < DOCUMENT_FROM else DeliveryMethod.DOCUMENT


async def claim_delivery(
    session: AsyncSession, *, account_id: UUID, batch_id: UUID, lease_seconds: int, now: datetime
) -> Claimed | None:
    """Take the lease and learn what is still to be sent. None: nothing is, and the batch was closed with that.

    Args:
        lease_seconds: real seconds until somebody else may take over, from the last report on.

    Raises:
        NotFoundError: the account has no such batch.
        DeliveryDoneError, DeliveryWaitingError.
        DeliveryLeasedError: somebody else's lease still runs.
    """
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.delivery == DeliveryStatus.DELIVERED:
        raise DeliveryDoneError
    if batch.status != BatchStatus.READY or batch.billed_at is None:
        raise DeliveryWaitingError("The batch is not generated and billed yet.")
    bot = await get_bot(session, account_id=account_id, project_id=batch.project_id)
    if bot is None or bot.owner_chat_id is None:
        raise DeliveryWaitingError("The creator has not linked a chat yet.")
    real_now = await _real_now(session)
    if batch.leased_until is not None and batch.leased_until > real_now:
        raise DeliveryLeasedError(_whole_seconds(batch.leased_until - real_now))
    batch.progressed_at = real_now
    codes = await sendable(session, batch, since=batch.delivered, now=now)
    if not codes:
        _close(batch, now)
        await session.flush()
        return None
    lease = uuid4()
    batch.lease = lease
    batch.leased_until = real_now + timedelta(seconds=lease_seconds)
    batch.delivery = DeliveryStatus.SENDING.value
    await session.flush()
    plan = await session.get_one(MembershipPlan, (account_id, batch.project_id, batch.plan_id))
    return Claimed(lease, batch, bot, bot.owner_chat_id, plan, method_of(batch), codes)


async def report_delivery(
    session: AsyncSession,
    *,
    account_id: UUID,
    batch_id: UUID,
    lease: UUID,
    delivered: int,
    message_ids: list[int],
    lease_seconds: int,
    now: datetime,
) -> None:
    """So far it came: keeps what went out, renews the lease, closes the batch when nothing is left to send.

    Safe to repeat, also the last report: a lease that closed its batch stays known.

    Args:
        delivered: positions from the batch's first that are out; a lower number than before changes nothing.
        message_ids: Telegram's ids of what was sent since the last report.

    Raises:
        NotFoundError: the account has no such batch.
        DeliveryLeaseLostError: somebody else delivers now, or the lease was given back.
        FieldError: more delivered than the batch has.
    """
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.lease != lease:
        raise DeliveryLeaseLostError
    if batch.delivery == DeliveryStatus.DELIVERED:
        return
    if batch.leased_until is None:
        raise DeliveryLeaseLostError
    await _advance(session, batch, delivered=delivered, message_ids=message_ids, now=now)
    real_now = await _real_now(session)
    batch.progressed_at = real_now
    if batch.delivery != DeliveryStatus.DELIVERED:
        batch.leased_until = real_now + timedelta(seconds=lease_seconds)
    await session.flush()


async def release_delivery(
    session: AsyncSession,
    *,
    account_id: UUID,
    batch_id: UUID,
    lease: UUID,
    delivered: int,
    message_ids: list[int],
    now: datetime,
) -> None:
    """Give the lease back before the batch is out, with a last word on how far it came. Safe to repeat.

    Raises:
        NotFoundError: the account has no such batch.
        DeliveryLeaseLostError: somebody else delivers now.
        FieldError: more delivered than the batch has.
    """
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.lease != lease:
        raise DeliveryLeaseLostError
    if batch.leased_until is None:
        return
    await _advance(session, batch, delivered=delivered, message_ids=message_ids, now=now)
    batch.leased_until = None
    batch.progressed_at = await _real_now(session)
    await session.flush()


async def sendable(session: AsyncSession, batch: Batch, *, since: int, now: datetime) -> list[tuple[int, str]]:
    """Positions and codes from `since` on that are worth sending: neither revoked nor expired."""
    query = (
        select(AccessCode.position, AccessCode.code)
        .where(
            AccessCode.account_id == batch.account_id,
            AccessCode.project_id == batch.project_id,
            AccessCode.batch_id == batch.id,
            AccessCode.position >= since,
            AccessCode.revoked_at.is_(None),
            or_(AccessCode.redeemed_at.is_not(None), AccessCode.expires_at.is_(None), AccessCode.expires_at > now),
        )
        .order_by(AccessCode.position)
    )
    return list(await session.execute(query))


async def _advance(session: AsyncSession, batch: Batch, *, delivered: int, message_ids: list[int], now: datetime) -> None:
    if delivered > batch.quantity:
        raise FieldError("delivered", f"The batch has {batch.quantity} codes.")
    left = await sendable(session, batch, since=batch.delivered, now=now)
    if delivered > batch.delivered:
        sent = [position for position, _ in left if position < delivered]
        await record_sent(session, batch, method_of(batch), positions=sent, until=delivered, message_ids=message_ids, now=now)
        batch.delivered = delivered
    if all(position < batch.delivered for position, _ in left):
        _close(batch, now)


def _close(batch: Batch, now: datetime) -> None:
    """Nothing is left to send. The lease's name stays, so that its last report can be repeated."""
    batch.delivered = batch.quantity
    batch.delivery = DeliveryStatus.DELIVERED.value
    batch.delivered_at = now
    batch.leased_until = None


async def _real_now(session: AsyncSession) -> datetime:
    """The database's clock, asked after the lock is held."""
    moment: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return moment


def _whole_seconds(span: timedelta) -> int:
    return max(1, -(-span // timedelta(seconds=1)))
