"""The codes of a batch exist: what was set aside is used, and its fee becomes real (`rules.md` Q4)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.quota import ReservationState
from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.quota.cycle import read_cycle
from billing_api.quota.errors import ReservationFinalError
from billing_api.quota.models import QuotaReservation
from billing_api.usage.record import record_usage


async def confirm_quota(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> QuotaReservation:
    """Confirm a reservation; doing it again changes nothing.

    One that lapsed meanwhile is taken up again on the terms that were agreed: the codes exist, so they count, and the fee
    that the creator accepted is owed.

    Raises:
        NotFoundError: the batch has no reservation.
        ReservationFinalError: it was given back because the batch failed.
    """
    await lock_account(session, account_id)
    reservation = await session.get(QuotaReservation, (account_id, batch_id), populate_existing=True)
    if reservation is None:
        raise NotFoundError("This batch has no reservation.")
    if reservation.state == ReservationState.CONFIRMED:
        return reservation
    if reservation.state == ReservationState.RELEASED:
        if not reservation.lapsed:
            raise ReservationFinalError("The reservation was released.")
        cycle = await read_cycle(session, account_id=account_id, start=reservation.cycle_start)
        cycle.used += reservation.quantity - reservation.expired
    reservation.state, reservation.lapsed, reservation.settled_at = ReservationState.CONFIRMED, False, now
    await session.flush()
    await record_usage(session, reservation, now=now)
    return reservation
