"""The quota cycle of a moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.quota.models import QuotaCycle


async def open_cycle(session: AsyncSession, *, account_id: UUID, start: datetime, end: datetime, included: int | None) -> None:
    """Begin a cycle with nothing used: nothing rolls over (`rules.md` Q1). `included` null: unlimited.

    A cycle that another plan began at this very instant is taken over with what was used in it.
    """
    cycle = await session.get(QuotaCycle, (account_id, start))
    if cycle is None:
        session.add(QuotaCycle(account_id=account_id, starts_at=start, ends_at=end, included=included, used=0))
    else:
        cycle.ends_at, cycle.included = end, included
    await session.flush()


async def read_cycle(session: AsyncSession, *, account_id: UUID, start: datetime) -> QuotaCycle:
    """The cycle that began then. Every period of a subscription has one."""
    query = select(QuotaCycle).where(QuotaCycle.account_id == account_id, QuotaCycle.starts_at == start)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()
