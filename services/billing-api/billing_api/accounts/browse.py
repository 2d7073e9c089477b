"""Operators look at accounts."""

from collections.abc import Sequence
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account, AccountEmail
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
        wanted = select(AccountEmail.account_id).where(AccountEmail.email == email.strip().casefold())
        query = query.where(Account.account_id == wanted.scalar_subquery())
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
