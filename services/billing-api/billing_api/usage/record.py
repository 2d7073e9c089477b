"""A batch's fee becomes a usage item."""

from datetime import datetime

from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.quota.models import QuotaReservation
from billing_api.usage.models import UsageItem


async def record_usage(session: AsyncSession, reservation: QuotaReservation, *, now: datetime) -> None:
    """Write the fee down, once a batch, at the rate that was agreed (`rules.md` Q4, B6); nothing where there is no fee."""
    if reservation.fee == 0:
        return
    session.add(
        UsageItem(
            account_id=reservation.account_id,
            id=new_id(),
            batch_id=reservation.batch_id,
            quantity=reservation.overage,
            fee_rate=reservation.fee_rate,
            amount=reservation.fee,
            occurred_at=now,
        )
    )
    await session.flush()
