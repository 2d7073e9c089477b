"""The turn of a billing cycle: the next period begins and the past one's fees are invoiced (`rules.md` B2, B9, B10)."""

from datetime import datetime
from uuid import UUID

from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.entitlements import bump_entitlements
from billing_api.accounts.keep_standing import keep_standing
from billing_api.accounts.models import Account
from billing_api.invoices.issue import LineDraft, issue_invoice
from billing_api.invoices.models import InvoicePurpose, InvoiceStatus, LineKind
from billing_api.payments.request import request_payment
from billing_api.plans.find import free_plan
from billing_api.plans.models import Plan
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.periods import next_turn_after, period_containing
from billing_api.subscriptions.start_period import read_subscription, start_period
from billing_api.usage.describe import describe
from billing_api.usage.models import UsageItem
from billing_api.usage.pending import pending_items


async def turn_account(session: AsyncSession, account: Account, *, now: datetime) -> int:
    """Make every turn that is due by now, oldest first; the caller holds the account's lock. Returns how many.

    None while the account is restricted; after it, a period that lapsed meanwhile starts anew at the recovery (D4).
    """
    turns = 0
    subscription, plan = await read_subscription(session, account_id=account.account_id)
    while True:
        locks_at = account.next_standing_at
        if locks_at is not None and not subscription.paused and locks_at <= min(subscription.next_turn_at, now):
            # A lock that due work has not come to yet forbids the turns after it all the same.
            await keep_standing(session, account, now=now)
        if subscription.paused or subscription.next_turn_at > now:
            return turns
        if subscription.restart_at is not None:
            plan = await _restart(session, account, subscription, plan, at=subscription.restart_at, now=now)
        elif subscription.next_turn_at < subscription.period_end:
            await _turn_month(session, account, subscription, now=now)
        else:
            plan = await _turn_period(session, account, subscription, plan, now=now)
        turns += 1


async def _turn_month(session: AsyncSession, account: Account, subscription: Subscription, *, now: datetime) -> None:
    """Within an annual period: the month's fees; no invoice where there are none."""
    at = subscription.next_turn_at
    subscription.next_turn_at = next_turn_after(subscription.anchor, at)
    items = await pending_items(session, account_id=account.account_id)
    if items:
        await _invoice(session, account, [_fee_line(item, at) for item in items], items, now=now)
    await session.flush()


async def _turn_period(session: AsyncSession, account: Account, subscription: Subscription, plan: Plan, *, now: datetime) -> Plan:
    """The period has ended: the same plan goes on, or `free` begins where it was cancelled."""
    at = subscription.period_end
    anchor = at if subscription.cancel_at_period_end else subscription.anchor
    return await _follow(session, account, subscription, plan, anchor=anchor, at=at, now=now)


async def _restart(
    session: AsyncSession, account: Account, subscription: Subscription, plan: Plan, *, at: datetime, now: datetime
) -> Plan:
    """The period lapsed while the account was restricted: another one begins where it recovered (D4)."""
    subscription.restart_at = None
    return await _follow(session, account, subscription, plan, anchor=at, at=at, now=now)


async def _follow(
    session: AsyncSession,
    account: Account,
    subscription: Subscription,
    plan: Plan,
    *,
    anchor: datetime,
    at: datetime,
    now: datetime,
) -> Plan:
    """Begin the next period; the plan it is of."""
    ends = subscription.cancel_at_period_end
    ended_at = subscription.period_end
    following = await free_plan(session) if ends else plan
    period = period_containing(anchor, following.period.months, at)
    items = await pending_items(session, account_id=account.account_id)
    plan_line = LineDraft(LineKind.PLAN, f"{following.name} ({following.code})", following.price, period.start, period.end)
    lines = [plan_line, *(_fee_line(item, at) for item in items)]
    invoice_id = await _invoice(session, account, lines, items, now=now)
    await start_period(session, subscription, following, anchor=anchor, at=at, invoice_id=invoice_id if following.price else None)
    if ends:
        subscription.expired_at = ended_at
        await bump_entitlements(session, account, now=now)
    await session.flush()
    return following


async def _invoice(
    session: AsyncSession, account: Account, lines: list[LineDraft], items: list[UsageItem], *, now: datetime
) -> UUID:
    invoice = await issue_invoice(
        session, account, invoice_id=new_id(), purpose=InvoicePurpose.CYCLE, lines=lines, plan=None, now=now
    )
    for item in items:
        item.invoice_id = invoice.id
    await session.flush()
    if invoice.status == InvoiceStatus.OPEN:
        await request_payment(session, account, invoice, now=now)
    return invoice.id


def _fee_line(item: UsageItem, at: datetime) -> LineDraft:
    return LineDraft(LineKind.USAGE_FEE, describe(item), item.amount, item.occurred_at, at, item.id)
