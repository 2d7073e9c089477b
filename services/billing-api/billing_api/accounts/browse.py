"""Operators look at accounts."""

from collections.abc import Sequence
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account, StandingChange
from billing_api.subscriptions.models import Subscription

AccountAndPlan = tuple[Account, str]


async def list_accounts(session: AsyncSession, *, email: str | None, before: UUID | None, limit: int) -> Sequence[AccountAndPlan]:
    """Accounts with the code of their plan, newest first, those opened before the one named."""
    query = (
        select(Account, Subscription.plan_code)
        .join(Subscription, Subscription.account_id == Account.account_id)
        .order_by(Account.account_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Account.account_id < before)
    if email is not None:
        query = query.where(func.lower(Account.email) == func.lower(email.strip()))
    return [(account, plan) for account, plan in await session.execute(query)]


async def find_account(session: AsyncSession, *, account_id: UUID) -> AccountAndPlan:
    """One account with the code of its plan.

    Raises:
        NotFoundError: there is none.
    """
    query = select(Account, Subscription.plan_code).join(Subscription, Subscription.account_id == Account.account_id)
    found = (await session.execute(query.where(Account.account_id == account_id))).one_or_none()
    if found is None:
        raise NotFoundError("There is no such account.")
    return found[0], found[1]


async def list_standing_changes(
    session: AsyncSession, *, account_id: UUID, before: int | None, limit: int
) -> Sequence[StandingChange]:
    """How an account's standing went, newest step first, those before the number named."""
    query = select(StandingChange).where(StandingChange.account_id == account_id)
    if before is not None:
        query = query.where(StandingChange.number < before)
    return (await session.scalars(query.order_by(StandingChange.number.desc()).limit(limit))).all()
