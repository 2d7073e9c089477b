"""What an account may do, as a versioned snapshot for the other services."""

from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Entitlements, Standing
from shared.contracts.events import EventType
from shared.errors import NotFoundError
from shared.outbox import stage
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.base import outbox
from billing_api.plans.models import Plan
from billing_api.subscriptions.models import Subscription


async def read_entitlements(session: AsyncSession, *, account_id: UUID, now: datetime) -> Entitlements:
    """The account's present snapshot.

    Raises:
        NotFoundError: there is no such account.
    """
    query = (
        select(Account, Plan)
        .join(Subscription, Subscription.account_id == Account.account_id)
        .join(Plan, (Plan.account_id == Subscription.plan_owner_id) & (Plan.code == Subscription.plan_code))
        .where(Account.account_id == account_id)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFoundError("There is no such account.")
    return snapshot(found[0], found[1], now=now)


def snapshot(account: Account, plan: Plan, *, now: datetime) -> Entitlements:
    """An account and its plan as the others see them."""
    return Entitlements(
        account_id=account.account_id,
        version=account.entitlements_version,
        plan=plan.code,
        standing=Standing(account.standing),
        limits=plan.limits,
        branding=plan.shown_branding,
        as_of=now,
    )


async def bump_entitlements(session: AsyncSession, account: Account, *, now: datetime) -> None:
    """Say that plan, standing or limits changed; to be called in the transaction that changes them, under the lock."""
    account.entitlements_version += 1
    await session.flush()
    await announce_entitlements(session, account, now=now)


async def announce_entitlements(session: AsyncSession, account: Account, *, now: datetime) -> None:
    """Stage the event that makes the others fetch the snapshot."""
    await stage(
        session,
        outbox,
        EventType.ENTITLEMENTS_CHANGED,
        account_id=account.account_id,
        payload={"version": account.entitlements_version},
        now=now,
    )
