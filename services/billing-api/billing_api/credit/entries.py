"""Read the ledger."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.credit.models import CreditEntry


async def list_credit_entries(
    session: AsyncSession, *, account_id: UUID, before: int | None, limit: int
) -> Sequence[CreditEntry]:
    """An account's entries, newest first, those before the number named."""
    query = select(CreditEntry).where(CreditEntry.account_id == account_id).order_by(CreditEntry.number.desc()).limit(limit)
    if before is not None:
        query = query.where(CreditEntry.number < before)
    return (await session.scalars(query)).all()
