"""Put an account on a plan for a period that starts now: subscription row and quota cycle."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.plans.models import Plan
from billing_api.quota.cycle import open_cycle
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.periods import Period, period_containing
from billing_api.usage.rates import note_rate


async def new_subscription(session: AsyncSession, *, account_id: UUID, plan: Plan, now: datetime) -> Subscription:
    """The subscription of an account that is just being opened (`rules.md` B2)."""
    period = period_containing(now, plan.period.months, now)
    subscription = Subscription(account_id=account_id, anchor=now)
    _put(subscription, plan, period, invoice_id=None)
    session.add(subscription)
    await session.flush()
    await open_cycle(session, account_id=account_id, start=period.start, end=period.end, included=plan.limit_codes)
    await note_rate(session, account_id=account_id, plan=plan, since=now)
    return subscription


async def start_period(
    session: AsyncSession,
    subscription: Subscription,
    plan: Plan,
    *,
    anchor: datetime,
    at: datetime,
    invoice_id: UUID | None,
    rate_since: datetime | None = None,
) -> None:
    """Begin the period of `plan` that `at` lies in, counted from `anchor`, and its quota cycle with nothing used.

    Args:
        session: the caller holds the account's lock.
        subscription: is changed.
        plan: from now on.
        anchor: `at` itself for a new cycle, the old anchor where the cycle goes on.
        at: the period's first moment.
        invoice_id: the period's own invoice; None where it costs nothing.
        rate_since: from when the plan's fee rate holds, if not from `at`.
    """
    period = period_containing(anchor, plan.period.months, at)
    changed = (subscription.plan_owner_id, subscription.plan_code) != (plan.account_id, plan.code)
    subscription.anchor = anchor
    subscription.cancel_at_period_end = False
    _put(subscription, plan, period, invoice_id=invoice_id)
    await session.flush()
    await open_cycle(session, account_id=subscription.account_id, start=period.start, end=period.end, included=plan.limit_codes)
    if changed:
        await note_rate(session, account_id=subscription.account_id, plan=plan, since=rate_since or at)


async def read_subscription(session: AsyncSession, *, account_id: UUID) -> tuple[Subscription, Plan]:
    """An account's subscription and plan. Every account has one."""
    query = (
        select(Subscription, Plan)
        .join(Plan, (Plan.account_id == Subscription.plan_owner_id) & (Plan.code == Subscription.plan_code))
        .where(Subscription.account_id == account_id)
        .execution_options(populate_existing=True)
    )
    subscription, plan = (await session.execute(query)).one()
    return subscription, plan


def _put(subscription: Subscription, plan: Plan, period: Period, *, invoice_id: UUID | None) -> None:
    subscription.plan_owner_id, subscription.plan_code = plan.account_id, plan.code
    subscription.period_start, subscription.period_end = period.start, period.end
    subscription.next_turn_at = period.first_turn
    subscription.period_price = plan.price
    subscription.period_invoice_id = invoice_id
