"""Read usage items."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from billing_api.usage.models import UsageItem


async def list_usage_items(
    session: AsyncSession, *, account_id: UUID, pending: bool | None, before: UUID | None, limit: int
) -> Sequence[UsageItem]:
    """An account's fees with their sales, newest first, those before the one named. `pending`: only those that wait for an
    invoice, or only those that do not.
    """
    query = select(UsageItem).where(UsageItem.account_id == account_id)
    if pending is not None:
        query = query.where(UsageItem.invoice_id.is_(None) if pending else UsageItem.invoice_id.is_not(None))
    if before is not None:
        query = query.where(UsageItem.id < before)
    query = query.options(joinedload(UsageItem.sale)).order_by(UsageItem.id.desc()).limit(limit)
    return (await session.scalars(query)).all()
