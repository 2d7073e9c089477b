"""billing-api confirmed a batch's reservation: its fee is a usage item now (`rules.md` Q4), and it may be delivered."""

from datetime import datetime
from uuid import UUID

from shared.contracts.batches import BatchStatus, DeliveryStatus
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.errors import BatchNotReadyError
from codes_api.codes.lock_batch import lock_batch


async def mark_billed(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> None:
    """Remember it; a second time changes nothing.

    Raises:
        NotFoundError: the account has no such batch.
        BatchNotReadyError: its codes do not exist.
    """
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.status != BatchStatus.READY:
        raise BatchNotReadyError
    if batch.billed_at is None:
        batch.billed_at = now
        batch.progressed_at = func.clock_timestamp()
        if batch.imported:  # the creator has the codes: there is nothing to bring them
            batch.delivered, batch.delivery, batch.delivered_at = batch.quantity, DeliveryStatus.DELIVERED.value, now
        await session.flush()
