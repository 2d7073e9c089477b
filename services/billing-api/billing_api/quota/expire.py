"""Unredeemed codes expired and were deleted: the quota of the cycle they were generated in is free again."""

from datetime import datetime
from uuid import UUID

from shared.contracts.quota import ReservationState
from shared.errors import NotFoundError
from shared.inbox import first_time
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.base import inbox
from billing_api.quota.cycle import read_cycle
from billing_api.quota.errors import ExpiryExceedsBatchError
from billing_api.quota.models import QuotaReservation


async def free_expired(
    session: AsyncSession, *, account_id: UUID, event_id: UUID, batch_id: UUID, quantity: int, now: datetime
) -> None:
    """Count expired codes off (`rules.md` Q1; Q4: no fee is given back). Said twice, it counts once.

    Raises:
        NotFoundError: the batch has no reservation.
        ExpiryExceedsBatchError: more than the batch had.
    """
    await lock_account(session, account_id)
    if not await first_time(session, inbox, account_id=account_id, key=f"quota.expired:{event_id}", now=now):
        return
    reservation = await session.get(QuotaReservation, (account_id, batch_id), populate_existing=True)
    if reservation is None:
        raise NotFoundError("This batch has no reservation.")
    if reservation.expired + quantity > reservation.quantity:
        raise ExpiryExceedsBatchError
    reservation.expired += quantity
    if reservation.state != ReservationState.RELEASED:
        cycle = await read_cycle(session, account_id=account_id, start=reservation.cycle_start)
        cycle.used -= quantity
    await session.flush()
