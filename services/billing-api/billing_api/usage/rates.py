"""Which fee rate an account had when (`rules.md` B6): a sale is charged by the rate of its own moment, however late it comes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.plans.models import Plan
from billing_api.usage.models import FeeRate


async def note_rate(session: AsyncSession, *, account_id: UUID, plan: Plan, since: datetime) -> None:
    """The account is on `plan` from this moment on. The caller holds the account's lock."""
    fresh = insert(FeeRate).values(account_id=account_id, since=since, plan_code=plan.code, fee_rate=plan.fee_rate)
    taken_over = {"plan_code": fresh.excluded.plan_code, "fee_rate": fresh.excluded.fee_rate}
    await session.execute(fresh.on_conflict_do_update(index_elements=["account_id", "since"], set_=taken_over))


async def rate_at(session: AsyncSession, *, account_id: UUID, at: datetime) -> FeeRate:
    """The rate that held at a moment of the account's life."""
    query = select(FeeRate).where(FeeRate.account_id == account_id, FeeRate.since <= at).order_by(FeeRate.since.desc()).limit(1)
    return (await session.scalars(query)).one()
