"""Give back what was set aside for a batch that will not be (`rules.md` Q1)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.quota import ReservationState
from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.quota.cycle import read_cycle
from billing_api.quota.errors import ReservationFinalError
from billing_api.quota.models import QuotaReservation


async def release_quota(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> QuotaReservation:
    """Release a reservation because its batch failed; doing it again changes nothing.

    Raises:
        NotFoundError: the batch has no reservation.
        ReservationFinalError: its codes exist.
    """
    await lock_account(session, account_id)
    reservation = await session.get(QuotaReservation, (account_id, batch_id), populate_existing=True)
    if reservation is None:
        raise NotFoundError("This batch has no reservation.")
    if reservation.state == ReservationState.CONFIRMED:
        raise ReservationFinalError("The reservation was confirmed.")
    if reservation.state == ReservationState.RESERVED:
        await _give_back(session, reservation, now=now)
    reservation.lapsed = False
    await session.flush()
    return reservation


async def lapse_reservation(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> bool:
    """Release a reservation that nobody confirmed in time; whether there was one to release."""
    await lock_account(session, account_id)
    reservation = await session.get(QuotaReservation, (account_id, batch_id), populate_existing=True)
    if reservation is None or reservation.state != ReservationState.RESERVED or reservation.lapses_at > now:
        return False
    await _give_back(session, reservation, now=now)
    reservation.lapsed = True
    await session.flush()
    return True


async def _give_back(session: AsyncSession, reservation: QuotaReservation, *, now: datetime) -> None:
    cycle = await read_cycle(session, account_id=reservation.account_id, start=reservation.cycle_start)
    cycle.used -= reservation.quantity - reservation.expired
    reservation.state, reservation.settled_at = ReservationState.RELEASED, now
