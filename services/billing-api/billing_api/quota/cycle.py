"""The quota cycle of a moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.quota.models import QuotaCycle


async def open_cycle(session: AsyncSession, *, account_id: UUID, start: datetime, end: datetime, included: int | None) -> None:
    """Begin a cycle with nothing used: nothing rolls over (`rules.md` Q1). `included` null: unlimited.

    A cycle that another plan began at this very instant is taken over with what was used in it.
    """
    fresh = insert(QuotaCycle).values(account_id=account_id, starts_at=start, ends_at=end, included=included, used=0)
    taken_over = {"ends_at": fresh.excluded.ends_at, "included": fresh.excluded.included}
    await session.execute(fresh.on_conflict_do_update(index_elements=["account_id", "starts_at"], set_=taken_over))


async def read_cycle(session: AsyncSession, *, account_id: UUID, start: datetime) -> QuotaCycle:
    """The cycle that began then. Every period of a subscription has one."""
    query = select(QuotaCycle).where(QuotaCycle.account_id == account_id, QuotaCycle.starts_at == start)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()
