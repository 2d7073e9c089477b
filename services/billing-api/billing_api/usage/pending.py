"""Fees that are real and not on an invoice yet."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from billing_api.usage.models import UsageItem


async def pending_fees(session: AsyncSession, *, account_id: UUID) -> int:
    """Their sum in cents."""
    pending = (UsageItem.account_id == account_id) & UsageItem.invoice_id.is_(None)
    return int(await session.scalar(select(func.coalesce(func.sum(UsageItem.amount), 0)).where(pending)) or 0)


async def pending_items(session: AsyncSession, *, account_id: UUID) -> list[UsageItem]:
    """Each of them, oldest first."""
    pending = (UsageItem.account_id == account_id) & UsageItem.invoice_id.is_(None)
    query = select(UsageItem).where(pending).options(joinedload(UsageItem.sale)).order_by(UsageItem.id)
    return list((await session.scalars(query)).all())
