"""Codes expired unredeemed: the quota of the cycle they were generated in is free again."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from shared.contracts.quota import ReportExpired, ReservationState
from shared.errors import NotFoundError
from shared.inbox import first_time
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.base import inbox
from billing_api.quota.cycle import read_cycle
from billing_api.quota.errors import ExpiryExceedsBatchError
from billing_api.quota.models import QuotaReservation


async def free_expired(session: AsyncSession, *, account_id: UUID, expired: ReportExpired, now: datetime) -> None:
    """Count expired codes off (`rules.md` Q1; Q4: no fee is given back). Said twice, it counts once.

    Raises:
        NotFoundError: one of the batches has no reservation.
        ExpiryExceedsBatchError: more than one of them had.
    """
    await lock_account(session, account_id)
    if not await first_time(session, inbox, account_id=account_id, key=f"quota.expired:{expired.event_id}", now=now):
        return
    reservations = await _reservations(session, account_id, {one.batch_id for one in expired.batches})
    freed: defaultdict[datetime, int] = defaultdict(int)
    for one in expired.batches:
        reservation = reservations.get(one.batch_id)
        if reservation is None:
            raise NotFoundError("This batch has no reservation.")
        if reservation.expired + one.quantity > reservation.quantity:
            raise ExpiryExceedsBatchError
        reservation.expired += one.quantity
        if reservation.state != ReservationState.RELEASED:
            freed[reservation.cycle_start] += one.quantity
    for start, quantity in freed.items():
        cycle = await read_cycle(session, account_id=account_id, start=start)
        cycle.used -= quantity
    await session.flush()


async def _reservations(session: AsyncSession, account_id: UUID, batches: set[UUID]) -> dict[UUID, QuotaReservation]:
    query = select(QuotaReservation).where(QuotaReservation.account_id == account_id, QuotaReservation.batch_id.in_(batches))
    found = await session.scalars(query.execution_options(populate_existing=True))
    return {reservation.batch_id: reservation for reservation in found}
